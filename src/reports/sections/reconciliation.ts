import { day, named } from "../figures.ts";
import { counted, formatCount, formatNumber, formatSigned } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";

interface Reconciled {
  status: string;
  project_id: string | null;
  project_name: string | null;
  resource_type: string;
  billable_metric: string | null;
  row_count: string;
  day_count: string;
  first_date: string;
  last_date: string;
  usage_quantity: string | null;
  largest_difference: string | null;
  largest_on: string | null;
  explanation: string | null;
}

export const reconciliation = defineSection<Reconciled>({
  id: "reconciliation",
  title: "Reconciliation",
  short: "Reconciliation",
  query: "reconciliation",
  view(rows, facts) {
    const apart = rows.filter(({ status }) => status === "unexplained" || status === "explained");
    const lead = leadOf(rows, facts);
    if (apart.length === 0) return { lead };
    return {
      lead,
      table: table(
        [
          {
            head: "Project",
            cell: ({ project_id, project_name }) => named(project_name ?? project_id ?? "", project_id),
          },
          { head: "Resource type", cell: (row) => name(row.resource_type) },
          { head: "Result", cell: (row) => row.status },
          { head: "Days", isNumber: true, cell: (row) => formatCount(row.day_count) },
          {
            head: "Largest difference",
            isNumber: true,
            cell: ({ largest_difference }) =>
              largest_difference === null
                ? html`<span class="none">none</span>`
                : formatSigned(largest_difference, (text) => formatNumber(text, 1)),
          },
          { head: "Unit", cell: (row) => row.billable_metric },
          { head: "On", cell: (row) => day(row.largest_on ?? row.first_date) },
          { head: "Why", isText: true, cell: (row) => row.explanation },
        ],
        apart,
        { id: "reconciliation", caption: `Usage that differs, ${facts.period.name}`, shown: 8 },
      ),
    };
  },
});

function leadOf(rows: readonly Reconciled[], { period }: ReportFacts): string {
  const countOf = (wanted: string) =>
    rows.reduce((sum, { status, row_count }) => (status === wanted ? sum + Number(row_count) : sum), 0);
  const [agrees, explained, unexplained, alone] = [
    countOf("agrees"),
    countOf("explained"),
    countOf("unexplained"),
    countOf("not_comparable"),
  ];
  const compared = agrees + explained + unexplained;
  if (compared + alone === 0) return `There is no usage of ${period.name} to reconcile.`;
  if (compared === 0)
    return `The usage of ${period.name} can be compared neither with usage by resource nor with the inventory.`;
  const figures = counted(compared, "figure");
  const apart = [
    ...(explained > 0 ? [`${counted(explained, "differs", "differ")} for a known reason`] : []),
    ...(unexplained > 0 ? [`${counted(unexplained, "differs", "differ")} without one`] : []),
  ].join(", and ");
  const left =
    alone > 0 ? ` ${counted(alone, "figure has", "figures have")} nothing to be compared with.` : "";
  return apart === ""
    ? `Usage by day, project and type agrees with usage by resource and with the inventory in all of ${figures} of ${period.name} that can be compared.${left}`
    : `Usage by day, project and type was compared with usage by resource and with the inventory: of ${figures} of ${period.name}, ${formatCount(agrees)} agree, ${apart}.${left}`;
}
