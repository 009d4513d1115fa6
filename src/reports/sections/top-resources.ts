import { inSentence } from "../charts/label.ts";
import { money, named } from "../figures.ts";
import { counted, formatCount, formatHours, formatNumber } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection, priceMark, priceWords } from "../section.ts";
import { table } from "../table.ts";

interface ResourceRow {
  resource_id: string;
  resource_name: string;
  project_id: string;
  project_name: string;
  region: string | null;
  resource_type: string;
  gpu_type: string | null;
  billable_metric: string;
  quantity: string;
  gpu_hours: string | null;
  currency: string | null;
  cost: string | null;
  active_days: string;
}

export const topResources = defineSection<ResourceRow>({
  id: "top-resources",
  title: "Top resources",
  short: "Resources",
  query: "top_resources",
  view(rows, facts) {
    const { period, build } = facts;
    const [first] = rows;
    if (!first) return { lead: `No usage by resource is known for ${period.name}.` };
    const mark = priceMark(facts);
    const used =
      first.gpu_hours === null
        ? `${formatNumber(first.quantity, 1)} ${first.billable_metric}`
        : `${formatHours(first.gpu_hours)} GPU-hours`;
    return {
      lead: `The ${counted(rows.length, "resource")} that used most, by GPU-hours and then by cost. The first is ${inSentence(first.resource_name)} of ${inSentence(first.project_name)}, with ${used}.`,
      table: table(
        [
          { head: "Resource", cell: (row) => named(row.resource_name, row.resource_id) },
          { head: "Project", cell: (row) => name(row.project_name) },
          {
            head: "Type and region",
            cell: (row) =>
              html`${name(row.resource_type)}${row.region !== null && html`<small>${name(row.region)}</small>`}`,
          },
          { head: "Days", isNumber: true, cell: (row) => formatCount(row.active_days) },
          {
            head: "Usage",
            isNumber: true,
            cell: (row) =>
              row.gpu_hours === null
                ? html`${formatNumber(row.quantity, 1)}<small>${row.billable_metric}</small>`
                : html`${formatHours(row.gpu_hours)}<small>GPU-hours</small>`,
          },
          {
            head: "Cost",
            mark,
            isNumber: true,
            cell: (row) => money(row.cost, row.currency ?? build.currency),
            key: (row) => row.cost,
          },
        ],
        rows,
        {
          id: "top-resources",
          caption: `Resources that used most, ${period.name}${priceWords(facts)}`,
          shown: 12,
        },
      ),
    };
  },
});
