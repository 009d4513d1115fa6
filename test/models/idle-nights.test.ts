import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { build } from "../../src/models/build.ts";
import { decimalText, hourText } from "./exact-text.ts";
import { openOrganization } from "./organization.ts";
import { randomTools } from "./random-tools.ts";
import type { RawRow } from "./raw-tables.ts";

/*
 * What was found and saved over several nights, told once more from decision 51 for disks that are attached, detached,
 * resized, deleted and made anew, while lists fail, the rule's numbers change, it is off, and a project goes.
 * Hours are counted from 20 September 2026; amounts are in 10^-10.
 */

vi.setConfig({ testTimeout: 240_000 });

const seed = Number(process.env.TALLY_TEST_SEED ?? 20_261_103);
const projects = ["alpha", "beta", "gamma"];
const minDays = 7;
const nights = 6;
/** What a GiB of each type costs in a month of 730 hours. */
const types = {
  "persistent-ssd": { price: "0.0001", monthly: 730_000_000n, currency: "USD" },
  "shared-volume": { price: "0.0003", monthly: 2_190_000_000n, currency: "EUR" },
  unpriced: { price: null, monthly: null, currency: null },
} as const;

interface Disk {
  id: string;
  project: string;
  type: keyof typeof types;
  size: number;
  /** Whether it is there, and attached, as it was seen last. */
  state: "attached" | "free" | "gone";
  /** The same, as it was when it was there last. */
  wasLast: "attached" | "free" | null;
  freeSince: number;
  firstSeen: number;
}

interface Night {
  now: number;
  /** The rule's number in force; null where it is off. */
  minDays: number | null;
}

interface Episode {
  id: string;
  firstFound: number;
  lastFound: number;
  closed: number | null;
  outcome: "standing" | "resolved" | "withdrawn";
  since: number;
  firstSeen: number;
  minDays: number;
  waste: bigint | null;
  currency: string | null;
}

const text = (amount: bigint | null) => (amount === null ? null : decimalText(amount, 10));
const monthOf = (hour: number) => `${hourText(hour).slice(0, 7)}-01`;
const sum = (amounts: (bigint | null)[]) => amounts.reduce<bigint>((all, one) => all + (one ?? 0n), 0n);

