import type { Answer } from "../answer.ts";
import type { Call } from "../route.ts";
import type { Lifetime, OperationList } from "../state.ts";
import { begin, deletionUnderWay, record, requireSettled } from "../writing.ts";
import { operationAnswer } from "./operations.ts";

/**
 * Deletes the resource from when that will be done. Who asks for it again meanwhile gets the same operation.
 *
 * @param requireDeletable refuses it where the state of things forbids it
 */
export function deletionOf(
  call: Call,
  list: OperationList,
  resource: Lifetime & { id: string; name: string; projectId: string },
  requireDeletable: () => void = () => {},
): Answer {
  const underWay = deletionUnderWay(call, resource);
  if (underWay) return operationAnswer(call, underWay);
  requireSettled(call, resource);
  requireDeletable();
  const operation = begin(call, list, "DELETE");
  resource.deletedAt = operation.completedAt;
  return operationAnswer(call, record(call, operation, { resource }));
}
