/** Lengths between ticks are 1, 2 or 5 times a power of ten. */
const steps = [1, 2, 5, 10];

/**
 * The end of an axis from zero: the first round number at or above every value, so that what stands beside a plot
 * can be placed without drawing it.
 */
export function axisEnd(values: readonly number[], ticks = 4): number {
  const furthest = Math.max(0, ...values);
  if (furthest === 0) return 1;
  const least = furthest / ticks;
  const power = 10 ** Math.floor(Math.log10(least));
  // A length that is a hair off a round one, as doubles are, is taken for it.
  const step = power * (steps.find((each) => each * power >= least * (1 - 1e-9)) ?? 10);
  return step * Math.ceil((furthest / step) * (1 - 1e-9));
}

/** The scale of an axis from zero to its end. */
export function fromZero(end: number) {
  return { domain: [0, end], zero: true, nice: false };
}
