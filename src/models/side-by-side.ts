import type { Model } from "./project.ts";

/** How models are run side by side. */
export interface SideBySide {
  /** How many groups of models at once. */
  width: number;
  /** Up to how many models are run together, one after another. */
  mostTogether: number;
  /** By a model's name, the names of the models that it reads. */
  reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a model has the machine to itself, since DuckDB puts every thread and all memory to use for it. */
  runsAlone(model: Model): boolean;
  /** Runs models, in the order given, on the connection of a lane, which are numbered from 0. */
  run(models: readonly Model[], lane: number): Promise<void>;
}

/**
 * Runs models, each as soon as those that it reads are done, and small ones together with those that wait for them
 * alone. After a failure no other is begun; those that run are awaited, and the failure that is thrown is that of
 * those that come first in the order.
 *
 * @param models in an order in which each comes after those that it reads
 */
export async function runSideBySide(
  models: readonly Model[],
  { width, mostTogether, reads, runsAlone, run }: SideBySide,
): Promise<void> {
  const names = new Set(models.map(({ name }) => name));
  const done = new Set<string>();
  const failures = new Map<string, unknown>();
  const running = new Set<Promise<void>>();
  const lanes = Array.from({ length: Math.max(1, width) }, (_, lane) => lane);
  const waiting = [...models];
  const isReady = ({ name }: Model, together: readonly Model[] = []) =>
    [...(reads.get(name) ?? [])].every(
      (read) => !names.has(read) || done.has(read) || together.some((other) => other.name === read),
    );
  const begin = (together: readonly Model[], lane: number): void => {
    for (const model of together) waiting.splice(waiting.indexOf(model), 1);
    const work = run(together, lane)
      .then(() => {
        for (const { name } of together) done.add(name);
      })
      .catch((error: unknown) => void failures.set(together[0]?.name ?? "", error))
      .finally(() => {
        running.delete(work);
        lanes.push(lane);
      });
    running.add(work);
  };
  /** A lane's share of what is ready, and what waits for these alone. */
  const nextTogether = (small: readonly Model[]): Model[] => {
    const together = small.slice(0, Math.min(mostTogether, Math.ceil(small.length / lanes.length)));
    for (const model of waiting) {
      if (together.length >= mostTogether) break;
      if (!isReady(model) && isReady(model, together) && !runsAlone(model)) together.push(model);
    }
    return together;
  };
  while (waiting.length > 0 || running.size > 0) {
    let isAlone = false;
    while (failures.size === 0 && lanes.length > 0 && !isAlone) {
      const ready = waiting.filter((model) => isReady(model));
      const small = ready.filter((model) => !runsAlone(model));
      const [large] = running.size === 0 ? ready : [];
      if (small.length === 0 && !large) break;
      isAlone = small.length === 0;
      begin(small.length > 0 ? nextTogether(small) : large ? [large] : [], lanes.shift() ?? 0);
    }
    if (running.size === 0) break;
    await (isAlone ? Promise.all(running) : Promise.race(running));
  }
  for (const { name } of models) if (failures.has(name)) throw failures.get(name);
}

/** Does pieces of work one after another, in the order in which they are handed in, whatever becomes of those before. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}
