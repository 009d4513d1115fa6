import { type Action, actionsOf } from "../action.ts";
import { type Bar, barsChart } from "../charts/bars.ts";
import { inSentence } from "../charts/label.ts";
import { compare, isZero } from "../decimal.ts";
import { moneyLines, named, sumByCurrency } from "../figures.ts";
import { counted, currencyPrefix, formatCount, formatMoney, listed } from "../format.ts";
import { type Html, html, name } from "../html.ts";
import { instantName, shortDate } from "../month.ts";
import { projectLink } from "../project-link.ts";
import { defineSection, priceMark, priceWords, type ReportFacts, type SectionContent } from "../section.ts";
import { type Column, table } from "../table.ts";

interface FindingRow {
  status: string;
  severity: string;
  rule_id: string;
  rule_title: string;
  resource_kind: string;
  resource_id: string;
  resource_name: string | null;
  project_id: string | null;
  project_name: string | null;
  location: string | null;
  idle_since: string | null;
  idle_days: number | null;
  monthly_waste: string | null;
  /** What of the waste no other finding counts: what sums are made of. */
  counted_monthly_waste: string | null;
  currency: string | null;
  overlaps_rule_id: string | null;
  evidence: string | null;
  /** What to do about it, by its rule. */
  action: string | null;
  suppressed_until: string | null;
  suppression_reason: string | null;
}

/** So many findings have their evidence on the page; those after them are small, and the CSV has it. */
const toldInFull = 500;

const findings = {
  id: "idle-findings",
  title: "Idle resources",
  short: "Idle",
  query: "idle_findings",
};

export const idleFindings = defineSection<FindingRow>({
  ...findings,
  view(rows, facts) {
    const content = findingsView(rows, facts);
    const bars = barsOf(rows.filter(isOpen), facts);
    if (bars.length < 2) return content;
    return {
      ...content,
      chart: barsChart(bars, {
        label: `Bars of waste per month by rule${priceWords(facts)}. ${leadOf(rows.filter(isOpen), facts)}`,
        unit: `${facts.build.currency} a month${priceWords(facts)}`,
        prefix: currencyPrefix(facts.build.currency),
      }),
    };
  },
});

/** The findings of one project: of so few the table tells enough. */
export const projectFindings = defineSection<FindingRow>({ ...findings, view: findingsView });

const isOpen = ({ status }: FindingRow) => status === "open";

function findingsView(rows: readonly FindingRow[], facts: ReportFacts): SectionContent {
  const open = rows.filter(isOpen);
  const suppressed = rows.filter((row) => !isOpen(row));
  const more =
    suppressed.length === 0
      ? html``
      : html`<details class="suppressed"><summary>${counted(suppressed.length, "suppressed finding")}</summary>${findingTable(suppressed, "suppressed-findings", facts)}</details>`;
  if (open.length === 0) {
    return { lead: `Nothing was found idle as of ${instantName(facts.build.built_at)}.`, more };
  }
  return {
    lead: html`${leadOf(open, facts)}${priceMark(facts)}`,
    table: findingTable(open, "idle-findings", facts),
    more,
  };
}

function leadOf(open: readonly FindingRow[], { build }: ReportFacts): string {
  const waste = wasteOf(open);
  const unpriced = open.filter((row) => row.monthly_waste === null).length;
  const [first] = open;
  const found = `${counted(open.length, "resource was", "resources were")} idle as of ${instantName(build.built_at)}`;
  if (waste.size === 0) return `${found}; no price applies to ${open.length === 1 ? "it" : "them"}.`;
  const largest =
    first?.monthly_waste && open.length > 1
      ? ` The costliest is ${inSentence(first.resource_name ?? first.resource_id)}, with ${formatMoney(first.monthly_waste, first.currency ?? build.currency)}.`
      : "";
  const rest = unpriced > 0 ? ` ${counted(unpriced, "has", "have")} no price.` : "";
  return `${found}, and waste ${listed([...waste].map(([currency, amount]) => formatMoney(amount, currency)))} a month.${largest}${rest}${inBrief(open)}`;
}

function inBrief({ length }: readonly FindingRow[]): string {
  return length > toldInFull
    ? ` The first ${formatCount(toldInFull)} are told in full; of the others, idle-findings.csv has the evidence.`
    : "";
}

/** The waste by currency, each cost counted once, the costliest finding's currency first. */
function wasteOf(rows: readonly FindingRow[]): ReadonlyMap<string, string> {
  return sumByCurrency(
    rows.map(({ currency, counted_monthly_waste }) => ({ currency: currency ?? "", counted_monthly_waste })),
    (row) => row.counted_monthly_waste,
  );
}

function barsOf(open: readonly FindingRow[], { build }: ReportFacts): Bar[] {
  const rules = [...new Set(open.map((row) => row.rule_id))].map((rule) => {
    const rows = open.filter((row) => row.rule_id === rule);
    return { title: rows[0]?.rule_title ?? rule, waste: wasteOf(rows).get(build.currency) ?? null };
  });
  return rules
    .flatMap(({ title, waste }) => (waste === null ? [] : [{ title, waste }]))
    .sort((a, b) => compare(b.waste, a.waste) || (a.title < b.title ? -1 : 1))
    .map(({ title, waste }) => ({
      label: title,
      value: Number(waste),
      text: formatMoney(waste, build.currency),
    }));
}

