import type { Answer } from "../answer.ts";
import { listOf } from "../paging.ts";
import { type Call, requireProject } from "../route.ts";

/** The InfiniBand networks that VMs of the project hang on. */
export const listIbNetworks = (call: Call): Answer =>
  listOf(
    call,
    fabricOf(call, "networkId").map(({ networkId, location }) => ({
      capacities: [],
      id: networkId,
      location,
      name: `${location}-ib`,
    })),
  );

export const listIbPartitions = (call: Call): Answer =>
  listOf(
    call,
    fabricOf(call, "partitionId").map(({ networkId, partitionId, location }) => ({
      ib_network_id: networkId,
      id: partitionId,
      name: `${location}-partition`,
    })),
  );

/** What the project's VMs hang on, one for each network or partition: VMs of one network may be on several of these. */
function fabricOf(call: Call, by: "networkId" | "partitionId") {
  const project = requireProject(call);
  const found = call.derived.inventory
    .livingVms(project.id, call.at)
    .flatMap(({ infiniband, location }) => (infiniband ? [{ ...infiniband, location }] : []));
  return [...new Map(found.map((one) => [one[by], one])).values()];
}