test("over any nights, what was found, stands, was saved and is withdrawn equals an independent account", async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const { int, oneOf, chance } = randomTools(g);
      const disks = Array.from(
        { length: 14 },
        (_, at): Disk => ({
          id: `disk-${at}`,
          project: oneOf(projects),
          type: oneOf(["persistent-ssd", "persistent-ssd", "shared-volume", "unpriced"] as const),
          size: 0,
          state: "gone",
          wasLast: null,
          freeSince: 0,
          firstSeen: Number.POSITIVE_INFINITY,
        }),
      );
      const suppressions = disks
        .slice(0, 5)
        .map(({ id }) => ({ id, until: chance(30) ? null : int(0, 70) * 24 }));
      const analytics = await openOrganization({
        rows: { projects: projects.map((id) => ({ id, name: id })) },
        files: {
          "prices.csv": [
            "resource_type,unit_price,currency",
            ...Object.entries(types).flatMap(([type, { price, currency }]) =>
              price === null ? [] : [`${type},${price},${currency}`],
            ),
          ].join("\n"),
          "suppressions.csv": [
            "rule_id,resource_id,until,reason",
            ...suppressions.map(({ id, until }) =>
              ["unattached_disk", id, until === null ? "" : hourText(until).slice(0, 10), "meant so"].join(
                ",",
              ),
            ),
          ].join("\n"),
        },
      });
      const { warehouse } = analytics.context;
      const episodes: Episode[] = [];
      const standing = (id: string) => episodes.find((one) => one.id === id && one.outcome === "standing");
      const lastRead = new Map<string, { disks: number; isGood: boolean }>();
      const goneProjects = new Set<string>();
      let now = 6;
      let last = now;
      for (let nth = 0; nth < nights; nth++) {
        const night: Night = { now, minDays: chance(15) ? null : chance(20) ? 20 : minDays };
        if (nth === nights - 1) night.minDays = minDays;
        const readAt = now - 5;
        const rows: RawRow[] = [];
        const reads: RawRow[] = [];
        if (nth > 2 && goneProjects.size === 0 && chance(40)) {
          goneProjects.add("gamma");
          await warehouse.run("update raw.projects set _valid_to = $at::timestamp where id = 'gamma'", {
            at: hourText(readAt),
          });
          await warehouse.run(
            "update raw.disks set _valid_to = $at::timestamp where project_id = 'gamma' and _valid_to is null",
            { at: hourText(readAt) },
          );
          reads.push({
            stream: "projects",
            project_id: null,
            attempted_at: hourText(readAt),
            status: "complete",
          });
        }
        for (const project of projects.filter((id) => !goneProjects.has(id))) {
          const before = lastRead.get(project);
          const [areDisksRead, areVmsRead] = [nth === 0 || chance(75), nth === 0 || chance(90)];
          for (const [stream, isRead] of [["disks", areDisksRead] as const, ["vms", areVmsRead] as const]) {
            const status = isRead ? "complete" : "failed";
            reads.push({ stream, project_id: project, attempted_at: hourText(readAt), status });
          }
          const isGood = areDisksRead && areVmsRead;
          lastRead.set(project, { disks: areDisksRead ? readAt : (before?.disks ?? 0), isGood });
          if (!areDisksRead) continue;
          for (const disk of disks.filter((one) => one.project === project && chance(nth === 0 ? 80 : 45))) {
            const was = disk.state;
            // What changed did so since the last good reading.
            const changedAt = int((before?.disks ?? readAt - 40 * 24) + 1, readAt);
            // Since when one is free that was gone from its VM is not decided; so none comes back.
            if (was === "gone" && disk.wasLast === "attached") continue;
            disk.state = oneOf(["attached", "free", "free", "gone"] as const);
            // One that a list left out for a while and that is there again was free all the while.
            if (disk.state === "free" && disk.wasLast !== "free") disk.freeSince = changedAt;
            if (disk.state !== "gone") disk.wasLast = disk.state;
            if (was !== "gone") {
              await warehouse.run(
                "update raw.disks set _valid_to = $at::timestamp where id = $id and _valid_to is null",
                { at: hourText(readAt), id: disk.id },
              );
            }
            if (disk.state === "gone") continue;
            disk.size = int(1, 50) * 100;
            disk.firstSeen = Math.min(disk.firstSeen, readAt);
            rows.push({
              project_id: project,
              id: disk.id,
              name: disk.id,
              type: disk.type,
              size: `${disk.size}GiB`,
              location: "us-east1-a",
              attached_to: disk.state === "free" ? [] : [{ vm_id: "vm", attachment_type: "data" }],
              created_at: hourText(-2000),
              updated_at: hourText(changedAt),
              _valid_from: hourText(readAt),
            });
          }
        }
        await analytics.insert("disks", rows);
        await analytics.insert("read_windows", reads);
        const { context } = analytics;
        context.config.idle =
          night.minDays === null
            ? [{ ruleId: "unattached_disk", enabled: false }]
            : [{ ruleId: "unattached_disk", minDays: night.minDays }];
        const effects = { ...context.effects, now: () => new Date(`${hourText(now).replace(" ", "T")}Z`) };
        await build({ ...context, effects }, { select: "+fct_idle_history,+fct_idle_findings" });

        // The same night by the decision.
        for (const disk of disks) {
          const { id, project, state, freeSince, type, size } = disk;
          const open = standing(id);
          const isFree = state === "free" && !goneProjects.has(project);
          const isFound = night.minDays !== null && isFree && freeSince + night.minDays * 24 <= now;
          if (isFound) {
            const { monthly, currency } = types[type];
            const found = {
              lastFound: now,
              since: freeSince,
              firstSeen: Math.max(freeSince + (night.minDays ?? 0) * 24, disk.firstSeen),
              minDays: night.minDays ?? 0,
              waste: monthly === null ? null : monthly * BigInt(size),
              currency,
            };
            if (open) Object.assign(open, found);
            else episodes.push({ id, firstFound: now, closed: null, outcome: "standing", ...found });
          } else if (open && goneProjects.has(project))
            Object.assign(open, { closed: now, outcome: "withdrawn" });
          // Unless its lists were read well nothing tells, nor does a rule that is off.
          else if (open && night.minDays !== null && lastRead.get(project)?.isGood) {
            const outcome = night.minDays === open.minDays ? "resolved" : "withdrawn";
            Object.assign(open, { closed: now, outcome });
          }
        }
        last = now;
        now += int(5, 16) * 24;
      }
      expect(episodes.length).toBeGreaterThan(0);

      const kept = await analytics.all(`
        select
          resource_id as id, first_found_at, last_found_at, closed_at, outcome, idle_since, counted_monthly_waste,
          saved_per_month, currency
        from marts.fct_idle_episodes
        order by resource_id, first_found_at`);
      const byId = (a: Episode, b: Episode) =>
        a.id === b.id ? a.firstFound - b.firstFound : a.id < b.id ? -1 : 1;
      expect(kept).toEqual(
        [...episodes].sort(byId).map((one) => ({
          id: one.id,
          first_found_at: hourText(one.firstFound),
          last_found_at: hourText(one.lastFound),
          closed_at: one.closed === null ? null : hourText(one.closed),
          outcome: one.outcome,
          idle_since: hourText(one.since),
          counted_monthly_waste: text(one.waste),
          saved_per_month: one.outcome === "resolved" ? text(one.waste) : null,
          currency: one.currency,
        })),
      );

      const findings = await analytics.all(`
        select
          resource_id as id, status, suppressed_until, idle_days::integer as idle_days, first_seen_at, last_seen_at,
          resolved_at
        from marts.fct_idle_findings
        order by resource_id`);
      const latest = [...new Map([...episodes].sort(byId).map((one) => [one.id, one])).values()];
      expect(findings).toEqual(
        latest.flatMap((one) => {
          const isFound = one.lastFound === last;
          if (!isFound && one.outcome !== "resolved") return [];
          const until = suppressions.find(({ id }) => id === one.id)?.until;
          const isSuppressed = isFound && until !== undefined && (until === null || until + 24 > last);
          const project = disks.find(({ id }) => id === one.id)?.project ?? "";
          return [
            {
              id: one.id,
              status: !isFound ? "resolved" : isSuppressed ? "suppressed" : "open",
              suppressed_until: isSuppressed && until !== null ? hourText(until).slice(0, 10) : null,
              idle_days: Math.floor(((one.closed ?? last) - one.since) / 24),
              first_seen_at: hourText(one.firstSeen),
              last_seen_at: hourText(isFound ? (lastRead.get(project)?.disks ?? 0) : one.lastFound),
              resolved_at: one.closed === null ? null : hourText(one.closed),
            },
          ];
        }),
      );

      const history = await analytics.all(`
        select
          month_start, currency, found_count::integer as found, found_monthly_waste, resolved_count::integer as resolved,
          saved_per_month, withdrawn_count::integer as withdrawn, standing_count::integer as standing,
          standing_monthly_waste, saved_per_month_to_date
        from marts.fct_idle_history
        order by currency nulls first, month_start`);
      const expected = [null, "EUR", "USD"].flatMap((currency) => {
        const own = episodes.filter((one) => one.currency === currency);
        const months = [...new Set(history.map((row) => String(row.month_start)))].sort();
        const begun = months.filter((month) => own.some(({ firstFound }) => monthOf(firstFound) <= month));
        const amount = (some: Episode[]) =>
          currency === null ? null : text(sum(some.map(({ waste }) => waste)));
        return begun.map((month) => {
          const closedIn = (outcome: string) =>
            own.filter(
              (one) => one.outcome === outcome && one.closed !== null && monthOf(one.closed) === month,
            );
          const found = own.filter(({ firstFound }) => monthOf(firstFound) === month);
          const stood = own.filter(
            ({ firstFound, closed }) =>
              monthOf(firstFound) <= month && (closed === null || monthOf(closed) > month),
          );
          const saved = own.filter(
            ({ outcome, closed }) => outcome === "resolved" && closed !== null && monthOf(closed) <= month,
          );
          return {
            month_start: month,
            currency,
            found: found.length,
            found_monthly_waste: amount(found),
            resolved: closedIn("resolved").length,
            saved_per_month: amount(closedIn("resolved")),
            withdrawn: closedIn("withdrawn").length,
            standing: stood.length,
            standing_monthly_waste: amount(stood),
            saved_per_month_to_date: amount(saved),
          };
        });
      });
      expect(history).toEqual(expected);
    }),
    { seed, numRuns: 2, endOnFailure: true },
  );
});
