import { stackedDaysChart } from "../charts/stacked-days.ts";
import { isZero, sum } from "../decimal.ts";
import { formatHours, formatShare } from "../format.ts";
import { html } from "../html.ts";
import { daysBetween, daysOf, shortDate } from "../month.ts";
import { defineSection } from "../section.ts";
import { table } from "../table.ts";

/** What all reservations held on a day, and what was drawn from them. */
export interface ReservationDay {
  usage_date: string;
  reserved_gpu_hours: string;
  used_gpu_hours: string | null;
  unused_gpu_hours: string | null;
  overage_gpu_hours: string | null;
}

/** What is drawn from reservations by day, beside what they hold. */
export const reservationDays = defineSection<ReservationDay>({
  id: "reservation-days",
  title: "Use of reservations by day",
  query: "reservation_days",
  view(all, { period }) {
    const rows = all.filter(({ usage_date: day }) => day >= period.start && day < period.end);
    const read = rows.filter(({ used_gpu_hours: used }) => used !== null);
    const reserved = sum(read.map((row) => row.reserved_gpu_hours));
    if (rows.length === 0 || reserved === null || isZero(reserved)) return null;
    const used = sum(read.map((row) => row.used_gpu_hours)) ?? "0";
    const overage = sum(read.map((row) => row.overage_gpu_hours)) ?? "0";
    const lead = [
      `${formatHours(used)} of ${formatHours(reserved)} reserved GPU-hours were used in ${period.name}, ${formatShare(used, reserved)}.`,
      !isZero(overage) && `${formatHours(overage)} were drawn beyond them.`,
      read.length < rows.length && "Days that were not read whole are left out.",
    ]
      .filter((part) => part !== false)
      .join(" ");
    const byDay = new Map(rows.map((row) => [row.usage_date, row]));
    const hours = (value: string | null) =>
      value === null ? html`<span class="none">not read</span>` : formatHours(value);
    return {
      lead,
      legend: html`<ul class="legend at-edge" aria-hidden="true"><li><i class="key bar"></i>used</li><li><i class="key ink stroke"></i>reserved</li></ul>`,
      chart: stackedDaysChart({
        label: `Bars of the GPU-hours that were drawn from reservations on each day of ${period.name}, under what they hold. ${lead}`,
        unit: "GPU-hours a day",
        days: daysOf(period),
        stacks: [{ name: "used", note: formatShare(used, reserved) ?? "", colour: "bar" }],
        cells: read.map((row) => ({ day: row.usage_date, type: "used", hours: Number(row.used_gpu_hours) })),
        unread: rows.filter((row) => row.used_gpu_hours === null).map((row) => row.usage_date),
        limit: {
          name: "reserved",
          values: rows.map((row) => ({ day: row.usage_date, value: Number(row.reserved_gpu_hours) })),
        },
        spots: daysOf(period).map((day) => {
          const row = byDay.get(day);
          return {
            name: shortDate(day),
            lines: row
              ? [
                  row.used_gpu_hours === null
                    ? "not read whole"
                    : `${formatHours(row.used_gpu_hours)} GPU-hours used, ${formatShare(row.used_gpu_hours, row.reserved_gpu_hours) ?? "of none"}`,
                  `reserved: ${formatHours(row.reserved_gpu_hours)}`,
                ]
              : ["none reserved"],
          };
        }),
      }),
      table: table(
        [
          { head: "Day", cell: (row) => row.usage_date, total: "Total" },
          {
            head: "Reserved",
            isNumber: true,
            cell: (row) => formatHours(row.reserved_gpu_hours),
            total: formatHours(sum(rows.map((row) => row.reserved_gpu_hours)) ?? "0"),
          },
          {
            head: "Used",
            isNumber: true,
            cell: (row) => hours(row.used_gpu_hours),
            total: formatHours(used),
          },
          {
            head: "Unused",
            isNumber: true,
            cell: (row) => hours(row.unused_gpu_hours),
            total: formatHours(sum(read.map((row) => row.unused_gpu_hours)) ?? "0"),
          },
          {
            head: "Used in %",
            isNumber: true,
            cell: (row) =>
              row.used_gpu_hours === null ? "" : formatShare(row.used_gpu_hours, row.reserved_gpu_hours),
            total: formatShare(used, reserved),
          },
          {
            head: "Beyond",
            isNumber: true,
            cell: (row) => hours(row.overage_gpu_hours),
            total: formatHours(overage),
          },
        ],
        rows,
        {
          id: "reservation-days",
          caption: `GPU-hours of reservations by day, ${period.name}`,
          shown: daysBetween(period.start, period.end),
          isWide: true,
        },
      ),
      isTableFolded: true,
    };
  },
});
