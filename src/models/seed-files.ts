import { join } from "node:path";
import { idleRulesFile } from "../idle-settings.ts";
import { packageRoot } from "../package.ts";
import type { Workspace } from "../workspace.ts";
import {
  type CellKind,
  currency,
  date,
  decimal,
  month,
  oneOf,
  positive,
  text,
  wholeNumber,
} from "./cells.ts";
import type { Exclusive } from "./overlaps.ts";

/** A CSV file and the table that it becomes. */
export interface Seed {
  schema: "reference" | "workspace";
  table: string;
  path: string;
  description: string;
  columns: Readonly<Record<string, CellKind>>;
  /** Columns that no row leaves empty. */
  required: readonly string[];
  /** What an empty cell means, where it means one thing. */
  orElse?: Readonly<Record<string, string>>;
  /** The rows of which no two may hold on the same days. */
  exclusive?: Exclusive;
  /** A value that one column may not have. */
  refused?: { column: string; value: string; problem: string; mend: string };
}

/** The CSVs that ship with tally: what its rules and names rest on. */
export function referenceSeeds(): Seed[] {
  const path = (file: string) => join(packageRoot, "data", "reference", file);
  return [
    {
      schema: "reference",
      table: "gpu_types",
      path: path("gpu-types.csv"),
      description: "GPU types by how their products' names begin, for types that the API no longer lists.",
      columns: { product_prefix: text, gpu_type: text },
      required: ["product_prefix", "gpu_type"],
    },
    {
      schema: "reference",
      table: "billable_metrics",
      path: path("billable-metrics.csv"),
      description:
        "The one spelling of each metric, by its letters and digits in lower case, and what it measures.",
      columns: { metric_key: text, billable_metric: text, kind: text },
      required: ["metric_key", "billable_metric", "kind"],
    },
    {
      schema: "reference",
      table: "idle_rules",
      path: idleRulesFile,
      description:
        "The rules that find idle resources, with the defaults of their settings, what each means and what to do about it. In their order they may count a cost that several speak of.",
      columns: {
        rule_id: text,
        title: text,
        resource_kind: text,
        severity: text,
        min_days: decimal(8, 4),
        threshold: decimal(10, 8),
        threshold_unit: text,
        window_days: wholeNumber,
        rests_on: text,
        meaning: text,
        action: text,
      },
      required: ["rule_id", "title", "resource_kind", "severity", "rests_on", "meaning", "action"],
    },
  ];
}

/** The CSVs of a workspace: what the API cannot know. */
export function workspaceSeeds({ csv }: Workspace, reportingCurrency: string): Seed[] {
  return [
    {
      schema: "workspace",
      table: "prices",
      path: csv.prices,
      description: "Prices as prices.csv has them; an empty cell matches anything.",
      columns: {
        resource_type: text,
        billable_metric: text,
        project_id: text,
        region: text,
        reservation_id: text,
        pricing_category: oneOf("on_demand", "spot", "committed"),
        unit_price: decimal(10, 8),
        currency,
        effective_from: date,
        effective_to: date,
      },
      required: ["unit_price"],
    },
    {
      schema: "workspace",
      table: "cost_centres",
      path: csv.cost_centres,
      description:
        "Cost centres and owners as cost-centres.csv has them; an empty project_id matches any project.",
      columns: { project_id: text, cost_centre: text, owner: text, effective_from: date, effective_to: date },
      required: ["cost_centre"],
      exclusive: {
        columns: ["project_id"],
        says: ({ project_id: id }) => `the cost centre of ${id === null ? "every project" : `project ${id}`}`,
      },
    },
    {
      schema: "workspace",
      table: "budgets",
      path: csv.budgets,
      description: "Budgets as budgets.csv has them, by cost centre and month (its first day).",
      columns: { cost_centre: text, month, amount: decimal(28, 10), currency },
      required: ["month", "amount"],
      orElse: { currency: reportingCurrency },
      exclusive: {
        columns: ["cost_centre", "month", "currency"],
        says: ({ cost_centre: centre, month: first, currency: code }) =>
          `the budget of ${centre ?? "the whole organisation"} for ${String(first).slice(0, 7)} in ${code}`,
      },
    },
    {
      schema: "workspace",
      table: "exchange_rates",
      path: csv.exchange_rates,
      description: `Rates into ${reportingCurrency} as exchange-rates.csv has them: what one of each currency is in it.`,
      columns: { currency, rate: positive(decimal(10, 10)), effective_from: date, effective_to: date },
      required: ["currency", "rate"],
      exclusive: { columns: ["currency"], says: (row) => `the rate of ${row.currency}` },
      refused: {
        column: "currency",
        value: reportingCurrency,
        problem: "is the currency that costs are reported in, whose rate is 1",
        mend: "Remove the row, or name another currency under [prices] in tally.toml.",
      },
    },
    {
      schema: "workspace",
      table: "shared_cost_shares",
      path: csv.shared_costs,
      description: "Who bears how much of a shared cost whose key is fixed, as shared-costs.csv has it.",
      columns: {
        shared_cost: text,
        project_id: text,
        share: positive(decimal(10, 8)),
        effective_from: date,
        effective_to: date,
      },
      required: ["shared_cost", "project_id", "share"],
      exclusive: {
        columns: ["shared_cost", "project_id"],
        says: (row) => `the share of project ${row.project_id} in ${row.shared_cost}`,
      },
    },
    {
      schema: "workspace",
      table: "suppressions",
      path: csv.suppressions,
      description:
        "Findings that need no attention, as suppressions.csv has them; an empty cell matches anything.",
      columns: { rule_id: text, resource_id: text, until: date, reason: text },
      required: [],
    },
  ];
}
