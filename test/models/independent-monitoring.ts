import {
  type Cost,
  type Finding,
  findingsOf,
  hundredths,
  lastStatus,
  minHours,
  since,
  standing,
  vmCost,
  windowDays,
} from "./independent-idle.ts";
import { divided, type Sums } from "./independent-sums.ts";
import { monitoredFrom } from "./random-monitoring.ts";
import { type RandomOrganization, resourceTypes, today, typeNamed, type Vm } from "./random-organization.ts";

/** An hour in which a VM was up and measured; how busy it was in half percents. */
interface Hour {
  at: number;
  busy: number;
}

const isWeekend = ({ at }: Hour) => [0, 6].includes(Math.floor(at / 24) % 7);
const busyIn = (hours: readonly Hour[]) => hours.reduce((sum, { busy }) => sum + busy, 0);

/** The hours since it came up; of several GPUs the mean of those that were seen. */
function hoursOf({ monitoring }: RandomOrganization, vm: Vm, up: number): Hour[] {
  const series = monitoring.filter((one) => one.vm === vm.id);
  const hours = [...new Set(series.flatMap(({ points }) => [...points.keys()]))];
  return hours
    .filter((at) => at >= up)
    .sort((a, b) => a - b)
    .map((at) => {
      const values = series.flatMap(({ points }) => points.get(at) ?? []);
      return { at, busy: (values.reduce((sum, value) => sum + value, 0) * 2) / values.length };
    });
}

const part = (cost: Cost | null, of: number, all: number): Cost | null =>
  cost && { ...cost, amount: divided(cost.amount * BigInt(of), BigInt(all)) };

/** What the rules that judge by monitoring should find. */
export function monitoringFindings(organization: RandomOrganization, found: Sums<Finding>): void {
  for (const vm of standing(organization.vms)) {
    const gpus = typeNamed(vm.type)?.gpus ?? 0;
    if (vm.state !== "running" || gpus === 0) continue;
    if (lastStatus(organization, "metrics_timeseries", vm.project) !== "complete") continue;
    const up = since(organization, vm, "vms");
    const hours = hoursOf(organization, vm, up);
    idle(organization, vm, up, hours, found);
    weekends(organization, vm, up, hours, found);
    smaller(organization, vm, up, hours, found);
  }
}

function idle(
  organization: RandomOrganization,
  vm: Vm,
  up: number,
  hours: readonly Hour[],
  found: Sums<Finding>,
): void {
  const rule = "gpu_vm_low_utilization";
  const isBelow = (last: number) => {
    const within = hours.filter(({ at }) => at < (last + 1) * 24);
    return (
      within.length > 0 &&
      within.length >= minHours(organization, rule) &&
      busyIn(within) < within.length * hundredths(organization, rule) * 2
    );
  };
  if (!isBelow(today - 1)) return;
  let opening = today - 1;
  while (opening > monitoredFrom && isBelow(opening - 1)) opening--;
  const first = Math.floor((hours[0]?.at ?? 0) / 24) * 24;
  const cost = part(vmCost(organization, vm), hours.length * 200 - busyIn(hours), hours.length * 200);
  findingsOf(organization, rule, found)(vm.id, Math.max(first, up), cost, (opening + 1) * 24);
}

function weekends(
  organization: RandomOrganization,
  vm: Vm,
  up: number,
  hours: readonly Hour[],
  found: Sums<Finding>,
): void {
  const rule = "weekend_only_waste";
  const share = hundredths(organization, rule) * 2;
  const weekend = hours.filter(isWeekend);
  const weekdays = hours.filter((hour) => !isWeekend(hour));
  if (weekend.length === 0 || weekend.length < minHours(organization, rule)) return;
  if (busyIn(weekend) >= weekend.length * share) return;
  if (weekdays.length === 0 || busyIn(weekdays) < weekdays.length * share) return;
  const first = Math.floor((weekend[0]?.at ?? 0) / 24) * 24;
  // As many hours of a month are at weekends as of the window that was looked at.
  const cost = part(vmCost(organization, vm), weekend.length, windowDays(organization, rule) * 24);
  const over = (Math.floor((weekend.at(-1)?.at ?? 0) / 24) + 1) * 24;
  findingsOf(organization, rule, found)(vm.id, Math.max(first, up), cost, over);
}

function smaller(
  organization: RandomOrganization,
  vm: Vm,
  up: number,
  hours: readonly Hour[],
  found: Sums<Finding>,
): void {
  const rule = "smaller_type_candidate";
  const gpus = typeNamed(vm.type)?.gpus ?? 0;
  const line = (type: string) => type.replace(/\.\d+x$/, "");
  const [offer] = resourceTypes
    .filter(({ rows, name }) => rows.some(({ _valid_to }) => !_valid_to) && line(name) === line(vm.type))
    .filter((type) => (type.gpus ?? 0) * 2 >= gpus && (type.gpus ?? gpus) < gpus)
    .sort((a, b) => (a.gpus ?? 0) - (b.gpus ?? 0));
  if (!offer || vm.reservation !== null) return;
  const peak = Math.max(0, ...hours.map(({ busy }) => busy));
  if (hours.length === 0 || hours.length < minHours(organization, rule)) return;
  if (peak >= hundredths(organization, rule) * 2) return;
  const own = vmCost(organization, vm);
  const other = vmCost(organization, vm, { type: offer.name });
  const saved =
    own && other && own.currency === other.currency ? { ...own, amount: own.amount - other.amount } : null;
  if (saved !== null && saved.amount <= 0n) return;
  const first = Math.max(Math.floor((hours[0]?.at ?? 0) / 24) * 24, up);
  findingsOf(organization, rule, found)(vm.id, first, saved);
}
