import { z } from "zod";
import {
  body,
  hostName,
  label,
  listOf,
  oneOf,
  optionalObject,
  optionalText,
  requiredListOf,
  size,
  sshPublicKey,
  text,
  wholeNumber,
} from "../fields.ts";

/** The bodies that operations on VMs, templates and groups take. */

const diskAttachment = z.object({
  attachment_type: oneOf(["os", "data"]),
  disk_id: text(),
  mode: oneOf(["read-only", "read-write"]),
});

const hostChannelAdapter = z.object({ ib_partition_id: optionalText() });

const publicIpType = z
  .union([z.literal(["static", "dynamic", ""]), z.null()], "is neither static nor dynamic")
  .optional()
  .transform((type) => type || null);

const networkInterface = z.object({
  subnet: optionalText(),
  ips: listOf(z.object({ public_ipv4: optionalObject({ type: publicIpType }) })),
});

const reservationSpecification = optionalObject({
  id: z.string("is not a text").nullish(),
  selection_strategy: z
    .union([z.literal(["lowest_cost", "on_demand", ""]), z.null()], "is neither lowest_cost nor on_demand")
    .optional(),
});

const policyWord = z
  .union(
    [z.literal(["manual", "stop-vm", "unspecified", ""]), z.null()],
    "is none of manual, stop-vm, unspecified",
  )
  .optional();

const maintenancePolicy = policyWord.transform((policy) => policy || "unspecified");

const script = optionalText(1 << 16);

export const newVm = body({
  name: hostName,
  type: text(),
  location: optionalText(),
  image: optionalText(),
  custom_image: optionalText(),
  ssh_public_key: sshPublicKey,
  startup_script: script,
  shutdown_script: script,
  disks: listOf(diskAttachment),
  host_channel_adapters: listOf(hostChannelAdapter),
  network_interfaces: listOf(networkInterface, 8),
  reservation_specification: reservationSpecification,
  maintenance_policy: maintenancePolicy,
});

export const vmChange = body({
  action: oneOf(["START", "STOP", "RESET", "RESERVE", "UNRESERVE", "UPDATE"]),
  reservation_id: optionalText(),
  type: optionalText(),
  network_interfaces: listOf(networkInterface, 8),
  maintenance_policy: policyWord,
});

export const disksToAttach = body({ attach_disks: requiredListOf(diskAttachment) });
export const disksToDetach = body({ detach_disks: requiredListOf(text()) });

const templateFields = {
  type: text(),
  location: optionalText(),
  image_name: optionalText(),
  custom_image_name: optionalText(),
  subnet_id: optionalText(),
  reservation_id: optionalText(),
  ib_partition_id: optionalText(),
  public_ip_address_type: publicIpType,
  maintenance_policy: maintenancePolicy,
  placement_policy: z
    .union([z.literal(["spread", "unspecified", ""]), z.null()], "is neither spread nor unspecified")
    .optional()
    .transform((policy) => policy || "unspecified"),
  disks: listOf(z.object({ size, type: oneOf(["persistent-ssd", "shared-volume"]) }), 32),
  ssh_public_key: sshPublicKey,
  startup_script: script,
  shutdown_script: script,
};

export const newTemplate = body({ template_name: label, ...templateFields });

/** The most VMs that one request makes. */
export const mostVmsAtOnce = 1000;

export const newVms = body({
  count: wholeNumber(1, mostVmsAtOnce),
  name_prefix: hostName,
  instance_template_id: optionalText(),
  instance_template: z
    .object({ template_name: optionalText(), ...templateFields }, "is not an object")
    .nullish(),
  instance_group_id: optionalText(),
  locations: listOf(
    z.object({ location: text(), subnet_id: optionalText(), ib_partition_id: optionalText() }),
    16,
  ),
  reservation_specification: reservationSpecification,
});

export const newGroup = body({
  name: hostName,
  template_id: text(),
  // The seed has none yet: a group of it keeps as many as are put into it.
  desired_count: wholeNumber(0, mostVmsAtOnce).nullish(),
});

export const groupChange = body({
  name: hostName.or(z.literal("")).nullish(),
  template_id: optionalText(),
  desired_count: z
    .object({ value: wholeNumber(0, mostVmsAtOnce).nullish() }, "is not an object with a value")
    .nullish(),
});

export const newCustomImage = body({
  DiskID: text(),
  name: label,
  description: optionalText(),
  tags: listOf(z.string("is not a text")),
});
