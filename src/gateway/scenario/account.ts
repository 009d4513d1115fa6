import { hexOf, uuidOf } from "../random.ts";
import { atOnce, type Settling } from "../settling.ts";
import type { Project, Reservation } from "../state.ts";
import { type Build, sshPublicKey } from "./build.ts";
import type { ScenarioFile } from "./format.ts";

/** The organisation itself, who may sign in to it, and its projects. */
export function addAccount({ file, organization, projects, keep }: Build): void {
  const { seed } = file;
  organization.companyName = file.organization.company_name ?? file.organization.name;
  organization.billing = {
    balance: file.organization.billing_balance,
    method: file.organization.billing_method,
    isDelinquent: false,
  };
  organization.accessKeys = file.access_keys.map((key) => ({
    accessKeyId: key.access_key_id,
    secretKey: key.secret_key,
    ...(key.role !== undefined && { role: key.role }),
  }));
  if (file.identity) organization.identity = { id: uuidOf(seed, "identity"), ...file.identity };
  organization.locations = file.locations;
  organization.faults = file.faults;
  organization.settling = settlingOf(file);
  organization.quirks = file.quirks ?? {};
  organization.sshKeys = file.ssh_keys.map((key) => ({
    id: uuidOf(seed, "ssh-key", key.name),
    name: key.name,
    publicKey: sshPublicKey(seed, key.name),
    createdAt: key.created,
    deletedAt: key.deleted ?? null,
  }));
  organization.tokens = file.tokens.map((token) => ({
    accessKeyId: hexOf(22, seed, "token", token.alias),
    alias: token.alias,
    createdAt: token.created,
    deletedAt: token.deleted ?? null,
    expiresAt: token.expires,
    lastUsedAt: token.last_used ?? null,
  }));
  for (const [position, entry] of file.projects.entries()) {
    const project: Project = {
      id: entry.id ?? uuidOf(seed, "project", entry.key),
      name: entry.name,
      relation: entry.relation,
      createdAt: entry.created ?? file.history_from,
      deletedAt: entry.deleted ?? null,
    };
    keep(projects, entry.key, project, `projects[${position}].key`);
    organization.projects.push(project);
  }
}

function settlingOf({ seed, metering }: ScenarioFile): Settling {
  const { settles_after_hours, late, restated } = metering ?? {};
  return {
    seed: String(seed),
    afterHours: settles_after_hours ?? null,
    late: late ? { share: late.share, withinDays: late.within_days } : atOnce.late,
    restated: restated
      ? { share: restated.share, factor: restated.factor, withinDays: restated.within_days }
      : atOnce.restated,
  };
}

/** What there is to be had, and what was contracted for. */
export function addCatalogue({
  file,
  organization,
  locations,
  projects,
  reservations,
  find,
  keep,
}: Build): void {
  const { seed } = file;
  organization.vmTypes = file.vm_types.map((type) => ({
    productName: type.product_name,
    gpuType: type.gpu_type,
    numGpu: type.num_gpu,
    cpuCores: type.cpu_cores,
    cpuType: type.cpu_type,
    memoryGb: type.memory_gb,
    memoryType: "RAM",
    diskGb: type.disk_gb,
    diskType: "NVMe",
    description: type.description,
  }));
  for (const [location, types] of Object.entries(file.capacities)) {
    find(locations, location, `capacities.${location}`);
    for (const [type, quantity] of Object.entries(types))
      organization.capacities.push({ location, type, quantity });
  }
  for (const [position, entry] of file.images.entries()) {
    organization.images.push({
      id: uuidOf(seed, "image", entry.name, entry.project ?? "", entry.created),
      name: entry.name,
      description: entry.description,
      locations: file.locations,
      tags: entry.tags,
      productGroup: entry.product_group,
      projectId:
        entry.project === undefined ? null : find(projects, entry.project, `images[${position}].project`).id,
      createdAt: entry.created,
      deletedAt: entry.deleted ?? null,
    });
  }
  organization.listPrices = file.list_prices.map((price) => ({
    resourceType: price.resource_type,
    unitPrice: price.unit_price,
    spotUnitPrice: price.spot_unit_price ?? null,
    from: price.from ?? file.history_from,
    to: price.to ?? null,
  }));
  organization.quotas = file.quotas.map((quota, position) => ({
    name: quota.name,
    description: quota.description,
    counts: quota.counts,
    productLine: quota.product_line ?? null,
    max: quota.max,
    projectId:
      quota.project === undefined ? null : find(projects, quota.project, `quotas[${position}].project`).id,
  }));
  for (const [position, entry] of file.reservations.entries()) {
    const reservation: Reservation = {
      id: entry.id ?? uuidOf(seed, "reservation", entry.name),
      productLine: entry.product_line,
      quantity: entry.quantity,
      price: entry.price,
      reservationType: entry.type,
      locations: entry.locations,
      projectIds: entry.projects.map((key) => find(projects, key, `reservations[${position}].projects`).id),
      contract: { from: entry.from, to: entry.to },
      deliveredAt: entry.from,
    };
    keep(reservations, entry.name, reservation, `reservations[${position}].name`);
    organization.reservations.push(reservation);
  }
}
