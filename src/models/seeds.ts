import { join } from "node:path";
import { ConfigError } from "../errors/config-error.ts";
import { idleRulesFile } from "../idle-settings.ts";
import { packageRoot } from "../package.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { type CellKind, currency, date, decimal, month, text, wholeNumber } from "./cells.ts";
import { type CsvRow, readCsvTable } from "./csv-table.ts";

/** A CSV file and the table that it becomes. */
interface Seed {
  schema: "reference" | "workspace";
  table: string;
  path: string;
  description: string;
  columns: Readonly<Record<string, CellKind>>;
  /** Columns that no row leaves empty. */
  required: readonly string[];
}

/** The CSVs that ship with tally: what its rules and names rest on. */
function referenceSeeds(): Seed[] {
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
function workspaceSeeds({ csv }: Workspace): Seed[] {
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
    },
    {
      schema: "workspace",
      table: "budgets",
      path: csv.budgets,
      description: "Budgets as budgets.csv has them, by cost centre and month (its first day).",
      columns: { cost_centre: text, month, amount: decimal(28, 10), currency },
      required: ["month", "amount"],
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

/**
 * Loads the reference CSVs and those of the workspace, each into its table with the line that every row
 * stands on. A CSV that the workspace lacks is an empty table.
 *
 * @throws ConfigError that names file, line and column of a cell that is not as it should be
 */
export async function loadSeeds(connection: Warehouse, workspace: Workspace): Promise<void> {
  const seeds = [...referenceSeeds(), ...workspaceSeeds(workspace)];
  const loaded: { seed: Seed; rows: SeedRow[] }[] = [];
  for (const seed of seeds) loaded.push({ seed, rows: await readSeed(seed) });
  await connection.transaction(async () => {
    for (const { seed, rows } of loaded) await writeSeed(connection, seed, rows);
  });
}

interface SeedRow extends Record<string, string | number | null> {
  source_line: number;
}

async function readSeed(seed: Seed): Promise<SeedRow[]> {
  const required = seed.required;
  const rows = await readCsvTable(seed.path, { all: Object.keys(seed.columns), required });
  if (rows === null && seed.schema === "reference") {
    throw new ConfigError(`${seed.path} is missing.`, {
      hint: "It ships with tally: install the package once more.",
    });
  }
  const read = (rows ?? []).map((row) => readRow(seed, row));
  if (seed.table === "cost_centres") refuseOverlaps(seed, read);
  return read;
}

function readRow(seed: Seed, { line, cells }: CsvRow): SeedRow {
  const row: SeedRow = { source_line: line };
  for (const [column, kind] of Object.entries(seed.columns)) {
    const cell = cells[column] ?? null;
    const place = `${seed.path}, line ${line}, column ${column}`;
    if (cell === null) {
      if (seed.required.includes(column)) {
        throw new ConfigError(`${place}: the cell is empty.`, { hint: "Every row needs a value there." });
      }
      row[column] = null;
      continue;
    }
    const result = kind.read(cell);
    if ("problem" in result)
      throw new ConfigError(`${place}: ${JSON.stringify(cell)} ${result.problem}.`, { hint: result.mend });
    row[column] = result.value;
  }
  const { effective_from: from, effective_to: to } = row;
  if (typeof from === "string" && typeof to === "string" && to < from) {
    throw new ConfigError(
      `${seed.path}, line ${line}, column effective_to: ${to} is before effective_from, ${from}.`,
      {
        hint: "effective_to is the last day on which the row holds; leave it empty for no end.",
      },
    );
  }
  return row;
}

function refuseOverlaps(seed: Seed, rows: readonly SeedRow[]): void {
  const byProject = new Map<string, SeedRow[]>();
  for (const row of rows) {
    const others = byProject.get(String(row.project_id)) ?? [];
    const other = others.find((candidate) => overlap(candidate, row));
    if (other) {
      throw new ConfigError(
        `${seed.path}, lines ${other.source_line} and ${row.source_line}: both say the cost centre of ${row.project_id === null ? "every project" : `project ${row.project_id}`} on the same days.`,
        {
          hint: "Give the earlier one an effective_to before the later one's effective_from, or remove one.",
        },
      );
    }
    byProject.set(String(row.project_id), [...others, row]);
  }
}

function overlap(a: SeedRow, b: SeedRow): boolean {
  const starts = (row: SeedRow) => String(row.effective_from ?? "0000");
  const ends = (row: SeedRow) => String(row.effective_to ?? "9999-99");
  return starts(a) <= ends(b) && starts(b) <= ends(a);
}

async function writeSeed(connection: Warehouse, seed: Seed, rows: readonly SeedRow[]): Promise<void> {
  const table = `${seed.schema}.${seed.table}`;
  const columns = [
    ...Object.entries(seed.columns).map(([name, { type }]) => ({ name, type })),
    { name: "source_line", type: "integer" },
  ];
  await connection.run(`
    create or replace table ${table} (${columns.map(({ name, type }) => `${name} ${type}`).join(", ")});
    comment on table ${table} is ${sqlText(seed.description)};
  `);
  if (rows.length === 0) return;
  const structure = JSON.stringify([Object.fromEntries(columns.map(({ name, type }) => [name, type]))]);
  await connection.run(
    `
    insert into ${table}
    select ${columns.map(({ name }) => name).join(", ")}
    from (select unnest(from_json($rows::json, ${sqlText(structure)}), recursive := true))
    `,
    { rows: JSON.stringify(rows) },
  );
}
