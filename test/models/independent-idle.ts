import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { idleRulesFile } from "../../src/idle-settings.ts";
import { divided, known, type Priced, priceOf, type Sums, total } from "./independent-sums.ts";
import {
  type PriceLine,
  type RandomOrganization,
  type Resource,
  type RuleSetting,
  today,
  typeNamed,
  type Vm,
} from "./random-organization.ts";

/** What the independent idle rules have in common; amounts are in 10^-10, times in hours since the first day. */

export interface Cost {
  amount: bigint;
  currency: string;
}

/** What a rule finds, as far as it is said alone. */
export interface Finding {
  rule: string;
  id: string;
  since: number;
  /** From when on it can be told. */
  reportableFrom: number;
  cost: Cost | null;
  /** Whose cost it is, by kind and id, where that is not its own. */
  parts: [resource: string, amount: bigint][] | null;
}

export const now = today * 24 + 6;

/** The rules as they ship, by name. */
export const idleRules = new Map(
  (parse(readFileSync(idleRulesFile), { columns: true }) as Record<string, string>[]).map((row) => [
    row.rule_id ?? "",
    row,
  ]),
);

/** A rule's number in force: that of tally.toml, else the default. */
function setting(organization: RandomOrganization, rule: string, name: keyof RuleSetting): number {
  return organization.idleSettings[rule]?.[name] ?? Number(idleRules.get(rule)?.[name]);
}

export const minHours = (organization: RandomOrganization, rule: string) =>
  setting(organization, rule, "min_days") * 24;
export const windowDays = (organization: RandomOrganization, rule: string) =>
  setting(organization, rule, "window_days");
/** The threshold in hundredths. */
export const hundredths = (organization: RandomOrganization, rule: string) =>
  Math.round(setting(organization, rule, "threshold") * 100);

/** The findings of a rule; what is reported only later is none yet. */
export function findingsOf(organization: RandomOrganization, rule: string, found: Sums<Finding>) {
  return (
    id: string,
    since: number,
    cost: Cost | null,
    reportableFrom = since + minHours(organization, rule),
    parts: Finding["parts"] = null,
  ): void => {
    if (reportableFrom > now) return;
    found.set(`${rule} ${id}`, { rule, id, since, reportableFrom, cost, parts });
  };
}

/** What so many units, in 10^-places, cost in a month of 730 hours at today's price. */
export function monthly(
  prices: readonly PriceLine[],
  priced: Priced,
  units: bigint,
  places: number,
): Cost | null {
  const price = priceOf(prices, priced, today);
  if (price === null) return null;
  const amount = divided(units * price.price * 730n * 10n ** 2n, 10n ** BigInt(places));
  return { amount, currency: price.currency };
}

/** The sum of costs, where all are known and in one currency. */
export function summed(costs: readonly (Cost | null)[]): Cost | null {
  const [first] = costs;
  if (!first || costs.some((cost) => cost?.currency !== first.currency)) return null;
  return { ...first, amount: total(costs.map((cost) => cost?.amount ?? 0n)) };
}

export const diskCost = ({ prices }: RandomOrganization, { project }: Resource, size: bigint): Cost | null =>
  monthly(
    prices,
    {
      project,
      region: "us-east1",
      type: "persistent-ssd",
      metric: "storage",
      reservation: null,
      category: "on_demand",
    },
    size,
    9,
  );

export const isMetered = (organization: RandomOrganization, type: string) =>
  known(organization).some(({ quantity, ...row }) => quantity > 0n && row.type.toLowerCase() === type);

export const categoryOf = ({ reservation, isSpot }: Vm) =>
  reservation !== null ? "committed" : isSpot ? "spot" : "on_demand";

/** What a VM costs as it runs, or would if it were of another type or category. */
export function vmCost(
  organization: RandomOrganization,
  vm: Vm,
  { type = vm.type, category = categoryOf(vm) }: Partial<Pick<Priced, "type" | "category">> = {},
): Cost | null {
  const gpus = typeNamed(type)?.gpus ?? null;
  const hasGpus = gpus !== 0;
  const byGpu = organization.meteredBy === "gpu" && (hasGpus || isMetered(organization, type));
  // Without GPUs, or where nothing says how many, there are no GPU-hours to be priced.
  if (byGpu && (gpus ?? 0) === 0) return null;
  const { project, reservation } = vm;
  const metric = byGpu ? "gpu" : "instance";
  return monthly(
    organization.prices,
    { project, region: "us-east1", type, metric, reservation, category },
    byGpu ? BigInt(gpus ?? 0) : 1n,
    0,
  );
}

export const standing = <T extends { goneAt: number | null }>(things: readonly T[]): T[] =>
  things.filter(({ goneAt }) => goneAt === null);

interface Changing {
  project: string;
  changedAt: number | null;
  firstSeenAt: number;
  updatedAt: number;
  createdAt: number;
}

/** Since when it is as it is: its own time of change or the first sight, and no sooner than it can have been. */
export function since(
  { listReads }: RandomOrganization,
  { project, changedAt, firstSeenAt, updatedAt, createdAt }: Changing,
  stream: string,
): number {
  const seenOtherwise = listReads
    .filter((read) => read.stream === stream && read.project === project && read.status === "complete")
    .map(({ at }) => at)
    .filter((at) => changedAt !== null && at >= firstSeenAt && at < changedAt);
  return Math.max(Math.min(changedAt ?? firstSeenAt, updatedAt), createdAt, ...seenOtherwise);
}

/** Since when a VM is stopped; one that was metered later than its entry says, since the end of that day. */
export function stoppedSince(organization: RandomOrganization, vm: Vm): number {
  const stopped = since(organization, vm, "vms");
  const { meteredOn } = vm;
  return meteredOn !== null && meteredOn > Math.floor(stopped / 24) ? (meteredOn + 1) * 24 : stopped;
}

export function lastStatus({ listReads }: RandomOrganization, stream: string, project: string | null) {
  const reads = listReads.filter((read) => read.stream === stream && read.project === project);
  return reads.sort((a, b) => a.at - b.at).at(-1)?.status ?? null;
}

/** Whether lists were read well last time; one that is not offered has nothing in it, unless it must be there. */
export function areRead(
  organization: RandomOrganization,
  project: string,
  needed: readonly string[],
  mayBeMissing: readonly string[] = [],
): boolean {
  return (
    needed.every((stream) => lastStatus(organization, stream, project) === "complete") &&
    mayBeMissing.every((stream) =>
      ["complete", "not_offered"].includes(lastStatus(organization, stream, project) ?? ""),
    )
  );
}
