import type { Model } from "./project.ts";

/** How models are run side by side. */
export interface SideBySide<T> {
  /** How many at once. */
  width: number;
  /** By a model's name, the names of the models that it reads. */
  reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a model has the machine to itself, since DuckDB puts every thread and all memory to use for it. */
  runsAlone(model: Model): boolean;
  /** Runs a model on the connection of a lane, which are numbered from 0. */
  run(model: Model, lane: number): Promise<T>;
}

/**
 * Runs models, each as soon as those that it reads are done. After a failure no other is begun; those that run
 * are awaited, and the failure that is thrown is that of the earliest in the order.
 *
 * @param models in an order in which each comes after those that it reads
 * @returns the results in the order of the models
 */
export async function runSideBySide<T>(
  models: readonly Model[],
  { width, reads, runsAlone, run }: SideBySide<T>,
): Promise<T[]> {
  const names = new Set(models.map(({ name }) => name));
  const done = new Map<string, T>();
  const failures = new Map<string, unknown>();
  const running = new Map<string, Promise<void>>();
  const lanes = Array.from({ length: Math.max(1, width) }, (_, lane) => lane);
  const waiting = [...models];
  const isReady = ({ name }: Model) =>
    [...(reads.get(name) ?? [])].every((read) => !names.has(read) || done.has(read));
  const begin = (model: Model, lane: number): void => {
    waiting.splice(waiting.indexOf(model), 1);
    const work = run(model, lane)
      .then((result) => void done.set(model.name, result))
      .catch((error: unknown) => void failures.set(model.name, error))
      .finally(() => {
        running.delete(model.name);
        lanes.push(lane);
      });
    running.set(model.name, work);
  };
  while (waiting.length > 0 || running.size > 0) {
    let isAlone = false;
    while (failures.size === 0 && lanes.length > 0 && !isAlone) {
      const ready = waiting.filter(isReady);
      const small = ready.find((model) => !runsAlone(model));
      const next = small ?? (running.size === 0 ? ready[0] : undefined);
      if (!next) break;
      isAlone = next !== small;
      begin(next, lanes.shift() ?? 0);
    }
    if (running.size === 0) break;
    await (isAlone ? Promise.all(running.values()) : Promise.race(running.values()));
  }
  for (const { name } of models) if (failures.has(name)) throw failures.get(name);
  return models.flatMap(({ name }) => (done.has(name) ? [done.get(name) as T] : []));
}
