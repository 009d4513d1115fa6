import { day, named } from "../figures.ts";
import { counted, formatHours } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection } from "../section.ts";
import { table } from "../table.ts";

interface AnomalyRow {
  usage_date: string;
  scope: string;
  scope_value: string;
  scope_name: string | null;
  gpu_hours: string | null;
  mean_28d: string | null;
  anomaly_reason: string | null;
  anomaly_drivers: string | null;
}

const scopes: Readonly<Record<string, string>> = {
  all: "everything",
  project: "project",
  gpu_type: "GPU type",
  region: "region",
  cost_centre: "cost centre",
};

export const anomalies = defineSection<AnomalyRow>({
  id: "anomalies",
  title: "Days that stand out",
  query: "anomalies",
  view(rows, { period }) {
    if (rows.length === 0) return null;
    const hours = (value: string | null) =>
      value === null ? html`<span class="none">n/a</span>` : formatHours(value);
    return {
      lead: `${counted(rows.length, "figure of a day stands", "figures of a day stand")} out in ${period.name}, for the organisation as a whole or for one project, GPU type, region or cost centre.`,
      table: table(
        [
          { head: "Day", cell: (row) => day(row.usage_date) },
          {
            head: "Of",
            cell: (row) =>
              row.scope === "all"
                ? "All GPU usage"
                : html`${named(row.scope_name ?? row.scope_value, null)} <small>${scopes[row.scope] ?? row.scope}</small>`,
          },
          {
            head: "GPU-hours",
            isNumber: true,
            cell: (row) => hours(row.gpu_hours),
            key: (row) => row.gpu_hours,
          },
          {
            head: "28-day mean",
            isNumber: true,
            cell: (row) => hours(row.mean_28d),
            key: (row) => row.mean_28d,
          },
          {
            head: "Why",
            isText: true,
            cell: (row) =>
              html`${row.anomaly_reason}${row.anomaly_drivers !== null && html`<small>Driven by ${name(row.anomaly_drivers)}</small>`}`,
          },
        ],
        rows,
        { id: "anomalies", caption: `Days that stand out in ${period.name}`, shown: 8 },
      ),
    };
  },
});
