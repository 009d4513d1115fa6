import { monthsChart } from "../charts/months.ts";
import { formatHours } from "../format.ts";
import { monthName } from "../month.ts";
import { defineSection, type MonthRow } from "../section.ts";

/** GPU-hours of up to thirteen months, to the one of the report. */
export const gpuHoursByMonth = defineSection<MonthRow>({
  id: "gpu-hours-by-month",
  title: "GPU-hours by month",
  query: "months",
  view(rows, { period }) {
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
    };
  },
});
