import { inSentence } from "../charts/label.ts";
import { sum } from "../decimal.ts";
import { day } from "../figures.ts";
import { counted, formatCount, formatHours, formatNumber, listed } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection } from "../section.ts";
import { table } from "../table.ts";

interface UnpricedRow {
  resource_type: string;
  billable_metric: string;
  gpu_type: string | null;
  quantity: string;
  gpu_hours: string | null;
  project_count: string;
  first_usage_date: string;
  last_usage_date: string;
}

export const unpricedUsage = defineSection<UnpricedRow>({
  id: "unpriced-usage",
  title: "Usage without a price",
  query: "unpriced_usage",
  view(rows, { period }) {
    if (rows.length === 0) return { lead: `All usage of ${period.name} has a price.` };
    const hours = sum(rows.map((row) => row.gpu_hours));
    const names = rows.slice(0, 5).map((row) => inSentence(row.resource_type));
    if (rows.length > 5) names.push(counted(rows.length - 5, "other type"));
    return {
      lead: `No price applies to usage of ${listed(names)}${hours === null ? "" : `: ${formatHours(hours)} GPU-hours`}. It is in no cost above; a line in prices.csv prices it.`,
      table: table(
        [
          { head: "Resource type", cell: (row) => name(row.resource_type) },
          {
            head: "GPU type",
            cell: (row) =>
              row.gpu_type === null ? html`<span class="none">none</span>` : name(row.gpu_type),
          },
          {
            head: "Quantity",
            isNumber: true,
            cell: (row) => formatNumber(row.quantity, 1),
            key: (row) => row.quantity,
          },
          { head: "Unit", cell: (row) => row.billable_metric },
          {
            head: "GPU-hours",
            isNumber: true,
            cell: (row) =>
              row.gpu_hours === null ? html`<span class="none">none</span>` : formatHours(row.gpu_hours),
          },
          { head: "Projects", isNumber: true, cell: (row) => formatCount(row.project_count) },
          { head: "First day", cell: (row) => day(row.first_usage_date) },
          { head: "Last day", cell: (row) => day(row.last_usage_date) },
        ],
        rows,
        { id: "unpriced-usage", caption: `Usage without a price, ${period.name}` },
      ),
    };
  },
});
