import { lastInstant } from "./instant.ts";

/** A clock that stands, runs at some pace, and can be moved on. */
export interface MovableClock {
  now: () => Date;
  /** How many seconds pass in one of the machine's; 0 where it stands. */
  pace: () => number;
  /**
   * Lets it run from now on at that pace, or stand (0).
   *
   * @throws RangeError where that would be back, or faster than a year in a second
   */
  run: (pace: number) => void;
  /**
   * Moves it on.
   *
   * @throws RangeError where that would be back, or to no time of the calendar
   */
  advance: (by: { seconds: number } | { to: Date }) => void;
}

export const fastestPace = 366 * 86_400;

const lastMs = lastInstant * 1000;

/**
 * The clock that was given, until it is told to run or stand, and ahead of it by what it was moved.
 *
 * @param machine what it runs by
 */
export function movableClock(given: () => Date, machine: () => Date, givenPace = 0): MovableClock {
  let timeOf = () => given().getTime();
  let pace = 0;
  let aheadMs = 0;
  const nowMs = () => Math.min(timeOf() + aheadMs, lastMs);
  const clock: MovableClock = {
    now: () => new Date(nowMs()),
    pace: () => pace,
    run(wanted) {
      if (!(wanted >= 0 && wanted <= fastestPace))
        throw new RangeError(`a pace is from 0, which stands, to ${fastestPace}`);
      const fromMs = nowMs();
      let [readMs, runMs] = [machine().getTime(), 0];
      timeOf = () => {
        const machineMs = machine().getTime();
        // Where the machine's clock was put back, it runs on from there: what has happened has happened.
        runMs += Math.max(0, machineMs - readMs);
        readMs = machineMs;
        return fromMs + runMs * wanted;
      };
      aheadMs = 0;
      pace = wanted;
    },
    advance(by) {
      const ms = "seconds" in by ? by.seconds * 1000 : by.to.getTime() - nowMs();
      if (ms < 0) throw new RangeError(`time does not run back: it is ${clock.now().toISOString()}`);
      if (!(nowMs() + ms <= lastMs))
        throw new RangeError("there is no such time: the calendar ends with 9999");
      aheadMs += ms;
    },
  };
  if (givenPace > 0) clock.run(givenPace);
  return clock;
}
