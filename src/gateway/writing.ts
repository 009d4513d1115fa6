import type { Instant } from "./instant.ts";
import { isLiving } from "./inventory.ts";
import { secondsOf } from "./operations.ts";
import { uuidOf } from "./random.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";
import type { Lifetime, OperationList, RecordedOperation } from "./state.ts";

/**
 * How the API changes the history. A handler that takes time looks whether it may, begins an operation, writes what
 * comes of it into the history at the instant at which the operation is completed, and records the operation. Until
 * the clock gets there nobody sees the effect; nothing has to be done when it does.
 */
export interface Begun {
  id: string;
  list: OperationList;
  action: string;
  startedAt: Instant;
  completedAt: Instant;
}

/** An id that nothing else has; the same for the same requests in the same order. */
export const newId = ({ organization }: Call): string => uuidOf(organization.id, "made", ++organization.made);

/** Begins an operation: from then on it is known when it will be completed. */
export function begin(call: Call, list: OperationList, action: string): Begun {
  const id = newId(call);
  const seconds = call.quirks.operationSeconds[`${list} ${action}`] ?? secondsOf(list, action, id);
  return { id, list, action, startedAt: call.at, completedAt: call.at + seconds };
}

/** The same where the API has done it when it answers. */
export const beginAtOnce = (call: Call, list: OperationList, action: string): Begun => ({
  ...begin(call, list, action),
  completedAt: call.at,
});

/**
 * Records an operation whose effect stands in the history: what was derived of the resources that it touched is
 * derived anew when it is next needed.
 */
export function record(
  call: Call,
  begun: Begun,
  about: {
    resource: { id: string; name: string; projectId: string };
    /** Other resources that it wrote in. */
    touched?: readonly string[];
    failure?: RecordedOperation["failure"];
    resultIds?: readonly string[];
  },
): RecordedOperation {
  const { resource, touched = [], failure = null, resultIds } = about;
  const operation: RecordedOperation = {
    ...begun,
    projectId: resource.projectId,
    resourceId: resource.id,
    resourceName: resource.name,
    failure,
    touched: [...new Set([resource.id, ...touched])],
    resultIds: resultIds ? [...resultIds] : null,
  };
  call.organization.operations.push(operation);
  call.refresh();
  return operation;
}

/** Those that write in the resource's history and are not completed yet. */
export const pendingOn = ({ derived, at }: Call, resourceId: string): RecordedOperation[] =>
  derived.operations.byResource(resourceId).filter(({ completedAt }) => completedAt > at);

/** What deletes the resource already: who asks for that again gets it once more. */
export const deletionUnderWay = (call: Call, { id }: { id: string }): RecordedOperation | undefined =>
  pendingOn(call, id).find(({ action, resourceId }) => action === "DELETE" && resourceId === id);

/**
 * Sees to it that nothing is under way that concerns the resource.
 *
 * @throws Refusal 409
 */
export function requireSettled(call: Call, { id, name }: { id: string; name: string }): void {
  const [pending] = pendingOn(call, id);
  if (pending) throw new Refusal(409, `${name}: its ${pending.action} is still under way`);
}

/** Whether it is there, or will be when what a client asked for is completed. */
export const isThereOrComing = (call: Call, resource: Lifetime & { id: string }): boolean =>
  isLiving(resource, call.at) || (resource.createdAt > call.at && pendingOn(call, resource.id).length > 0);

/**
 * Sees to it that no other resource of the project has, or is being given, that name.
 *
 * @throws Refusal 409
 */
export function requireFreeName(
  call: Call,
  resources: readonly (Lifetime & { id: string; name: string; projectId: string | null })[],
  { name, projectId, except }: { name: string; projectId: string | null; except?: string },
): void {
  const isTaken = resources.some(
    (one) =>
      one.name === name && one.projectId === projectId && one.id !== except && isThereOrComing(call, one),
  );
  if (isTaken) throw new Refusal(409, `the name ${JSON.stringify(name)} is taken`);
}
