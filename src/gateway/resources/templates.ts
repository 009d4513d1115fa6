import type { z } from "zod";
import { type Answer, json, nothing } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { isLiving, living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody, requireOne, requireProject, requireWritableProject } from "../route.ts";
import type { Project, Subnet, Template } from "../state.ts";
import { requireImage, requireLocation, requireType } from "../vm-orders.ts";
import { newId, requireFreeName } from "../writing.ts";
import { sizeText } from "./storage.ts";
import { newTemplate } from "./vm-schemas.ts";

export const listTemplates = (call: Call): Answer => listOf(call, templatesOfProject(call).map(templateBody));

export const getTemplate = (call: Call): Answer =>
  json(shaped(call, templateBody(requireOne(call, templatesOfProject(call), "instance_template_id"))));

function templatesOfProject(call: Call): Template[] {
  const project = requireProject(call);
  return living(call.organization.templates, call.at).filter(({ projectId }) => projectId === project.id);
}

const templateBody = (template: Template) => ({
  created_at: isoOf(template.createdAt),
  ...(template.customImageName && { custom_image_name: template.customImageName }),
  disks: template.disks.map(({ type, sizeGib }) => ({ size: sizeText(sizeGib), type })),
  ib_partition_id: template.partitionId ?? "",
  id: template.id,
  image_name: template.imageName,
  location: template.location,
  maintenance_policy: template.maintenancePolicy ?? "unspecified",
  name: template.name,
  placement_policy: template.placementPolicy ?? "unspecified",
  project_id: template.projectId,
  public_ip_address_type: template.publicIpType ?? "dynamic",
  reservation_id: template.reservationId,
  shutdown_script: template.shutdownScript,
  ssh_public_key: template.sshPublicKey,
  startup_script: template.startupScript,
  subnet_id: template.subnetId,
  transport_partition_id: template.partitionId ?? "",
  type: template.type,
  virtualization_features: { nested_virtualization: false },
});

export function postTemplate(call: Call): Answer {
  const project = requireWritableProject(call);
  const order = requireBody(call, newTemplate);
  requireFreeName(call, call.organization.templates, { name: order.template_name, projectId: project.id });
  const template = templateFrom(call, project, order, newId(call));
  call.organization.templates.push(template);
  return json(shaped(call, templateBody(template)));
}

/**
 * The template that a body describes, all of it found right.
 *
 * @throws Refusal 400 where it names something that is not there
 */
export function templateFrom(
  call: Call,
  project: Project,
  order: Omit<z.output<typeof newTemplate>, "template_name"> & { template_name: string },
  id: string,
): Template {
  requireType(call, order.type);
  if (order.location) requireLocation(call, order.location);
  requireImage(call, order.image_name, null);
  requireImage(call, order.custom_image_name, project);
  const subnet = order.subnet_id ? requireSubnet(call, order.subnet_id, project.id) : null;
  if (order.reservation_id) requireReservationOf(call, order.reservation_id);
  return {
    id,
    name: order.template_name,
    projectId: project.id,
    type: order.type,
    // Without one it is where its subnet is.
    location: order.location || (subnet?.location ?? ""),
    imageName: order.image_name,
    customImageName: order.custom_image_name,
    subnetId: order.subnet_id,
    reservationId: order.reservation_id,
    partitionId: order.ib_partition_id,
    publicIpType: order.public_ip_address_type,
    maintenancePolicy: order.maintenance_policy,
    placementPolicy: order.placement_policy,
    disks: order.disks.map(({ size, type }) => ({ type, sizeGib: size })),
    sshPublicKey: order.ssh_public_key,
    startupScript: order.startup_script,
    shutdownScript: order.shutdown_script,
    createdAt: call.at,
    deletedAt: null,
  };
}

function requireSubnet({ organization, at }: Call, id: string, projectId: string): Subnet {
  const found = organization.subnets.find(
    (subnet) => subnet.id === id && subnet.projectId === projectId && isLiving(subnet, at),
  );
  if (!found) throw new Refusal(400, `subnet_id: there is no ${JSON.stringify(id)} in this project`);
  return found;
}

function requireReservationOf({ organization }: Call, id: string): void {
  if (!organization.reservations.some((reservation) => reservation.id === id)) {
    throw new Refusal(400, `reservation_id: there is no ${JSON.stringify(id)}`);
  }
}

export function deleteTemplate(call: Call): Answer {
  requireWritableProject(call);
  const template = requireOne(call, templatesOfProject(call), "instance_template_id");
  const group = living(call.organization.groups, call.at).find(
    ({ templateId }) => templateId === template.id,
  );
  if (group) throw new Refusal(409, `the instance group ${group.name} is made from ${template.name}`);
  template.deletedAt = call.at;
  return nothing;
}
