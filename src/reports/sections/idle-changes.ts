import { day, moneyLines, named, sumByCurrency } from "../figures.ts";
import { counted, formatMoney, listed } from "../format.ts";
import { type Html, html } from "../html.ts";
import { projectLink } from "../project-link.ts";
import { defineSection, priceMark, priceWords, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";

interface ChangeRow {
  change: string;
  changed_at: string;
  rule_id: string;
  rule_title: string;
  resource_kind: string;
  resource_id: string;
  resource_name: string | null;
  project_id: string | null;
  project_name: string | null;
  monthly_amount: string | null;
  currency: string | null;
}

export const idleChanges = defineSection<ChangeRow>({
  id: "idle-changes",
  title: "Found and mended",
  query: "idle_changes",
  view(rows, facts) {
    if (rows.length === 0) return null;
    const found = rows.filter(({ change }) => change === "found");
    const resolved = rows.filter(({ change }) => change === "resolved");
    const { period } = facts;
    const saved = amountsOf(resolved);
    const words = [
      `${counted(found.length, "idle resource was", "idle resources were")} found for the first time in ${period.name}`,
      resolved.length === 0
        ? "and none was mended"
        : `and ${counted(resolved.length, "was", "were")} mended${saved.size > 0 ? `, which saves ${listed([...saved].map(([currency, amount]) => formatMoney(amount, currency)))} a month` : ""}`,
    ];
    return {
      lead: html`${words.join(", ")}.${priceMark(facts)}`,
      table: html`${resolved.length > 0 && changeTable(resolved, "mended", "Mended", facts)}${found.length > 0 && changeTable(found, "found", "Found", facts)}`,
    };
  },
});

function amountsOf(rows: readonly ChangeRow[]): ReadonlyMap<string, string> {
  return sumByCurrency(
    rows.map(({ currency, monthly_amount }) => ({ currency: currency ?? "", monthly_amount })),
    (row) => row.monthly_amount,
  );
}

function changeTable(rows: readonly ChangeRow[], id: string, head: string, facts: ReportFacts): Html {
  return table(
    [
      {
        head: `${head} resource`,
        cell: (row) => named(row.resource_name ?? row.resource_id, row.resource_id),
        total: "All",
      },
      { head: "Finding", cell: (row) => row.rule_title },
      {
        head: "Project",
        cell: (row) =>
          row.project_id === null
            ? html`<span class="none">none</span>`
            : projectLink(facts, row.project_id, row.project_name ?? row.project_id),
      },
      { head: "On", cell: (row) => day(row.changed_at.slice(0, 10)) },
      {
        head: id === "mended" ? "Saved per month" : "Waste per month",
        mark: priceMark(facts),
        isNumber: true,
        cell: (row) =>
          row.monthly_amount === null
            ? html`<span class="none">unpriced</span>`
            : formatMoney(row.monthly_amount, row.currency ?? facts.build.currency),
        total: moneyLines(amountsOf(rows)),
      },
    ],
    rows,
    { id: `idle-${id}`, caption: `${head} in ${facts.period.name}${priceWords(facts)}`, shown: 10 },
  );
}
