import { inSentence } from "./charts/label.ts";
import type { Dataset } from "./dataset.ts";
import { compare, isZero } from "./decimal.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { counted, formatChange, formatHours, formatMoney, listed } from "./format.ts";
import { shortDate } from "./month.ts";
import { type Figure, hasPeriodBefore, priceWords, type ReportFacts } from "./section.ts";
import { type BudgetRow, budgetSentence } from "./sections/budgets.ts";
import { type OutlookRow, outlookSentence } from "./sections/outlook.ts";
import { type MoverRow, moversLead } from "./sections/top-movers.ts";

/** A day that stands out, of everything, with what drove it. */
interface AnomalyRow {
  usage_date: string;
  scope: string;
  anomaly_drivers: string | null;
}

interface FindingRow {
  status: string;
  resource_id: string;
  resource_name: string | null;
  rule_title: string;
  monthly_waste: string | null;
  currency: string | null;
}

interface ReconciliationRow {
  status: string;
  row_count: string | number;
}

/**
 * What a reader needs who reads nothing else: what was used and what it cost, what moved it and why, what to do,
 * what is to come, and how sure it is; in a paragraph of what was and one of what follows.
 * A sentence that the page's own rows say nothing for is left out.
 */
export function summaryOf(
  datasets: ReadonlyMap<string, Dataset>,
  facts: ReportFacts,
  isShort = false,
): string[][] {
  const rowsOf = <R>(query: string) => (datasets.get(query)?.rows ?? []) as unknown as readonly R[];
  const figures = figuresOf(rowsOf<Figure>("headline"));
  const was = [
    usageSentence(figures, facts),
    hasPeriodBefore(facts) ? moversLead(rowsOf<MoverRow>("top_movers")) : null,
    !isShort && driversSentence(rowsOf<AnomalyRow>("anomalies"), facts),
    costSentence(figures, facts),
  ];
  const follows = [
    idleSentence(figures, facts),
    !isShort && costliestSentence(rowsOf<FindingRow>("idle_findings")),
    !isShort && outlookSentence(rowsOf<OutlookRow>("outlook")),
    budgetSentence(rowsOf<BudgetRow>("budgets")),
    certaintySentence(figures, facts),
    !isShort && reconciliationSentence(rowsOf<ReconciliationRow>("reconciliation")),
  ];
  return [was, follows].map((part) => part.filter((sentence) => sentence !== null && sentence !== false));
}

/** Why the days that stand out most for the whole did so. */
function driversSentence(rows: readonly AnomalyRow[], { period }: ReportFacts): string | null {
  const days = rows.filter(({ scope }) => scope === "all");
  const [first] = days;
  if (!first) return null;
  const others = days.length > 1 ? ` ${counted(days.length, "day stands", "days stand")} out in all.` : "";
  const why = first.anomaly_drivers === null ? "" : `, driven by ${inSentence(first.anomaly_drivers, 120)}`;
  return `In ${period.name}, ${shortDate(first.usage_date)} stands out${why}.${others}`;
}

/** The three findings to begin with. */
function costliestSentence(rows: readonly FindingRow[]): string | null {
  const costly = rows
    .filter(({ status, monthly_waste }) => status === "open" && monthly_waste !== null)
    .slice(0, 3);
  if (costly.length < 2) return null;
  const words = costly.map(
    (row) =>
      `${inSentence(row.resource_name ?? row.resource_id)} (${row.rule_title}, ${formatMoney(row.monthly_waste ?? "0", row.currency ?? "")} a month)`,
  );
  return `Begin with ${listed(words)}.`;
}

/** Whether usage by project agrees with what else tells it. */
function reconciliationSentence(rows: readonly ReconciliationRow[]): string | null {
  const countOf = (status: string) =>
    rows.filter((row) => row.status === status).reduce((count, row) => count + Number(row.row_count), 0);
  const compared = countOf("agrees") + countOf("explained") + countOf("unexplained");
  if (compared === 0) return null;
  const unexplained = countOf("unexplained");
  return unexplained === 0
    ? "Where usage by resource or the inventory can be held against it, every difference is explained."
    : `Of ${counted(compared, "comparison")} with usage by resource and the inventory, ${counted(unexplained, "differs", "differ")} without an explanation.`;
}

function usageSentence(figures: Figures, { period }: ReportFacts): string {
  const hours = figures.get("gpu_hours");
  const before =
    hours.previous_value === null
      ? "; there is no month before to compare with"
      : isZero(hours.previous_value)
        ? `, after none ${period.previousWhen}`
        : `, ${moreOrLess(hours.value ?? "0", hours.previous_value)} ${period.previousWhen}`;
  const projects = counted(whole(figures.get("active_projects").value), "project");
  return `In ${period.name}${period.isRunning ? " so far" : ""}, ${projects} used ${formatHours(hours.value ?? "0")} GPU-hours${before}.`;
}

function costSentence(figures: Figures, facts: ReportFacts): string {
  const cost = figures.get("cost");
  const unpriced = figures.get("unpriced_gpu_hours").value ?? "0";
  const all = figures.amounts("cost");
  if (all.length === 0) {
    return isZero(figures.get("gpu_hours").value ?? "0")
      ? "No usage has a price."
      : "No price applies to this usage, so its cost is not known.";
  }
  const amounts = listed(all.map(({ value, currency }) => formatMoney(value, currency)));
  const { value, previous_value: before } = cost;
  const isComparable = all.length === 1 && value !== null && before !== null && !isZero(before);
  const moved = isComparable ? `, ${moreOrLess(value, before)} ${facts.period.previousWhen}` : "";
  const rest = isZero(unpriced) ? "" : `; ${formatHours(unpriced)} GPU-hours have no price and are not in it`;
  return `The usage that has a price cost ${amounts}${priceWords(facts)}${moved}${rest}.`;
}

function idleSentence(figures: Figures, facts: ReportFacts): string {
  const count = whole(figures.get("idle_findings").value);
  const waste = figures.amounts("idle_waste_per_month").filter(({ value }) => !isZero(value));
  if (count === "0") return "Nothing is idle.";
  const resources = counted(count, "idle resource");
  if (waste.length === 0) {
    return `${resources} should be looked at; no price tells what ${count === "1" ? "it wastes" : "they waste"}.`;
  }
  return `Acting on ${resources} would save up to ${listed(waste.map(({ value, currency }) => formatMoney(value, currency)))} a month${priceWords(facts)}.`;
}

function certaintySentence(figures: Figures, { period }: ReportFacts): string {
  const missing = figures.get("missing_project_days");
  const now = whole(missing.value);
  const before = whole(missing.previous_value);
  if (now === "0" && before === "0") {
    return "Every day of every project was read, so the figures are whole.";
  }
  const places = [
    now !== "0" && `${counted(now, "project-day")} in ${period.name}`,
    before !== "0" && `${counted(before, "project-day")} ${period.previousWhen}`,
  ].filter((place) => place !== false);
  return `Usage of ${listed(places)} could not be read in full, so these figures are too low and the change is not like with like.`;
}

/** `13.5% more than`, to be followed by what it is compared with. */
function moreOrLess(current: string, previous: string): string {
  const change = formatChange(current, previous)?.replace(/^[+\u2212]/, "");
  const direction = compare(current, previous);
  return direction === 0 ? "as much as" : `${change} ${direction > 0 ? "more" : "less"} than`;
}

function whole(value: string | null): string {
  return (value ?? "0").replace(/\..*$/, "");
}
