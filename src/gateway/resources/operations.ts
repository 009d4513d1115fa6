import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { living } from "../inventory.ts";
import {
  diskChanges,
  lifeChanges,
  mayHaveOperations,
  type Operation,
  type OperationState,
  operationsAt,
  stateAt,
  vmChanges,
} from "../operations.ts";
import { listOfEach, shaped } from "../paging.ts";
import { instantParameter, listParameter, parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, pathParameter, type Route, requireProject } from "../route.ts";
import type { Disk, Image, Lifetime, OperationList, Organization, RecordedOperation, Vm } from "../state.ts";
import { imageBody } from "./images.ts";
import { externalBody, firewallRuleBody, internalBody, networkBody, subnetBody } from "./networking.ts";
import { diskBody, snapshotBody } from "./storage.ts";
import { vmBody } from "./vms.ts";

type Resource = Lifetime & { id: string; name: string; projectId: string };
type Changes = Parameters<typeof operationsAt>[2];

/** One kind of resource whose operations can be asked for. */
interface Subject<T extends Resource> {
  list: OperationList;
  /** After the project, without `/operations`. */
  path: string;
  of: (organization: Organization) => readonly T[];
  /** One by its id, where that is quicker than to look through all. */
  find?: (id: string, call: Call) => T | undefined;
  changes: (resource: T, call: Call) => Changes;
  /** The resource as the API answers it, which is what an operation comes to. */
  body: (resource: T, call: Call) => unknown;
}

const disksOf = (vm: Vm, { derived }: Call): readonly Disk[] => derived.inventory.disksByVm.get(vm.id) ?? [];

const subjects = [
  subject({
    list: "vm",
    path: "compute/vms/instances",
    of: ({ vms }) => vms,
    find: (id, { derived }) => derived.inventory.vmById.get(id),
    changes: (vm, call) => vmChanges(vm, disksOf(vm, call)),
    body: (vm, call) => vmBody(call, vm),
  }),
  subject<Image & { projectId: string }>({
    list: "custom-image",
    path: "compute/custom-images",
    of: ({ images }) =>
      images.filter((image): image is Image & { projectId: string } => image.projectId !== null),
    changes: lifeChanges,
    body: imageBody,
  }),
  subject({
    list: "disk",
    path: "storage/disks",
    of: ({ disks }) => disks,
    find: (id, { derived }) => derived.inventory.diskById.get(id),
    changes: diskChanges,
    body: diskBody,
  }),
  subject({
    list: "snapshot",
    path: "storage/snapshots",
    of: ({ snapshots }) => snapshots,
    changes: lifeChanges,
    body: snapshotBody,
  }),
  subject({
    list: "network",
    path: "networking/vpc-networks",
    of: ({ networks }) => networks,
    changes: lifeChanges,
    body: networkBody,
  }),
  subject({
    list: "subnet",
    path: "networking/vpc-subnets",
    of: ({ subnets }) => subnets,
    changes: lifeChanges,
    body: subnetBody,
  }),
  subject({
    list: "firewall-rule",
    path: "networking/vpc-firewall-rules",
    of: ({ firewallRules }) => firewallRules,
    changes: lifeChanges,
    body: firewallRuleBody,
  }),
  subject({
    list: "load-balancer",
    path: "networking/load-balancers",
    of: ({ loadBalancers }) => loadBalancers.filter(({ isInternal }) => !isInternal),
    changes: lifeChanges,
    body: externalBody,
  }),
  subject({
    list: "internal-load-balancer",
    path: "networking/internal-load-balancers",
    of: ({ loadBalancers }) => loadBalancers.filter(({ isInternal }) => isInternal),
    changes: lifeChanges,
    body: internalBody,
  }),
];

/** The list of operations and the single one, of each kind of resource that has them. */
export const operationRoutes: readonly Route[] = subjects.flatMap(({ routes }) => routes);

/** The answer to who asked for an operation: the operation as it stands. */
export function operationAnswer(call: Call, operation: RecordedOperation): Answer {
  const found = subjects.find(({ list }) => list === operation.list);
  if (!found) throw new RangeError(`${operation.list} has no operations`);
  return json({ operation: found.bodyOf(operation, call) });
}

/** What is done with the operations of one kind of resource, whatever that kind is. */
interface SubjectOperations {
  list: OperationList;
  routes: Route[];
  bodyOf: (operation: RecordedOperation, call: Call) => unknown;
}

function subject<T extends Resource>(about: Subject<T>): SubjectOperations {
  const bodyOf = (operation: RecordedOperation, call: Call) => {
    const state = stateAt(operation, call.at, Number.POSITIVE_INFINITY) ?? "IN_PROGRESS";
    const known = { operation, state, name: operation.resourceName, resultIds: operation.resultIds };
    return shaped(call, operationBody(about, known, call));
  };
  return { list: about.list, routes: routesOf(about), bodyOf };
}

