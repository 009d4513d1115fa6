/** What the fleet of the test lives by. Times are whole seconds. */

export const begin = Date.UTC(2026, 0, 1) / 1000;
export const day = 86_400;
export const year = 365 * day;
export const end = begin + year;

export const took = {
  create: 90,
  delete: 40,
  start: 60,
  stop: 30,
  reset: 25,
  retype: 20,
  attach: 8,
  detach: 9,
  createDisk: 5,
  growDisk: 6,
  deleteDisk: 7,
};

export const operationSeconds = {
  "vm CREATE": took.create,
  "vm DELETE": took.delete,
  "vm START": took.start,
  "vm STOP": took.stop,
  "vm RESET": took.reset,
  "vm UPDATE": took.retype,
  "vm ATTACH_DISKS": took.attach,
  "vm DETACH_DISKS": took.detach,
  "disk CREATE": took.createDisk,
  "disk UPDATE": took.growDisk,
  "disk DELETE": took.deleteDisk,
};

export const h100 = "h100-80gb-sxm-ib.8x";
export const types: Readonly<Record<string, { gpus: number; room: number }>> = {
  [h100]: { gpus: 8, room: 2 },
  "l40s-48gb.2x": { gpus: 2, room: 3 },
  "l40s-48gb.4x": { gpus: 4, room: 1 },
  "c1a.4x": { gpus: 0, room: 4 },
};
export const smallL40s = "l40s-48gb.2x";
export const largeL40s = "l40s-48gb.4x";

export const mostVms = 9;
export const mostGib = 3000;

/** Both are of H100s: the cheap one of one VM until the middle of the year, the dear one of eight GPUs. */
export const reservations = [
  { id: "res-cheap", units: "instances", quantity: 1, price: 2, to: begin + 181 * day },
  { id: "res-dear", units: "gpus", quantity: 8, price: 3, to: begin + 400 * day },
] as const;

export const systemGib = 128;
export const scratchGib = 100;

/** Per GPU-hour, instance-hour or GiB-hour, in thousandths of a dollar. */
export const prices: Readonly<Record<string, number>> = {
  [h100]: 4000,
  "l40s-48gb.2x": 1250,
  "l40s-48gb.4x": 1300,
  "c1a.4x": 75,
  "persistent-ssd": 1,
  "shared-volume": 2,
};

export const location = "us-east1-a";

export const scenario = `
seed: life
now: 2026-01-01T00:00:00Z
history_from: 2026-01-01
organization: { id: 7b1e0000-0000-4000-8000-000000000001, name: life }
locations: [${location}]
projects: [{ key: lab, id: 7b1e0000-0000-4000-8000-000000000002, name: lab }]
vm_types:
  - { product_name: h100-80gb-sxm-ib.8x, gpu_type: H100, num_gpu: 8, cpu_cores: 176, memory_gb: 960, description: 8x H100 }
  - { product_name: l40s-48gb.2x, gpu_type: L40S, num_gpu: 2, cpu_cores: 16, memory_gb: 294, description: 2x L40S }
  - { product_name: l40s-48gb.4x, gpu_type: L40S, num_gpu: 4, cpu_cores: 32, memory_gb: 588, description: 4x L40S }
  - { product_name: c1a.4x, cpu_cores: 4, memory_gb: 16, description: 4 vCPU }
capacities:
  ${location}: { ${Object.entries(types)
    .map(([type, { room }]) => `${type}: ${room}`)
    .join(", ")} }
reservations:
  - { id: res-cheap, name: cheap, product_line: h100-80gb-sxm-ib.8x, quantity: 1, price: "2", locations: [${location}], from: 2026-01-01, to: 2026-07-01 }
  - { id: res-dear, name: dear, product_line: h100-80gb-sxm-ib, quantity: 8, price: "3", locations: [${location}], from: 2026-01-01, to: 2027-02-05 }
quotas:
  - { name: vms, counts: vms, max: ${mostVms} }
  - { name: disks, counts: disk-gib, max: ${mostGib} }
`;
export const organizationId = "7b1e0000-0000-4000-8000-000000000001";
export const projectId = "7b1e0000-0000-4000-8000-000000000002";
