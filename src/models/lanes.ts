import type { Warehouse } from "../warehouse.ts";

/**
 * Does a piece of work for each of some items, on as many connections at once as there are: to plan a query is done on
 * one thread, so that several at once take less time. After a failure no other is begun, and of several that failed
 * that of the first item is thrown.
 */
export async function shareOut<T>(
  lanes: readonly Warehouse[],
  items: readonly T[],
  work: (connection: Warehouse, item: T) => Promise<void>,
): Promise<void> {
  const failures = new Map<number, unknown>();
  const rest = [...items.entries()];
  const workOn = async (connection: Warehouse): Promise<void> => {
    while (failures.size === 0) {
      const [at, item] = rest.shift() ?? [];
      if (at === undefined) return;
      await work(connection, item as T).catch((error: unknown) => void failures.set(at, error));
    }
  };
  await Promise.all(lanes.map(workOn));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
}
