import { holds, type Instant, secondsPerDay } from "./instant.ts";
import { drawOf, randomOf } from "./random.ts";
import type { Vm } from "./state.ts";

/**
 * How busy a VM's GPUs are, in percent, as a curve over time that is the same for the same VM: its mean, a wave
 * over the day, and noise from minute to minute. Null where it does not run, or is not watched.
 */
export function utilisationOf(vm: Vm): (at: Instant) => number | null {
  const { utilisation } = vm;
  if (!utilisation) return () => null;
  const { mean, dailySwing, peakAt, noise, weekendMean } = utilisation;
  const seed = Math.floor(randomOf("utilisation", vm.id)() * 2 ** 32);
  return (at) => {
    const isUp = vm.createdAt <= at && (vm.deletedAt === null || at < vm.deletedAt);
    if (!isUp || !vm.runs.some((run) => holds(run, at))) return null;
    const wave = Math.cos((2 * Math.PI * ((at % secondsPerDay) - peakAt)) / secondsPerDay);
    const stray = 2 * drawOf(seed, Math.floor(at / 60)) - 1;
    const steady = weekendMean !== null && isWeekend(at) ? weekendMean : mean + dailySwing * wave;
    const busy = steady + noise * stray;
    return Math.round(Math.min(1, Math.max(0, busy)) * 10_000) / 100;
  };
}

/** The first day of 1970 was a Thursday. */
const isWeekend = (at: Instant): boolean => (Math.floor(at / secondsPerDay) + 3) % 7 >= 5;
