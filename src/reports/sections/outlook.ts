import { formatHours, formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { dateName, monthName } from "../month.ts";
import { defineSection } from "../section.ts";
import { table } from "../table.ts";

export interface OutlookRow {
  target: string;
  starts_on: string;
  ends_on: string;
  known_days: number | string;
  known_gpu_hours: string;
  missing_days: number | string;
  forecast: string | null;
  forecast_low: string | null;
  forecast_high: string | null;
  method: string | null;
  mean_absolute_error: string | null;
  note: string | null;
}

/** What is expected of the month that runs, as a sentence; null where nothing is forecast. */
export function outlookSentence(rows: readonly OutlookRow[]): string | null {
  const month = rows.find(({ target }) => target === "month_end");
  if (!month?.forecast) return null;
  const interval =
    month.forecast_low !== null && month.forecast_high !== null
      ? `, between ${formatHours(month.forecast_low)} and ${formatHours(month.forecast_high)} in four of five cases`
      : "";
  return `${monthName(month.starts_on.slice(0, 7))} is expected to come to ${formatHours(month.forecast)} GPU-hours${interval}; ${formatHours(month.known_gpu_hours)} are known.`;
}

/** What a day to come is forecast at, with its interval where there is one. */
export function forecastText(forecast: string, low: string | null, high: string | null): string {
  const interval = low === null || high === null ? "" : `, ${formatHours(low)} to ${formatHours(high)}`;
  return `${formatHours(forecast)} forecast${interval}`;
}

export const outlook = defineSection<OutlookRow>({
  id: "outlook",
  title: "Outlook",
  short: "Outlook",
  query: "outlook",
  view(rows) {
    const forecast = rows.filter((row) => row.forecast !== null);
    if (forecast.length === 0) return null;
    const hours = (value: string | null) =>
      value === null ? html`<span class="none">n/a</span>` : formatHours(value);
    return {
      lead: outlookSentence(rows),
      table: table(
        [
          {
            head: "Span",
            cell: (row) =>
              html`${row.target === "month_end" ? monthName(row.starts_on.slice(0, 7)) : "The next 30 days"}<small>up to ${dateName(row.ends_on)}</small>`,
          },
          { head: "Known GPU-hours", isNumber: true, cell: (row) => hours(row.known_gpu_hours) },
          { head: "Forecast", isNumber: true, cell: (row) => hours(row.forecast) },
          { head: "80% low", isNumber: true, cell: (row) => hours(row.forecast_low) },
          { head: "80% high", isNumber: true, cell: (row) => hours(row.forecast_high) },
          {
            head: "How",
            isText: true,
            cell: (row) =>
              html`${row.mean_absolute_error === null ? "Never put to the test yet" : `Off by ${formatNumber(row.mean_absolute_error, 1)} GPU-hours on average in the back-test`}<small>${row.note}</small>`,
          },
        ],
        forecast,
        { id: "outlook", caption: "Expected GPU-hours" },
      ),
    };
  },
});
