import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { desiredCountAt, isRunning, living, reservationUseAt } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { listParameter, parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { capacityLeft } from "../room.ts";
import { type Call, pathParameter, requireOne, requireOrganization, requireProject } from "../route.ts";
import type { Image, InstanceGroup, Reservation, Template } from "../state.ts";
import { sizeText } from "./storage.ts";

export function listVmTypes(call: Call): Answer {
  requireProject(call);
  return listOf(
    call,
    call.organization.vmTypes.map((type) => ({
      cpu_cores: type.cpuCores,
      cpu_type: type.cpuType,
      description: type.description,
      disk_gb: type.diskGb,
      disk_type: type.diskType,
      gpu_type: type.gpuType,
      memory_gb: type.memoryGb,
      memory_type: type.memoryType,
      num_gpu: type.numGpu,
      product_name: type.productName,
    })),
  );
}

export const listImages = (call: Call): Answer => {
  const group = parameter(call.query, "product_group");
  const images = providerImages(call).filter(({ productGroup }) => !group || productGroup === group);
  return listOf(call, images.map(imageBody));
};

export const getImage = (call: Call): Answer =>
  json(shaped(call, imageBody(requireOne(call, providerImages(call), "image_id"))));

const providerImages = ({ organization, at }: Call): Image[] =>
  living(organization.images, at).filter(({ projectId }) => projectId === null);

export function listCustomImages(call: Call): Answer {
  const project = requireProject(call);
  const images = living(call.organization.images, call.at).filter(
    ({ projectId }) => projectId === project.id,
  );
  return listOf(call, images.map(imageBody));
}

const imageBody = (image: Image) => ({
  created_at: isoOf(image.createdAt),
  description: image.description,
  id: image.id,
  locations: image.locations,
  name: image.name,
  tags: image.tags,
});

export const listTemplates = (call: Call): Answer => listOf(call, templatesOfProject(call).map(templateBody));

export const getTemplate = (call: Call): Answer =>
  json(shaped(call, templateBody(requireOne(call, templatesOfProject(call), "instance_template_id"))));

function templatesOfProject(call: Call): Template[] {
  const project = requireProject(call);
  return living(call.organization.templates, call.at).filter(({ projectId }) => projectId === project.id);
}

const templateBody = (template: Template) => ({
  created_at: isoOf(template.createdAt),
  disks: template.disks.map(({ type, sizeGib }) => ({ size: sizeText(sizeGib), type })),
  ib_partition_id: "",
  id: template.id,
  image_name: template.imageName,
  location: template.location,
  maintenance_policy: "unspecified",
  name: template.name,
  placement_policy: "unspecified",
  project_id: template.projectId,
  public_ip_address_type: "dynamic",
  reservation_id: template.reservationId,
  shutdown_script: template.shutdownScript,
  ssh_public_key: template.sshPublicKey,
  startup_script: template.startupScript,
  subnet_id: template.subnetId,
  transport_partition_id: "",
  type: template.type,
  virtualization_features: { nested_virtualization: false },
});

export const listInstanceGroups = (call: Call): Answer =>
  listOf(
    call,
    groupsOfProject(call).map((group) => groupBody(group, call)),
  );

export const getInstanceGroup = (call: Call): Answer =>
  json(shaped(call, groupBody(requireOne(call, groupsOfProject(call), "instance_group_id"), call)));

function groupsOfProject(call: Call): InstanceGroup[] {
  const project = requireProject(call);
  return living(call.organization.groups, call.at).filter(({ projectId }) => projectId === project.id);
}

function groupBody(group: InstanceGroup, { at, derived }: Call) {
  const vms = living(derived.inventory.vmsByGroup.get(group.id) ?? [], at);
  const active = vms.filter((vm) => isRunning(vm, at));
  return {
    active_instances: active.map(({ id }) => id),
    created_at: isoOf(group.createdAt),
    desired_count: desiredCountAt(group, at),
    id: group.id,
    inactive_instances: vms.filter((vm) => !active.includes(vm)).map(({ id }) => id),
    instances: vms.map(({ id }) => id),
    name: group.name,
    project_id: group.projectId,
    running_instance_count: active.length,
    state: "HEALTHY",
    template_id: group.templateId,
    updated_at: isoOf(group.desiredCounts.findLast(({ from }) => from <= at)?.from ?? group.createdAt),
  };
}

export function listCapacities(call: Call): Answer {
  const types = listParameter(call.query, "product_name") ?? [];
  const locations = listParameter(call.query, "location") ?? [];
  const capacities = call.organization.capacities.filter(
    ({ type, location }) =>
      (types.length === 0 || types.includes(type)) &&
      (locations.length === 0 || locations.includes(location)),
  );
  return listOf(
    call,
    capacities.map((offer) => ({
      location: offer.location,
      quantity: Math.max(0, capacityLeft(call, offer, call.at)),
      type: offer.type,
    })),
  );
}

export const listLocations = (call: Call): Answer => json({ items: call.organization.locations });

export function listReservations(call: Call): Answer {
  requireOrganization(call);
  const status = parameter(call.query, "status");
  if (status && !["active", "expired"].includes(status))
    throw new Refusal(400, "status is active or expired");
  const reservations = knownReservations(call).filter(
    ({ contract }) =>
      !status || (status === "active") === (contract.from <= call.at && call.at < contract.to),
  );
  return listOf(
    call,
    reservations.map((reservation) => reservationBody(reservation, call)),
  );
}

/** A list of one: that is how the API answers it. */
export function getReservation(call: Call): Answer {
  requireOrganization(call);
  const id = pathParameter(call, "reservation_id");
  const found = knownReservations(call).filter((reservation) => reservation.id === id);
  if (found.length === 0) throw new Refusal(404, "no such reservation");
  return json({ items: found.map((reservation) => shaped(call, reservationBody(reservation, call))) });
}

const knownReservations = ({ organization, at }: Call): Reservation[] =>
  organization.reservations.filter(({ contract, deliveredAt }) => Math.min(contract.from, deliveredAt) <= at);

function reservationBody(reservation: Reservation, { at, derived }: Call) {
  const { contract } = reservation;
  const { vms, usedQuantity } = reservationUseAt(reservation, at, derived.inventory);
  return {
    contract_end_date: isoOf(contract.to),
    contract_start_date: isoOf(contract.from),
    date_delivered: isoOf(reservation.deliveredAt),
    delivery_deadline: isoOf(contract.from),
    // In years, as the contract counts.
    duration: Math.round(((contract.to - contract.from) / (365 * 86_400)) * 100) / 100,
    id: reservation.id,
    locations: reservation.locations,
    price: reservation.price,
    product_line: reservation.productLine,
    projects: reservation.projectIds,
    quantity: reservation.quantity,
    reservation_type: reservation.reservationType,
    used_quantity: usedQuantity,
    vm_ids: vms.map(({ id }) => id),
  };
}
