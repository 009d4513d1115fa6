import { type Answer, json } from "../answer.ts";
import { listOf } from "../paging.ts";
import { listParameter } from "../query.ts";
import { capacityLeft } from "../room.ts";
import { type Call, requireProject } from "../route.ts";

/** What VMs can be made of, and where. */

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
