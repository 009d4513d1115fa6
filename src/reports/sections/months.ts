import { monthsChart } from "../charts/months.ts";
import { formatHours, formatMoney } from "../format.ts";
import { html } from "../html.ts";
import { monthName } from "../month.ts";
import { defineSection, type MonthRow, priceMark } from "../section.ts";
import { table } from "../table.ts";

/** GPU-hours of up to thirteen months, to the one of the report. */
export const gpuHoursByMonth = defineSection<MonthRow>({
  id: "gpu-hours-by-month",
  title: "GPU-hours by month",
  query: "months",
  view(rows, facts) {
    const { period, build } = facts;
    const shown = rows.filter(({ month, is_known }) => is_known && month <= period.key).slice(-13);
    const [first] = shown;
    const last = shown.at(-1);
    if (!first || !last || shown.length < 2) return null;
    const lead = `GPU-hours were ${formatHours(first.gpu_hours)} in ${monthName(first.month)} and ${formatHours(last.gpu_hours)} in ${monthName(last.month)}.`;
    return {
      lead,
      chart: monthsChart(
        shown.map(({ month, gpu_hours }) => ({
          month,
          value: Number(gpu_hours),
          text: `${formatHours(gpu_hours)} GPU-hours`,
          isRunning: period.today.startsWith(month),
        })),
        { label: `Bars of GPU-hours by month. ${lead}`, unit: "GPU-hours a month" },
      ),
      table: table(
        [
          { head: "Month", key: ({ month }) => month, cell: ({ month }) => monthName(month) },
          { head: "GPU-hours", isNumber: true, cell: (row) => formatHours(row.gpu_hours) },
          {
            head: "Cost",
            mark: priceMark(facts),
            isNumber: true,
            cell: ({ cost }) =>
              cost === null ? html`<span class="none">n/a</span>` : formatMoney(cost, build.currency),
          },
        ],
        shown.toReversed(),
        { id: "gpu-hours-by-month", caption: "GPU-hours and cost by month" },
      ),
      isTableFolded: true,
    };
  },
});
