/** A clock that can be moved on, whether it stands or runs. */
export interface MovableClock {
  now: () => Date;
  /**
   * Moves it on.
   *
   * @throws RangeError where that would be back, or to no time at all
   */
  advance: (by: { seconds: number } | { to: Date }) => void;
}

/** The same clock, which from then on is ahead by what it was moved. */
export function movableClock(clock: () => Date): MovableClock {
  let aheadMs = 0;
  const now = () => new Date(clock().getTime() + aheadMs);
  return {
    now,
    advance(by) {
      const ms = "seconds" in by ? by.seconds * 1000 : by.to.getTime() - now().getTime();
      if (ms < 0) throw new RangeError(`time does not run back: it is ${now().toISOString()}`);
      if (Number.isNaN(new Date(now().getTime() + ms).getTime()))
        throw new RangeError("there is no such time");
      aheadMs += ms;
    },
  };
}
