import { createHash } from "node:crypto";
import { ConfigError } from "../errors/config-error.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { type CsvRow, readCsvTable } from "./csv-table.ts";
import { refuseOverlaps } from "./overlaps.ts";
import { referenceSeeds, type Seed, workspaceSeeds } from "./seed-files.ts";

/**
 * Loads the reference CSVs and those of the workspace, each into its table with the line that every row
 * stands on. A CSV that the workspace lacks is an empty table.
 *
 * @param reportingCurrency the currency that costs are reported in, and that of amounts that name none
 *
 * @throws ConfigError that names file, line and column of a cell that is not as it should be
 */
export async function loadSeeds(
  connection: Warehouse,
  workspace: Workspace,
  reportingCurrency: string,
): Promise<void> {
  const seeds = [...referenceSeeds(), ...workspaceSeeds(workspace, reportingCurrency)];
  const loaded: LoadedSeed[] = [];
  for (const seed of seeds) loaded.push({ seed, ...(await readSeed(seed)) });
  await writeTables(connection, [...loaded.map(seedTable), headersTable(loaded)]);
}

interface LoadedSeed {
  seed: Seed;
  columns: string[];
  rows: SeedRow[];
}

/** A row of a CSV as it is stored, with the line that it stands on. */
export interface SeedRow extends Record<string, string | number | null> {
  source_line: number;
}

async function readSeed(seed: Seed): Promise<Omit<LoadedSeed, "seed">> {
  const required = seed.required;
  const table = await readCsvTable(seed.path, { all: Object.keys(seed.columns), required });
  if (table === null && seed.schema === "reference") {
    throw new ConfigError(`${seed.path} is missing.`, {
      hint: "It ships with tally: install the package once more.",
    });
  }
  const rows = (table?.rows ?? []).map((row) => readRow(seed, row));
  if (seed.exclusive) refuseOverlaps(seed.path, seed.exclusive, rows);
  return { columns: table?.columns ?? [], rows };
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
      row[column] = seed.orElse?.[column] ?? null;
      continue;
    }
    const result = kind.read(cell);
    if ("problem" in result)
      throw new ConfigError(`${place}: ${JSON.stringify(cell)} ${result.problem}.`, { hint: result.mend });
    if (seed.refused?.column === column && seed.refused.value === result.value) {
      throw new ConfigError(`${place}: ${result.value} ${seed.refused.problem}.`, {
        hint: seed.refused.mend,
      });
    }
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

/** A table to write, with all that it is to hold. */
interface TableToWrite {
  table: string;
  description: string;
  /** Its columns with their types. */
  columns: Readonly<Record<string, string>>;
  rows: readonly object[];
}

function seedTable({ seed, rows }: LoadedSeed): TableToWrite {
  const columns = Object.entries(seed.columns).map(([name, { type }]) => [name, type]);
  return {
    table: `${seed.schema}.${seed.table}`,
    description: seed.description,
    columns: { ...Object.fromEntries(columns), source_line: "integer" },
    rows,
  };
}

/** In which order the user's files have their columns: a line that is to be added follows it. */
function headersTable(loaded: readonly LoadedSeed[]): TableToWrite {
  return {
    table: "workspace.csv_headers",
    description: "The columns of each CSV of the workspace, in the order of its header.",
    columns: { table_name: "varchar", columns: "varchar[]" },
    rows: loaded
      .filter(({ seed }) => seed.schema === "workspace")
      // A file that has no header yet may be given every column.
      .map(({ seed, columns }) => ({
        table_name: seed.table,
        columns: columns.length > 0 ? columns : Object.keys(seed.columns),
      })),
  };
}

/** Writes the tables that are not what they are to be already, all in one transaction. */
async function writeTables(connection: Warehouse, tables: readonly TableToWrite[]): Promise<void> {
  await connection.run(
    "create table if not exists meta.seed (table_name varchar not null, content varchar not null)",
  );
  const written = await connection.all<{ table_name: string; content: string }>(`
    select seed.table_name, seed.content
    from meta.seed as seed
    semi join duckdb_tables() as tables
      on tables.database_name = current_database()
      and seed.table_name = tables.schema_name || '.' || tables.table_name
  `);
  const known = new Map(written.map(({ table_name: table, content }) => [table, content]));
  const contents = new Map(tables.map((table) => [table, contentOf(table)]));
  const changed = tables.filter((table) => known.get(table.table) !== contents.get(table));
  if (changed.length === 0) return;
  const statements = changed.map((to) => {
    const names = Object.keys(to.columns).join(", ");
    // A list is told by a list of its type; what a struct's field is called stands as it is.
    const structure = JSON.stringify([
      Object.fromEntries(Object.entries(to.columns).map(([name, type]) => [name, jsonType(type)])),
    ]);
    return `
      create or replace table ${to.table} as
      select ${names}
      from (select unnest(from_json(${sqlText(JSON.stringify(to.rows))}, ${sqlText(structure)}), recursive := true));
      comment on table ${to.table} is ${sqlText(to.description)};
      delete from meta.seed where table_name = ${sqlText(to.table)};
      insert into meta.seed values (${sqlText(to.table)}, ${sqlText(contents.get(to) ?? "")});`;
  });
  await connection.transaction(() => connection.run(statements.join("\n")));
}

function contentOf(table: TableToWrite): string {
  return createHash("sha256").update(JSON.stringify(table)).digest("hex");
}

function jsonType(type: string): string | string[] {
  return type.endsWith("[]") ? [type.slice(0, -2)] : type;
}
