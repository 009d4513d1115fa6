import { inSentence } from "./charts/label.ts";
import type { Dataset } from "./dataset.ts";
import { compare, isZero, negate } from "./decimal.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { counted, formatChange, formatHours, formatMoney, listed } from "./format.ts";
import { type Figure, hasMonthBefore, priceWords, type ReportFacts } from "./section.ts";

interface Mover {
  project_id: string;
  project_name: string;
  change_gpu_hours: string;
}

/**
 * What a reader needs who reads nothing else: what was used and what it cost, what moved it, what to do, and
 * how sure it is. Two to five sentences.
 */
export function summaryOf(datasets: ReadonlyMap<string, Dataset>, facts: ReportFacts): string[] {
  const rowsOf = <R>(query: string) => (datasets.get(query)?.rows ?? []) as unknown as readonly R[];
  const figures = figuresOf(rowsOf<Figure>("headline"));
  return [
    usageSentence(figures, facts),
    moversSentence(rowsOf<Mover>("gpu_hours_by_project"), facts),
    costSentence(figures, facts),
    idleSentence(figures, facts),
    certaintySentence(figures, facts),
  ].filter((sentence) => sentence !== null);
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

function moversSentence(projects: readonly Mover[], facts: ReportFacts): string | null {
  if (!hasMonthBefore(facts) || projects.length < 2) return null;
  const byChange = [...projects].sort((a, b) => compare(b.change_gpu_hours, a.change_gpu_hours));
  const [up] = byChange;
  const down = byChange.at(-1);
  const parts = [];
  if (up && compare(up.change_gpu_hours, "0") > 0) {
    parts.push(`${inSentence(up.project_name)} rose most, by ${formatHours(up.change_gpu_hours)} GPU-hours`);
  }
  if (down && compare(down.change_gpu_hours, "0") < 0) {
    parts.push(
      `${inSentence(down.project_name)} fell most, by ${formatHours(negate(down.change_gpu_hours))}`,
    );
  }
  return parts.length === 0 ? null : `Of the projects, ${parts.join(", and ")}.`;
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
