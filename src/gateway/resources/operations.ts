import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { isLiving } from "../inventory.ts";
import {
  diskChanges,
  lifeChanges,
  mayHaveOperations,
  type Operation,
  type OperationState,
  operationsOf,
  type ResourceKind,
  stateAt,
  vmChanges,
} from "../operations.ts";
import { listOf, shaped } from "../paging.ts";
import { instantParameter, listParameter, parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, pathParameter, type Route, requireProject } from "../route.ts";
import type { Disk, Lifetime, Organization, Vm } from "../state.ts";
import { externalBody, firewallRuleBody, internalBody, networkBody, subnetBody } from "./networking.ts";
import { diskBody, snapshotBody } from "./storage.ts";
import { vmBody } from "./vms.ts";

type Resource = Lifetime & { id: string; name: string; projectId: string };
type Changes = Parameters<typeof operationsOf>[2];

/** One kind of resource whose operations can be asked for. */
interface Subject<T extends Resource> {
  /** After the project, without `/operations`. */
  path: string;
  kind: ResourceKind;
  of: (organization: Organization) => readonly T[];
  changes: (resource: T, call: Call) => Changes;
  /** The resource as the API answers it, which is what an operation comes to. */
  body: (resource: T, call: Call) => unknown;
}

const disksOf = (vm: Vm, { derived }: Call): readonly Disk[] => derived.inventory.disksByVm.get(vm.id) ?? [];

/** The list of operations and the single one, of each kind of resource that has them. */
export const operationRoutes: readonly Route[] = [
  routesOf({
    path: "compute/vms/instances",
    kind: "vm",
    of: ({ vms }) => vms,
    changes: (vm, call) => vmChanges(vm, disksOf(vm, call)),
    body: (vm, call) => vmBody(call, vm),
  }),
  routesOf({
    path: "storage/disks",
    kind: "disk",
    of: ({ disks }) => disks,
    changes: diskChanges,
    body: diskBody,
  }),
  routesOf({
    path: "storage/snapshots",
    kind: "snapshot",
    of: ({ snapshots }) => snapshots,
    changes: lifeChanges,
    body: snapshotBody,
  }),
  routesOf({
    path: "networking/vpc-networks",
    kind: "network",
    of: ({ networks }) => networks,
    changes: lifeChanges,
    body: networkBody,
  }),
  routesOf({
    path: "networking/vpc-subnets",
    kind: "network",
    of: ({ subnets }) => subnets,
    changes: lifeChanges,
    body: subnetBody,
  }),
  routesOf({
    path: "networking/vpc-firewall-rules",
    kind: "network",
    of: ({ firewallRules }) => firewallRules,
    changes: lifeChanges,
    body: firewallRuleBody,
  }),
  routesOf({
    path: "networking/load-balancers",
    kind: "balancer",
    of: ({ loadBalancers }) => loadBalancers.filter(({ isInternal }) => !isInternal),
    changes: lifeChanges,
    body: externalBody,
  }),
  routesOf({
    path: "networking/internal-load-balancers",
    kind: "balancer",
    of: ({ loadBalancers }) => loadBalancers.filter(({ isInternal }) => isInternal),
    changes: lifeChanges,
    body: internalBody,
  }),
].flat();

function routesOf<T extends Resource>(about: Subject<T>): Route[] {
  const pattern = `/projects/{project_id}/${about.path}/operations`;
  return [
    { method: "GET", pattern, handle: (call) => listOperations(about, call) },
    { method: "GET", pattern: `${pattern}/{operation_id}`, handle: (call) => getOperation(about, call) },
  ];
}

function listOperations<T extends Resource>(about: Subject<T>, call: Call): Answer {
  const resourceId = parameter(call.query, "resource_id");
  const states = listParameter(call.query, "state") ?? [];
  const bound = instantParameter(call.query, "lower_time_bound") ?? Number.NEGATIVE_INFINITY;
  const found = knownOperations(about, call, (resource) => !resourceId || resource.id === resourceId)
    .filter(({ state }) => states.length === 0 || states.includes(state))
    .filter(({ operation }) => operation.startedAt >= bound);
  return listOf(
    call,
    found.map((known) => operationBody(about, known, call)),
  );
}

/** 403 where there is none: it does not exist, is another project's, or was too long ago. */
function getOperation<T extends Resource>(about: Subject<T>, call: Call): Answer {
  const id = pathParameter(call, "operation_id").toLowerCase();
  const found = knownOperations(about, call).find(({ operation }) => operation.id === id);
  if (!found) throw new Refusal(403, "no access to that operation, or it has expired");
  return json(shaped(call, operationBody(about, found, call)));
}

interface Known<T> {
  resource: T;
  operation: Operation;
  state: OperationState;
}

/** Those of the project that are under way or not yet forgotten, in the order in which they began. */
function knownOperations<T extends Resource>(
  about: Subject<T>,
  call: Call,
  selects: (resource: T) => boolean = () => true,
): Known<T>[] {
  const project = requireProject(call);
  const keptSeconds = call.quirks.operationsKeptHours * 3600;
  return about
    .of(call.organization)
    .filter(
      (resource) =>
        resource.projectId === project.id &&
        mayHaveOperations(resource, call.at, keptSeconds) &&
        selects(resource),
    )
    .flatMap((resource) =>
      operationsOf(about.kind, resource, about.changes(resource, call)).flatMap((operation) => {
        const state = stateAt(operation, call.at, keptSeconds);
        return state === null ? [] : [{ resource, operation, state }];
      }),
    )
    .sort((a, b) => order(a.operation, b.operation));
}

const order = (a: Operation, b: Operation): number =>
  a.startedAt - b.startedAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function operationBody<T extends Resource>(
  about: Subject<T>,
  { resource, operation, state }: Known<T>,
  call: Call,
) {
  const { id, action, startedAt, completedAt } = operation;
  return {
    completed_at: state === "IN_PROGRESS" ? "" : isoOf(completedAt),
    metadata: { action, id: resource.id, name: resource.name },
    operation_id: id,
    result: resultOf(),
    started_at: isoOf(startedAt),
    state,
  };

  function resultOf(): unknown {
    if (state === "FAILED")
      return { code: "out_of_stock", message: "there is no room for it in its location" };
    const isThere = state === "SUCCEEDED" && isLiving(resource, completedAt);
    return isThere ? about.body(resource, { ...call, at: completedAt }) : {};
  }
}
