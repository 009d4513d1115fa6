import { dayText, decimalText, hourText } from "./exact-text.ts";
import { accountFindings } from "./independent-account-findings.ts";
import { type Finding, idleRules, now } from "./independent-idle.ts";
import { monitoringFindings } from "./independent-monitoring.ts";
import { storageFindings } from "./independent-storage-findings.ts";
import { least, type Sums } from "./independent-sums.ts";
import { dateOf } from "./independent-trend.ts";
import { usageFindings } from "./independent-usage-findings.ts";
import { type RandomOrganization, today } from "./random-organization.ts";
import type { SuppressionLine } from "./random-suppressions.ts";

/** What all of the idle rules find in a random organisation, from their meaning and the decisions on them. */
export function findingsIn(organization: RandomOrganization): Sums<Finding> {
  const found: Sums<Finding> = new Map();
  storageFindings(organization, found);
  accountFindings(organization, found);
  usageFindings(organization, found);
  monitoringFindings(organization, found);
  return found;
}

/** The line of suppressions.csv that holds longest, of those that hold today. */
function suppressionOf(organization: RandomOrganization, { rule, id }: Finding): SuppressionLine | null {
  const holding = organization.suppressions.filter(
    (line) =>
      (line.rule === null || line.rule === rule) &&
      (line.resource === null || line.resource === id) &&
      (line.until === null || line.until >= today),
  );
  const end = ({ until }: SuppressionLine) => until ?? Number.POSITIVE_INFINITY;
  return holding.sort((a, b) => end(b) - end(a))[0] ?? null;
}

export interface CountedFinding extends Finding {
  suppression: SuppressionLine | null;
  /** What of its waste no other finding counts. */
  counted: bigint | null;
  /** The first rule that counts a part of it instead. */
  overlaps: string | null;
}

const ruleNames = [...idleRules.keys()];

/** The findings with each cost counted once: by the first rule that is open, then by the first that is suppressed. */
export function countedFindings(organization: RandomOrganization): CountedFinding[] {
  const counted = new Map<string, { amount: bigint; rule: string }>();
  return [...findingsIn(organization).values()]
    .map((finding) => ({ finding, suppression: suppressionOf(organization, finding) }))
    .sort(
      (a, b) =>
        Number(a.suppression !== null) - Number(b.suppression !== null) ||
        ruleNames.indexOf(a.finding.rule) - ruleNames.indexOf(b.finding.rule),
    )
    .map(({ finding, suppression }): CountedFinding => {
      const { rule, id, cost, parts } = finding;
      if (cost === null) return { ...finding, suppression, counted: null, overlaps: null };
      let own = cost.amount;
      const others: string[] = [];
      for (const [resource, amount] of parts ?? [
        [`${idleRules.get(rule)?.resource_kind}:${id}`, cost.amount],
      ]) {
        const before = counted.get(resource);
        if (before === undefined) {
          counted.set(resource, { amount, rule });
          continue;
        }
        // What an earlier rule counts of the resource is counted, and only what is more is added.
        const both = least(before.amount, amount);
        own -= both;
        if (both > 0n) others.push(before.rule);
        if (amount > before.amount) counted.set(resource, { ...before, amount });
      }
      const [overlaps] = others.sort((a, b) => ruleNames.indexOf(a) - ruleNames.indexOf(b));
      return { ...finding, suppression, counted: own, overlaps: overlaps ?? null };
    });
}

/** What stands in a list of a project's. */
function listedIn({ vms, disks, snapshots, account }: RandomOrganization) {
  const { groups, images, templates, networks, subnets, balancers } = account;
  return [vms, disks, snapshots, groups, images, templates, networks, subnets, balancers].flat();
}

const longAgo = (Date.UTC(2026, 0, 1) - dateOf(0).getTime()) / 3_600_000;

/** When the resource was first seen. */
function firstSeen(organization: RandomOrganization, { id }: Finding): number {
  const { reservations } = organization;
  const one = listedIn(organization).find((thing) => thing.id === id);
  if (one) return one.firstSeenAt;
  // Projects, tokens and keys are seen since before all, as raw-tables.ts has it.
  return reservations.some((reservation) => reservation.id === id) ? 6 : longAgo;
}

/** When the list that it stands in was last read well; null where that was never. */
function lastSeen(organization: RandomOrganization, { rule, id }: Finding): number | null {
  const { listReads, account } = organization;
  const { resource_kind: kind, rests_on: restsOn } = idleRules.get(rule) ?? {};
  const balancer = account.balancers.find((one) => one.id === id);
  const stream = kind === "load_balancer" ? `${balancer?.kind}s` : restsOn?.split(" ")[0];
  const project = listedIn(organization).find((thing) => thing.id === id)?.project ?? null;
  const reads = listReads.filter((read) => read.stream === stream && read.project === project);
  const good = reads.filter(({ status }) => status === "complete").map(({ at }) => at);
  return good.length > 0 ? Math.max(...good) : null;
}

const text = (amount: bigint | null | undefined) =>
  amount === null || amount === undefined ? null : decimalText(amount, 10);

export function expectedFindings(organization: RandomOrganization): Sums<unknown> {
  return new Map(
    countedFindings(organization).map((finding) => {
      const { rule, id, since, reportableFrom, cost, suppression, counted, overlaps } = finding;
      const seen = lastSeen(organization, finding);
      return [
        `${rule} ${id}`,
        {
          idle_since: hourText(since),
          idle_days: Math.floor((now - since) / 24),
          monthly_waste: text(cost?.amount),
          currency: cost?.currency ?? null,
          counted_monthly_waste: text(counted),
          overlaps_rule_id: overlaps,
          status: suppression === null ? "open" : "suppressed",
          suppressed_until:
            suppression === null || suppression.until === null ? null : dayText(suppression.until),
          last_seen_at: seen === null ? null : hourText(seen),
          first_seen_at: hourText(Math.max(reportableFrom, firstSeen(organization, finding))),
        },
      ];
    }),
  );
}
