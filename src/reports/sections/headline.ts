import { drawSvg, withSpots } from "../charts/draw.ts";
import { isZero, quotient } from "../decimal.ts";
import { changeMark, type Figures, figuresOf } from "../figures.ts";
import {
  counted,
  formatCount,
  formatHours,
  formatMoney,
  formatNumber,
  formatShare,
  formatSigned,
} from "../format.ts";
import { type Html, type HtmlPart, html } from "../html.ts";
import { monthName, shortDate } from "../month.ts";
import { defineSection, type Figure, type MonthRow, priceMark, type ReportFacts } from "../section.ts";
import { chartConfig, colour } from "../theme.ts";
import { type BudgetRow, monthBudget } from "./budgets.ts";
import type { OutlookRow } from "./outlook.ts";

interface Card {
  title: HtmlPart;
  value: HtmlPart;
  change?: HtmlPart;
  note: HtmlPart;
  /** The last thirteen months, drawn small. */
  months?: Html | undefined;
}

export const headline = defineSection<Figure>({
  id: "headline",
  title: "Headline figures",
  query: "headline",
  async view(rows, facts, others) {
    const figures = figuresOf(rows);
    const rowsOf = <R>(query: string) => (others.get(query)?.rows ?? []) as unknown as readonly R[];
    const cards = [
      {
        ...withNote(gpuHoursCard(figures, facts), hoursToCome(rowsOf<OutlookRow>("outlook"), facts)),
        months: await monthBars("GPU-hours", (row) => row.gpu_hours, formatHours, facts),
      },
      {
        ...withNote(costCard(figures, facts), costToCome(rowsOf<BudgetRow>("budgets"), facts)),
        months: await monthBars(
          "Cost",
          (row) => row.cost,
          (cost) => formatMoney(cost, facts.build.currency),
          facts,
        ),
      },
      unpricedCard(figures, facts),
      projectsCard(figures, facts),
      wasteCard(figures, facts),
    ];
    return {
      lead: null,
      more: html`<dl class="cards-row">${cards.map(cardMarkup)}</dl>`,
    };
  },
});

function withNote(card: Card, note: string | null): Card {
  return note === null ? card : { ...card, note: html`${card.note}<br>${note}` };
}

/** What the month of the report is expected to come to, while it runs. */
function hoursToCome(rows: readonly OutlookRow[], { period }: ReportFacts): string | null {
  const row = rows.find(
    ({ target, starts_on }) => target === "month_end" && starts_on.startsWith(period.key),
  );
  return row?.forecast ? `${formatHours(row.forecast)} expected by the month's end` : null;
}