function findingTable(rows: readonly FindingRow[], id: string, facts: ReportFacts): Html {
  const { build } = facts;
  const actions = actionsOf(rows);
  const columns: Column<FindingRow>[] = [
    {
      head: "Resource",
      cell: (row) => html`${named(row.resource_name ?? row.resource_id, row.resource_id)}`,
      brief: (row) => name(row.resource_name ?? row.resource_id),
      total: "All",
    },
    {
      head: "Finding",
      key: (row) => row.rule_title,
      isText: true,
      brief: (row) => row.rule_title,
      cell: (row) =>
        html`<span class="severity ${severityClass(row.severity)}">${row.severity}</span> ${row.rule_title}<small>${row.evidence}</small>${row.status === "suppressed" && html`<small>${suppressionWords(row)}</small>`}`,
    },
    {
      head: "Project and place",
      brief: (row) => projectCell(row, facts),
      cell: (row) =>
        html`${projectCell(row, facts)}${row.location !== null && html`<small>${name(row.location)}</small>`}`,
    },
    {
      head: "Idle since",
      key: (row) => row.idle_since?.slice(0, 10) ?? null,
      brief: (row) => row.idle_since?.slice(0, 10) ?? html`<span class="none">unknown</span>`,
      cell: (row) =>
        row.idle_since === null
          ? html`<span class="none">unknown</span>`
          : html`<time>${shortDate(row.idle_since)} ${row.idle_since.slice(0, 4)}</time>${row.idle_days !== null && html`<small>${counted(row.idle_days, "day")}</small>`}`,
    },
    {
      head: "What to do",
      isText: true,
      cell: (row) => html`${row.action}${howCell(actions.get(row))}`,
      brief: (row) => howCell(actions.get(row)),
    },
    {
      head: "Waste per month",
      key: (row) => row.monthly_waste,
      mark: priceMark(facts),
      isNumber: true,
      cell: (row) =>
        row.monthly_waste === null
          ? html`<span class="none">unpriced</span>`
          : html`${formatMoney(row.monthly_waste, row.currency ?? build.currency)}${row.overlaps_rule_id !== null && html`<small class="wraps">${overlapWords(row, build.currency)}</small>`}`,
      total: moneyLines(wasteOf(rows)),
    },
  ];
  return table(columns, rows, {
    id,
    caption: `${id === "idle-findings" ? "Idle resources" : "Suppressed findings"}${priceWords(facts)}`,
    shown: 20,
    whole: toldInFull,
  });
}

function howCell(how: Action | undefined): Html {
  return how?.command
    ? html`<code class="command">${how.command}</code>`
    : html`<small>Console: ${how?.page}</small>`;
}

function projectCell({ project_id: id, project_name: text }: FindingRow, facts: ReportFacts): Html {
  if (text === null && id === null) return html`<span class="none">none</span>`;
  return projectLink(facts, id, text ?? id ?? "");
}

/** The costliest findings with what to do about each, for a page of one sheet. */
export const topActions = defineSection<FindingRow>({
  id: "what-to-do",
  title: "What to do",
  query: "idle_findings",
  view(rows, facts) {
    const open = rows.filter(({ status }) => status === "open");
    if (open.length === 0) return { lead: "Nothing is idle." };
    const shown = open.slice(0, 4);
    return {
      lead: html`${shown.length < open.length ? `The ${shown.length} costliest of ${counted(open.length, "finding")}.` : leadOf(open, facts)}${priceMark(facts)}`,
      table: table(
        [
          {
            head: "Resource",
            cell: (row) =>
              html`${name(row.resource_name ?? row.resource_id)}<small>${row.project_name !== null && name(row.project_name)}</small>`,
          },
          { head: "Finding", cell: (row) => row.rule_title },
          { head: "What to do", isText: true, cell: (row) => row.action },
          {
            head: "Waste per month",
            isNumber: true,
            cell: (row) =>
              row.monthly_waste === null
                ? html`<span class="none">unpriced</span>`
                : formatMoney(row.monthly_waste, row.currency ?? facts.build.currency),
          },
        ],
        shown,
        { id: "what-to-do", caption: `The costliest idle resources${priceWords(facts)}` },
      ),
    };
  },
});

function suppressionWords({ suppressed_until: until, suppression_reason: reason }: FindingRow): string {
  const length = until === null ? "without end" : `until ${shortDate(until)} ${until.slice(0, 4)}`;
  return `Suppressed ${length}${reason === null ? "." : `: ${reason}`}`;
}

/** Why the row's waste is not in the sum, or not all of it. */
function overlapWords(row: FindingRow, currency: string): string {
  const counted = row.counted_monthly_waste ?? "0";
  const share = isZero(counted) ? "not" : `only ${formatMoney(counted, row.currency ?? currency)}`;
  return `${share} in the sum: counted by ${row.overlaps_rule_id}`;
}

// A class is never made of text that came in.
function severityClass(severity: string): string {
  return severity === "high" || severity === "medium" ? severity : "low";
}
