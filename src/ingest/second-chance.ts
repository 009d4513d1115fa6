import type { TallyError } from "../errors/tally-error.ts";
import type { Reader } from "./read.ts";
import { mayPass } from "./unit-failures.ts";
import type { Unit } from "./units.ts";

/** Units that failed in a way that may pass, to be read once more when whatever it was may be over. */
export interface SecondChances {
  /** Reads a unit; what fails for good is noted, what may pass is kept for later. */
  tryToRead(unit: Unit): Promise<void>;
  /**
   * What is left to do in the end: each of them is read once more. Where more than half failed the API itself is
   * down, and they are given up.
   */
  left(): (() => Promise<unknown>)[];
}

/** Keeps what fails in passing, of so many units. */
export function createSecondChances(reader: Reader, units: number): SecondChances {
  const again: { unit: Unit; failure: TallyError }[] = [];
  return {
    async tryToRead(unit) {
      const failure = await reader.tryToRead(unit);
      if (failure && mayPass(failure)) again.push({ unit, failure });
      else if (failure) reader.note(unit, failure);
    },
    left() {
      const isDown = again.length > 1 && again.length > units / 2;
      return again.map(
        ({ unit, failure }) =>
          () =>
            isDown ? reader.giveUp(unit, failure) : reader.readNoting(unit),
      );
    },
  };
}
