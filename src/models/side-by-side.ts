import { isOutOfMemory } from "./out-of-memory.ts";
import type { Model } from "./project.ts";

/** How models are run side by side. */
export interface SideBySide {
  /** How many groups of models at once. */
  width: number;
  /** Up to how many models are run together, one after another, and until they are likely to take how long. */
  mostTogether: { number: number; milliseconds: number };
  /** By a model's name, the names of the models that it reads. */
  reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** By a model's name, how long it took when it was last made, in milliseconds; for some none is known. */
  durations: ReadonlyMap<string, number>;
  /** Whether a model takes much memory: no two of these are run at once. */
  isLarge(model: Model): boolean;
  /** Runs models, in the order given, on the connection of a lane, which are numbered from 0. */
  run(models: readonly Model[], lane: number): Promise<void>;
}

/**
 * Runs models, each as soon as those that it reads are done, those first behind which the most time is still to pass,
 * and small ones together with those that wait for them alone. One that fails for want of memory is run once more, by
 * itself. After any other failure none is begun; those that run are awaited, and the failure that is thrown is that of
 * those that come first in the order.
 *
 * @param models in an order in which each comes after those that it reads
 */
export async function runSideBySide(
  models: readonly Model[],
  { width, mostTogether, reads, durations, isLarge, run }: SideBySide,
): Promise<void> {
  const names = new Set(models.map(({ name }) => name));
  const times = timesToTheEnd(models, reads, durations);
  const timeOf = ({ name }: Model) => times.get(name) ?? 0;
  const done = new Set<string>();
  const failures = new Map<string, unknown>();
  const running = new Map<Promise<void>, readonly Model[]>();
  /** What is to be run by itself, since beside others there was too little memory for it. */
  const alone: Model[] = [];
  let isAloneRunning = false;
  const lanes = Array.from({ length: Math.max(1, width) }, (_, lane) => lane);
  const waiting = [...models].sort((a, b) => timeOf(b) - timeOf(a));
  const timeAfter = (time: number, { name }: Model) => time + timeOfAny + (durations.get(name) ?? 0);
  const isReady = ({ name }: Model, together: readonly Model[] = []) =>
    [...(reads.get(name) ?? [])].every(
      (read) => !names.has(read) || done.has(read) || together.some((other) => other.name === read),
    );
  const begin = (together: readonly Model[], isAlone: boolean): void => {
    const lane = lanes.shift() ?? 0;
    const left = isAlone ? alone : waiting;
    for (const model of together) left.splice(left.indexOf(model), 1);
    isAloneRunning = isAlone;
    const work = run(together, lane)
      .then(() => {
        for (const { name } of together) done.add(name);
      })
      .catch((error: unknown) => {
        if (!isAlone && isOutOfMemory(error)) alone.push(...together);
        else failures.set(together[0]?.name ?? "", error);
      })
      .finally(() => {
        if (isAlone) isAloneRunning = false;
        running.delete(work);
        lanes.push(lane);
      });
    running.set(work, together);
  };
  /** The most urgent model that may run now, and what is run with it. */
  const nextTogether = (): Model[] => {
    const isLargeRunning = [...running.values()].flat().some(isLarge);
    const ready = waiting.filter((model) => isReady(model) && !(isLargeRunning && isLarge(model)));
    const [first] = ready;
    if (!first || isLarge(first)) return first ? [first] : [];
    const share = Math.ceil(ready.length / lanes.length);
    const together: Model[] = [];
    const isFull = () =>
      together.length >= mostTogether.number || together.reduce(timeAfter, 0) >= mostTogether.milliseconds;
    for (const model of ready)
      if (together.length < share && !isFull() && !isLarge(model)) together.push(model);
    while (!isFull()) {
      const followers = waiting.filter(
        (model) =>
          isReady(model, together) && !isReady(model) && !together.includes(model) && !isLarge(model),
      );
      const othersReady = ready.filter((model) => !together.includes(model)).length;
      // Several followers are better shared among lanes that have nothing else to do.
      const [follower] = followers;
      if (!follower || (followers.length > 1 && othersReady < lanes.length - 1)) break;
      together.push(follower);
    }
    return together;
  };
  while (waiting.length > 0 || alone.length > 0 || running.size > 0) {
    while (failures.size === 0 && lanes.length > 0 && !isAloneRunning) {
      const isAlone = alone.length > 0;
      if (isAlone && running.size > 0) break;
      const together = isAlone ? alone.slice(0, 1) : nextTogether();
      if (together.length === 0) break;
      begin(together, isAlone);
    }
    if (running.size === 0) break;
    await Promise.race(running.keys());
  }
  for (const { name } of models) if (failures.has(name)) throw failures.get(name);
}

/** What it takes to plan, record and commit a model of whatever size, in milliseconds. */
const timeOfAny = 10;

/** By a model's name, how long it and the longest chain of those that wait for it take, one after another. */
function timesToTheEnd(
  models: readonly Model[],
  reads: ReadonlyMap<string, ReadonlySet<string>>,
  durations: ReadonlyMap<string, number>,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name } of models.toReversed()) {
    const time = (times.get(name) ?? 0) + timeOfAny + (durations.get(name) ?? 0);
    times.set(name, time);
    for (const read of reads.get(name) ?? []) times.set(read, Math.max(times.get(read) ?? 0, time));
  }
  return times;
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
