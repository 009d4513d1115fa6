import {
  type Day,
  dayOf,
  type Instant,
  type Interval,
  intersect,
  secondsPerDay,
  startOfDay,
  without,
} from "../instant.ts";
import { hexOf, randomOf } from "../random.ts";
import type { FleetEntry, ScenarioFile } from "./format.ts";

/** One VM of a fleet: when it lived, and when it ran. */
export interface VmPlan {
  name: string;
  /** Its place in the fleet, from 0; when it goes, another may take it. */
  slot: number;
  createdAt: Instant;
  deletedAt: Instant | null;
  runs: Interval[];
}

type Seed = ScenarioFile["seed"];
type Incident = ScenarioFile["incidents"][number];

/** The lives of all VMs that the fleet ever had until `until`; who still lives then lives on. */
export function planFleet(
  fleet: FleetEntry,
  seed: Seed,
  until: Instant,
  incidents: readonly Incident[],
): VmPlan[] {
  const end = Math.min(fleet.to ?? until, until);
  const firstDay = dayOf(fleet.from);
  const sizes: number[] = [];
  for (let day = firstDay; startOfDay(day) < end; day++) {
    sizes.push(sizeAt(fleet, Math.max(fleet.from, startOfDay(day))));
  }
  const life: FleetLife = { fleet, seed, firstDay, sizes, end, isOpen: end === until };
  const plans: VmPlan[] = [];
  for (let slot = 0; slot < Math.max(0, ...sizes); slot++) {
    for (const stretch of stretches(life, slot)) {
      for (const lifetime of generations(life, slot, stretch)) {
        const plan = planVm(life, slot, lifetime, incidents);
        if (plan) plans.push(plan);
      }
    }
  }
  return plans;
}

interface FleetLife {
  fleet: FleetEntry;
  seed: Seed;
  firstDay: Day;
  /** VMs wanted on each day from the first. */
  sizes: readonly number[];
  end: Instant;
  /** Whether what still lives at the end lives on. */
  isOpen: boolean;
}

/** How many VMs the fleet is to have at an instant. */
export function sizeAt({ vms, growth }: Pick<FleetEntry, "vms" | "growth">, at: Instant): number {
  if (typeof vms === "number") return vms;
  const past = vms.findLast((step) => step.at <= at);
  const next = vms.find((step) => step.at > at);
  if (!past) return 0;
  if (growth === "step" || !next) return past.vms;
  return Math.round(past.vms + ((next.vms - past.vms) * (at - past.at)) / (next.at - past.at));
}

/** The times in which the fleet is large enough to have that slot. */
function stretches({ fleet, seed, firstDay, sizes, end, isOpen }: FleetLife, slot: number): Interval[] {
  const random = randomOf(seed, "fleet", fleet.name, "slot", slot);
  const found: Interval[] = [];
  let begun: Instant | null = null;
  sizes.forEach((size, position) => {
    const start = Math.max(fleet.from, startOfDay(firstDay + position));
    // Machines come up and go within the day's first hour, not all in its first second.
    if (size > slot && begun === null) begun = start + Math.floor(random() * 3600);
    if (size <= slot && begun !== null) {
      found.push({ from: begun, to: start + Math.floor(random() * 3600) });
      begun = null;
    }
  });
  if (begun !== null && begun < end) found.push({ from: begun, to: isOpen ? null : end });
  return found;
}

/** Cuts a stretch where one VM is replaced by the next. */
function generations({ fleet, seed, end }: FleetLife, slot: number, stretch: Interval): Interval[] {
  if (fleet.lifetime_days === undefined) return [stretch];
  const random = randomOf(seed, "fleet", fleet.name, "generations", slot, stretch.from);
  const cut: Interval[] = [];
  let from = stretch.from;
  for (;;) {
    const to = from + Math.floor(fleet.lifetime_days * secondsPerDay * (0.6 + 0.8 * random()));
    if (to >= (stretch.to ?? end)) return [...cut, { from, to: stretch.to }];
    cut.push({ from, to });
    // The replacement takes some minutes to come up.
    from = to + 120 + Math.floor(random() * 900);
    if (from >= (stretch.to ?? end)) return cut;
  }
}

function planVm(
  life: FleetLife,
  slot: number,
  lifetime: Interval,
  incidents: readonly Incident[],
): VmPlan | null {
  const { fleet, seed } = life;
  const suffix = hexOf(4, seed, "fleet", fleet.name, slot, lifetime.from).toLowerCase();
  const name = `${fleet.name}-${String(slot + 1).padStart(2, "0")}-${suffix}`;
  let runs = runsOf(life, slot, lifetime);
  for (const incident of incidents) {
    if (incident.location !== undefined && incident.location !== fleet.location) continue;
    if (incident.fleets !== undefined && !incident.fleets.includes(fleet.name)) continue;
    const random = randomOf(seed, "incident", incident.name, name);
    if (random() >= incident.share) continue;
    const delay = () => Math.floor(random() * 300);
    runs = without(runs, { from: incident.from + delay(), to: incident.to + delay() });
  }
  const [first] = runs;
  return first ? { name, slot, createdAt: first.from, deletedAt: lifetime.to, runs } : null;
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** When the VM runs within its lifetime: day and night, or in the hours of its fleet. */
function runsOf(
  { fleet, seed, firstDay, sizes, end }: FleetLife,
  slot: number,
  lifetime: Interval,
): Interval[] {
  const random = randomOf(seed, "fleet", fleet.name, "runs", slot, lifetime.from);
  const spans: { from: Instant; to: Instant }[] = [];
  const last = dayOf((lifetime.to ?? end) - 1);
  for (let day = dayOf(lifetime.from); day <= last; day++) {
    const size = sizes[day - firstDay] ?? 0;
    const midnight = startOfDay(day);
    const isAlwaysOn = slot < Math.round(fleet.always_on * size);
    if (isAlwaysOn || !fleet.daily) {
      spans.push({ from: midnight, to: midnight + secondsPerDay });
      continue;
    }
    const { from, hours, days, presence } = fleet.daily;
    const weekday = weekdays[(day + 4) % 7];
    const isPresent = random() < presence;
    if (weekday && days.includes(weekday) && isPresent) {
      spans.push({ from: midnight + from, to: midnight + from + Math.floor(hours * 3600) });
    }
  }
  const jitterSeconds = (fleet.daily?.jitter_minutes ?? 0) * 60;
  const jitter = () => Math.floor((random() * 2 - 1) * jitterSeconds);
  const uneven = merged(spans).map(({ from, to }) => ({
    from: from % secondsPerDay === 0 ? from : from + jitter(),
    to: to % secondsPerDay === 0 ? to : to + jitter(),
  }));
  return merged(uneven).flatMap(({ from, to }) => {
    const isStillOn = lifetime.to === null && to >= end;
    return intersect({ from, to: isStillOn ? null : to }, lifetime) ?? [];
  });
}

/** Joins spans that touch or overlap; they come in order. */
function merged(spans: readonly { from: Instant; to: Instant }[]): { from: Instant; to: Instant }[] {
  const joined: { from: Instant; to: Instant }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else if (span.from < span.to) joined.push({ ...span });
  }
  return joined;
}
