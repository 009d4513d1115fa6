import pLimit from "p-limit";

export interface Throttle {
  /** Does the work once there is room for it, and no pause is on. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** How much may be under way at present. */
  readonly room: number;
}

/** So many successes for each place that is there, and one more place is tried. */
const successesPerPlace = 4;

/**
 * Lets at most so much work be under way at once, and falls back by itself: halved when the server pushes back,
 * once for all that was under way then, and widened again one by one as work succeeds.
 *
 * @param pushedBack for an error that says that there is too much: until when nothing more is begun, by anyone;
 * undefined for any other error
 */
export function createThrottle(
  most: number,
  pushedBack: (error: unknown) => Promise<void> | null | undefined,
): Throttle {
  const limit = pLimit(most);
  let successes = 0;
  let cuts = 0;
  let pause: Promise<unknown> | null = null;

  const pauseUntil = (until: Promise<void>) => {
    const both = Promise.all([pause, until]).then(() => {
      if (pause === both) pause = null;
    });
    pause = both;
  };

  return {
    run: (work) =>
      limit(async () => {
        // Another pause may begin while one is waited for.
        while (pause) await pause;
        const cutsBefore = cuts;
        try {
          const result = await work();
          if (cutsBefore === cuts && ++successes >= limit.concurrency * successesPerPlace) {
            successes = 0;
            limit.concurrency = Math.min(most, limit.concurrency + 1);
          }
          return result;
        } catch (error) {
          const until = pushedBack(error);
          if (until === undefined) throw error;
          if (until) pauseUntil(until);
          if (cutsBefore === cuts) {
            cuts++;
            successes = 0;
            limit.concurrency = Math.max(1, Math.floor(limit.concurrency / 2));
          }
          throw error;
        }
      }),
    get room() {
      return limit.concurrency;
    },
  };
}
