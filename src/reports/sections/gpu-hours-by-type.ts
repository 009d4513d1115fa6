import { inSentence } from "../charts/label.ts";
import { compare, subtract, sum } from "../decimal.ts";
import { changeMark } from "../figures.ts";
import { formatCount, formatHours, formatShare, formatSigned, listed } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection, hasPeriodBefore } from "../section.ts";
import { table } from "../table.ts";

interface TypeRow {
  gpu_type: string;
  gpu_hours: string;
  previous_gpu_hours: string;
  change_gpu_hours: string;
  active_days: string;
}

export const gpuHoursByType = defineSection<TypeRow>({
  id: "gpu-hours-by-type",
  title: "GPU-hours by GPU type",
  query: "gpu_hours_by_type",
  view(rows, facts) {
    const { period, colours } = facts;
    if (rows.length === 0) return null;
    const total = sum(rows.map((row) => row.gpu_hours)) ?? "0";
    const before = sum(rows.map((row) => row.previous_gpu_hours)) ?? "0";
    const hasBefore = hasPeriodBefore(facts);
    const previous = (row: TypeRow) => (hasBefore ? row.previous_gpu_hours : null);
    const risen = rows
      .filter((row) => compare(row.change_gpu_hours, "0") > 0)
      .map((row) => inSentence(row.gpu_type));
    return {
      lead: hasBefore
        ? risen.length > 0
          ? `Used more than ${period.previousWhen}: ${listed(risen.length > 5 ? [...risen.slice(0, 4), `${risen.length - 4} more`] : risen)}.`
          : `No GPU type was used more than ${period.previousWhen}.`
        : `There is no month before ${period.name} to compare with.`,
      table: table(
        [
          {
            head: "GPU type",
            cell: (row) =>
              html`<i class="key ${colours.get(row.gpu_type) ?? "slate"}"></i>${name(row.gpu_type)}`,
            total: "All types",
          },
          {
            head: "GPU-hours",
            isNumber: true,
            cell: (row) => formatHours(row.gpu_hours),
            key: (row) => row.gpu_hours,
            total: formatHours(total),
          },
          {
            head: "Share",
            isNumber: true,
            cell: (row) => formatShare(row.gpu_hours, total),
            total: formatShare(total, total),
          },
          {
            head: period.previousName,
            isNumber: true,
            cell: (row) =>
              hasBefore ? formatHours(row.previous_gpu_hours) : html`<span class="none">n/a</span>`,
            total: hasBefore ? formatHours(before) : html`<span class="none">n/a</span>`,
          },
          {
            head: "Change",
            isNumber: true,
            cell: (row) =>
              hasBefore
                ? formatSigned(row.change_gpu_hours, formatHours)
                : html`<span class="none">n/a</span>`,
            total: hasBefore
              ? formatSigned(subtract(total, before), formatHours)
              : html`<span class="none">n/a</span>`,
          },
          {
            head: "Change in %",
            isNumber: true,
            cell: (row) => changeMark(row.gpu_hours, previous(row)),
            total: changeMark(total, hasBefore ? before : null),
          },
          { head: "Days in use", isNumber: true, cell: (row) => formatCount(row.active_days) },
        ],
        rows,
        { id: "gpu-hours-by-type", caption: `GPU-hours by GPU type, ${period.name}` },
      ),
    };
  },
});
