export interface SuiteOptions {
  /** How much usage by resource there is. */
  rows: number;
  /** How often each case is measured beside its rival. */
  pairs: number;
}

/** A case of the suite, and how what it measured stands to its rival. */
export interface Outcome {
  /** Its case, as --cases names it. */
  name: string;
  /** What was done, to how much. */
  what: string;
  /** What tally took. */
  tally: string;
  /** What the rival took, and what it is. */
  rival: string;
  /** What is judged; null where it is only told. */
  judged: { is: number; shown: string; target: string; isMet: boolean } | null;
}

export interface Skipped {
  name: string;
  /** Why it was not run. */
  reason: string;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
export const megabytes = (mb: number): string => `${Math.round(mb)} MB`;
export const timed = ({ elapsedMs, cpuMs }: { elapsedMs: number; cpuMs: number }): string =>
  `${seconds(elapsedMs)} (${seconds(cpuMs)} of processor)`;

/** A figure that has no target. */
export const told = (is: number, show: (value: number) => string): Outcome["judged"] => ({
  ...{ is, shown: show(is), target: "", isMet: true },
});

/** A figure that is to be no more than so much. */
export function atMost(is: number, most: number, show: (value: number) => string): Outcome["judged"] {
  return { is, shown: show(is), target: `at most ${show(most)}`, isMet: is <= most };
}

/** A figure that is to be no less than so much. */
export function atLeast(is: number, least: number, show: (value: number) => string): Outcome["judged"] {
  return { is, shown: show(is), target: `at least ${show(least)}`, isMet: is >= least };
}

export const times = (value: number): string => `${value.toFixed(2)} ×`;