/** What the month's cost is expected to come to while it runs, and its budget. */
function costToCome(rows: readonly BudgetRow[], facts: ReportFacts): string | null {
  const { forecast, budget } = monthBudget(rows, facts.period.key, facts);
  const { currency } = facts.build;
  const parts = [
    facts.period.isRunning &&
      forecast !== null &&
      `${formatMoney(forecast, currency)} expected by the month's end`,
    budget !== null && `budget ${formatMoney(budget, currency)}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? null : parts.join("; ");
}

function cardMarkup({ title, value, change, note, months }: Card): Html {
  return html`<div class="figure"><dt>${title}</dt><dd class="value">${value}</dd>
<dd class="note">${change}${change && " "}${note}</dd>${months && html`<dd class="months">${months}</dd>`}</div>`;
}

const monthsShown = 13;

/** A bar for each month up to this one; nothing where there is no other month. */
async function monthBars(
  what: string,
  amountOf: (row: MonthRow) => string | null,
  textOf: (amount: string) => string,
  { period, months }: ReportFacts,
): Promise<Html | undefined> {
  if (period.kind !== "month") return undefined;
  const shown = months.filter(({ month }) => month <= period.key).slice(-monthsShown);
  const [first] = shown;
  if (!first || shown.length < 2 || shown.every((row) => amountOf(row) === null)) return undefined;
  const size = { width: shown.length * 12, height: 52 };
  const svg = await drawSvg({
    ...size,
    padding: 0,
    autosize: "none",
    background: "transparent",
    config: chartConfig,
    data: {
      values: shown.map((row) => ({
        month: row.month,
        value: Number(amountOf(row) ?? "0"),
        fill: colour(row.month === period.key ? "accent" : "quiet"),
      })),
    },
    mark: { type: "bar", cornerRadiusEnd: 1 },
    encoding: {
      x: { field: "month", type: "ordinal", axis: null, scale: { paddingInner: 0.25, paddingOuter: 0 } },
      y: {
        field: "value",
        type: "quantitative",
        stack: null,
        axis: null,
        scale: { zero: true, nice: false },
      },
      color: { field: "fill", type: "nominal", scale: null, legend: null },
    },
  });
  const spots = shown.map((row) => {
    const amount = amountOf(row);
    return { name: monthName(row.month), lines: [amount === null ? "n/a" : textOf(amount)] };
  });
  return html`<div class="sparkline" role="img" aria-label="${what} by month from ${monthName(first.month)} to ${period.name}">${withSpots(svg, spots, size)}</div>`;
}

function against({ value, previous_value }: Figure, { period }: ReportFacts): Pick<Card, "change"> {
  if (previous_value === null)
    return { change: html`<span class="change none">n/a</span> no ${period.kind} before` };
  if (value !== null && isZero(previous_value)) {
    return { change: isZero(value) ? `as ${period.previousWhen}` : `none ${period.previousWhen}` };
  }
  return {
    change: html`${changeMark(value, previous_value)} <span class="against">on ${period.previousName}</span>`,
  };
}

function gpuHoursCard(figures: Figures, facts: ReportFacts): Card {
  const hours = figures.get("gpu_hours");
  const gpus = quotient(hours.value ?? "0", String(24 * facts.period.elapsedDays), 1) ?? "0";
  return {
    title: "GPU-hours",
    value: formatHours(hours.value ?? "0"),
    ...against(hours, facts),
    note: html`<br>${formatNumber(gpus, 1)} GPUs busy on average`,
  };
}

function costCard(figures: Figures, facts: ReportFacts): Card {
  const cost = figures.get("cost");
  return {
    title: html`Cost${priceMark(facts)}`,
    value: amountLines(figures, "cost"),
    ...against(cost, facts),
    note: html`<br>of the usage that has a price`,
  };
}

function unpricedCard(figures: Figures, facts: ReportFacts): Card {
  const unpriced = figures.get("unpriced_gpu_hours");
  const types = figures.get("unpriced_resource_types").value ?? "0";
  const share = formatShare(unpriced.value ?? "0", figures.get("gpu_hours").value ?? "0");
  return {
    title: "Unpriced GPU-hours",
    value: formatHours(unpriced.value ?? "0"),
    ...against(unpriced, facts),
    note: html`<br>${share === null ? "no GPU was used" : `${share} of all`}; ${counted(plainCount(types), "resource type")} without a price`,
  };
}

function projectsCard(figures: Figures, facts: ReportFacts): Card {
  const projects = figures.get("active_projects");
  const before = projects.previous_value;
  return {
    title: "Active projects",
    value: formatCount(projects.value ?? "0"),
    change:
      projects.change === null
        ? against(projects, facts).change
        : html`<span class="change">${countChange(projects.change)}</span> <span class="against">on ${facts.period.previousName}</span>`,
    note: html`<br>${before === null ? "that had usage" : `${formatCount(before)} then`}`,
  };
}

function wasteCard(figures: Figures, facts: ReportFacts): Card {
  const findings = figures.get("idle_findings").value ?? "0";
  const recent = figures.get("new_idle_findings").value ?? "0";
  const since = shortDate(facts.period.start);
  return {
    title: html`Idle waste per month${priceMark(facts)}`,
    value: amountLines(figures, "idle_waste_per_month"),
    note: html`${counted(plainCount(findings), "idle resource")} as of ${shortDate(facts.build.built_at)}<br>${
      isZero(recent) ? `none of them since ${since}` : `${formatCount(recent)} of them since ${since}`
    }`,
  };
}

function amountLines(figures: Figures, figure: string): HtmlPart {
  const amounts = figures.amounts(figure);
  if (amounts.length === 0) return html`<span class="none">no price applies</span>`;
  return amounts.map(({ value, currency }, i) => html`${i > 0 && html`<br>`}${amount(value, currency)}`);
}

function countChange(change: string): string {
  return isZero(change) ? "unchanged" : formatSigned(change, formatCount);
}

/** An amount whose cents stand back, so that the eye takes the amount and can still read it to the cent. */
function amount(value: string, currency: string): Html {
  const [, whole, cents, after] = /^(.*?)(\D\d\d)(\D*)$/.exec(formatMoney(value, currency)) ?? [];
  return html`${whole}<span class="cents">${cents}</span>${after}`;
}

function plainCount(value: string): string {
  return value.replace(/\..*$/, "");
}