function routesOf<T extends Resource>(about: Subject<T>): Route[] {
  const pattern = `/projects/{project_id}/${about.path}/operations`;
  return [
    { method: "GET", need: "read", pattern, handle: (call) => listOperations(about, call) },
    {
      method: "GET",
      need: "read",
      pattern: `${pattern}/{operation_id}`,
      handle: (call) => getOperation(about, call),
    },
  ];
}

function listOperations<T extends Resource>(about: Subject<T>, call: Call): Answer {
  const resourceId = parameter(call.query, "resource_id");
  const states = listParameter(call.query, "state") ?? [];
  const bound = instantParameter(call.query, "lower_time_bound") ?? Number.NEGATIVE_INFINITY;
  const found = knownOperations(about, call, (resource) => !resourceId || resource.id === resourceId)
    .filter(({ state }) => states.length === 0 || states.includes(state))
    .filter(({ operation }) => operation.startedAt >= bound);
  return listOfEach(call, found, (known) => operationBody(about, known, call));
}

/** 403 where there is none: it does not exist, is another project's, or was too long ago. */
function getOperation<T extends Resource>(about: Subject<T>, call: Call): Answer {
  const id = pathParameter(call, "operation_id").toLowerCase();
  const recorded = call.derived.operations.byId.get(id);
  const candidates = recorded ? recordedOperations(about, call, [recorded]) : knownOperations(about, call);
  const found = candidates.find(({ operation }) => operation.id === id);
  if (!found) throw new Refusal(403, "no access to that operation, or it has expired");
  return json(shaped(call, operationBody(about, found, call)));
}

interface Known {
  operation: Operation;
  state: OperationState;
  /** What the operation says that it is of. */
  name: string;
  resultIds: readonly string[] | null;
}

/** Those of the project that are under way or not yet forgotten, in the order in which they began. */
function knownOperations<T extends Resource>(
  about: Subject<T>,
  call: Call,
  selects: (resource: { id: string }) => boolean = () => true,
): Known[] {
  const { id: projectId } = requireProject(call);
  const asked = call.derived.operations
    .byList(about.list, projectId)
    .filter(({ resourceId, resultIds }) => [resourceId, ...(resultIds ?? [])].some((id) => selects({ id })));
  return [...lifeOperations(about, call, projectId, selects), ...recordedOperations(about, call, asked)].sort(
    (a, b) => order(a.operation, b.operation),
  );
}

/** What the history tells of without saying who asked for it. */
function lifeOperations<T extends Resource>(
  about: Subject<T>,
  call: Call,
  projectId: string,
  selects: (resource: { id: string }) => boolean,
): Known[] {
  const keptSeconds = call.quirks.operationsKeptHours * 3600;
  return about
    .of(call.organization)
    .filter(
      (resource) =>
        resource.projectId === projectId &&
        mayHaveOperations(resource, call.at, keptSeconds) &&
        selects(resource),
    )
    .flatMap((resource) => {
      const told = new Set(
        call.derived.operations.byResource(resource.id).map(({ completedAt }) => completedAt),
      );
      const changes = about.changes(resource, call).filter(({ at }) => !told.has(at));
      const { name } = resource;
      return operationsAt(about.list, resource, changes, { at: call.at, keptSeconds }).map((known) => ({
        ...known,
        name,
        resultIds: null,
      }));
    });
}

/** What clients asked for, as far as it is this project's and not forgotten. */
function recordedOperations<T extends Resource>(
  about: Subject<T>,
  call: Call,
  recorded: readonly RecordedOperation[],
): Known[] {
  const { id: projectId } = requireProject(call);
  return recorded.flatMap((operation) => {
    if (operation.list !== about.list || operation.projectId !== projectId) return [];
    const state = stateAt(operation, call.at, call.quirks.operationsKeptHours * 3600);
    const { resourceName: name, resultIds } = operation;
    return state === null ? [] : [{ operation, state, name, resultIds }];
  });
}

/** Of those of the same second the one that was asked for first stays first. */
const order = (a: Operation, b: Operation): number => a.startedAt - b.startedAt;

function operationBody<T extends Resource>(
  about: Subject<T>,
  { operation, state, name, resultIds }: Known,
  call: Call,
) {
  const { id, action, resourceId, startedAt, completedAt, failure } = operation;
  return {
    completed_at: state === "IN_PROGRESS" ? "" : isoOf(completedAt),
    metadata: { action, id: resourceId, name },
    operation_id: id,
    result: resultOf(),
    started_at: isoOf(startedAt),
    state,
  };

  function resultOf(): unknown {
    if (state === "FAILED") return failure;
    if (state === "IN_PROGRESS") return {};
    const then = { ...call, at: completedAt };
    const find =
      about.find ?? ((wanted: string) => about.of(call.organization).find((one) => one.id === wanted));
    const found = (resultIds ?? [resourceId]).flatMap((wanted) => find(wanted, call) ?? []);
    const bodies = living(found, completedAt).map((one) => about.body(one, then));
    return resultIds ? bodies : (bodies[0] ?? {});
  }
}
