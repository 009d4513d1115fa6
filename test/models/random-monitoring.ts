import type { RandomTools } from "./random-tools.ts";

/** One series of monitoring: how busy one GPU of a VM, or all of them, was in some hours of the last week. */
export interface UtilisationSeries {
  project: string;
  vm: string;
  /** The GPU, where the series is of one. */
  gpu: number | null;
  /** By hours since the first day, in whole percent. */
  points: Map<number, number>;
}

/** The first day of the week that monitoring was read for; it ends with yesterday. */
export const monitoredFrom = 37;

const isWeekend = (hour: number) => [0, 6].includes(Math.floor(hour / 24) % 7);

/** What monitoring saw of VMs: idle, busy, busy on weekdays, or not seen for some of the hours. */
export function randomMonitoring(
  { int, oneOf, chance }: RandomTools,
  vms: readonly { project: string; id: string }[],
  today: number,
): UtilisationSeries[] {
  return vms.flatMap(({ project, id: vm }): UtilisationSeries[] => {
    if (chance(30)) return [];
    const gpus = chance(40) ? [0, 1] : [null];
    const [weekday, weekend] = oneOf([
      [int(0, 6), int(0, 6)],
      [int(30, 90), int(0, 6)],
      [int(20, 60), int(20, 60)],
    ] as const);
    const busyUntil = chance(30) ? int(monitoredFrom, today) * 24 : 0;
    const from = (chance(30) ? int(monitoredFrom, today) : monitoredFrom) * 24 + int(0, 5);
    const to = (chance(15) ? int(monitoredFrom, today) : today) * 24;
    return gpus.map((gpu) => {
      const points = new Map<number, number>();
      for (let hour = from; hour < to; hour++) {
        if (hour % 11 === 0 && chance(30)) continue;
        const level = isWeekend(hour) ? weekend : weekday;
        points.set(hour, hour < busyUntil ? 80 : Math.max(0, level + (gpu ?? 0) - (hour % 3)));
      }
      return { project, vm, gpu, points };
    });
  });
}
