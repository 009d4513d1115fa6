import type { Answer } from "../answer.ts";
import { listOf } from "../paging.ts";
import { type Call, requireProject } from "../route.ts";

/** The InfiniBand networks that VMs of the project hang on. */
export const listIbNetworks = (call: Call): Answer =>
  listOf(
    call,
    fabricOf(call).map(({ networkId, location }) => ({
      capacities: [],
      id: networkId,
      location,
      name: `${location}-ib`,
    })),
  );

export const listIbPartitions = (call: Call): Answer =>
  listOf(
    call,
    fabricOf(call).map(({ networkId, partitionId, location }) => ({
      ib_network_id: networkId,
      id: partitionId,
      name: `${location}-partition`,
    })),
  );

/** One partition of a project's for each network, and one network for each location. */
function fabricOf(call: Call) {
  const project = requireProject(call);
  const found = call.derived.inventory
    .livingVms(project.id, call.at)
    .flatMap(({ infiniband, location }) => (infiniband ? [{ ...infiniband, location }] : []));
  return [...new Map(found.map((one) => [one.partitionId, one])).values()];
}
