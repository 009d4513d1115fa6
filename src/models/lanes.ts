import type { Warehouse } from "../warehouse.ts";
import { isOutOfMemory } from "./out-of-memory.ts";

/** What reads more rows is done beside no other such: it takes most of the memory. */
export const mostRowsBeside = 500_000;

/**
 * Does a piece of work for each of some items, on as many connections at once as there are: to plan a query is done on
 * one thread, so that several at once take less time. What fails for want of memory is done once more, by itself. After
 * any other failure none is begun, and of several that failed that of the first item is thrown.
 */
export async function shareOut<T>(
  lanes: readonly Warehouse[],
  items: readonly T[],
  work: (connection: Warehouse, item: T) => Promise<void>,
): Promise<void> {
  const failures = new Map<number, unknown>();
  const rest = [...items.entries()];
  const alone: [number, T][] = [];
  const workOn = async (connection: Warehouse): Promise<void> => {
    for (let next = rest.shift(); next !== undefined && failures.size === 0; next = rest.shift()) {
      const [at, item] = next;
      await work(connection, item).catch((error: unknown) => {
        if (isOutOfMemory(error)) alone.push([at, item]);
        else failures.set(at, error);
      });
    }
  };
  await Promise.all(lanes.map(workOn));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  const [connection] = lanes;
  for (const [, item] of alone) if (connection) await work(connection, item);
}
