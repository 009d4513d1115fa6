import { ConfigError } from "../errors/config-error.ts";
import type { HeaderTest } from "../models/header.ts";
import { metaTables } from "../models/meta.ts";
import { loadProject, type Model, projectRoots } from "../models/project.ts";
import { readSelects } from "../models/references.ts";
import type { PublishedContext } from "../open-published.ts";
import { withSandbox } from "../query/sandbox.ts";
import { listSavedQueries, type SavedQuery } from "../query/saved.ts";
import { countRows } from "../row-counts.ts";
import { sqlName } from "../warehouse.ts";
import { createLineage, type Lineage } from "./lineage.ts";

/** A public table, as its model, its file and DuckDB tell it. */
export interface DocumentedTable {
  name: string;
  description: string;
  /** The columns by which its rows are told apart. */
  grain: readonly string[];
  columns: readonly { name: string; type: string; description: string }[];
  /** What its model's header claims, a sentence each. */
  tests: readonly string[];
  /** What it is made of; null for the tables about the build itself. */
  lineage: Lineage | null;
  rowCount: string;
  /** The last day that it has usage of; null where it has no days. */
  latestDay: string | null;
}

export interface Dictionary {
  tables: readonly DocumentedTable[];
  /** The queries of sql/tests, which speak of several tables. */
  tests: readonly { name: string; description: string; severity: string }[];
  queries: readonly SavedQuery[];
  /** When the tables were built, UTC, and by which version. */
  builtAt: string;
  version: string;
}

/**
 * What there is to know of the published tables: read from the headers of their models, from the models' own FROM
 * clauses, and from the published file.
 *
 * @throws ConfigError where nothing is published, or a table is not as its model says
 */
export async function readDictionary(context: PublishedContext): Promise<Dictionary> {
  const project = await loadProject(projectRoots(context.workspace));
  return withSandbox(context, {}, async (sandbox) => {
    const selects = await readSelects(sandbox, project.models);
    const reads = new Map(project.models.map(({ name }, at) => [name, selects[at]?.tables ?? []]));
    const lineage = createLineage(project.models, reads);
    const published = await readPublished(sandbox);
    const [build] = await sandbox.all<{ built_at: string; tally_version: string }>(
      "select built_at::varchar as built_at, tally_version from meta_build",
    );
    const described = [
      ...project.models
        .filter(({ layer }) => layer === "marts")
        .map((mart) => ({ ...ofMart(mart), lineage: lineage(mart.name) })),
      ...metaTables.map((table) => ({ ...ofMeta(table), lineage: null })),
    ];
    const tables: DocumentedTable[] = [];
    for (const table of described) {
      const found = published.get(table.name);
      if (!found) {
        throw new ConfigError(`${table.name} is a model, but not among the published tables.`, {
          hint: "Build and publish every model with `tally build`, then run this again.",
        });
      }
      tables.push({
        ...table,
        columns: table.columns.map((column) => ({ ...column, type: found.types.get(column.name) ?? "" })),
        rowCount: found.rowCount,
        latestDay: found.types.get("usage_date") === "DATE" ? await latestDay(sandbox, table.name) : null,
      });
    }
    return {
      tables,
      tests: project.tests,
      queries: await listSavedQueries(context.workspace),
      builtAt: build?.built_at ?? "",
      version: build?.tally_version ?? "",
    };
  });
}

type Query = Pick<Parameters<Parameters<typeof withSandbox>[2]>[0], "all">;

async function readPublished(
  sandbox: Query,
): Promise<Map<string, { types: Map<string, string>; rowCount: string }>> {
  const rows = await sandbox.all<{
    name: string;
    column_name: string;
    data_type: string;
  }>(`
    select
      table_name as name,
      column_name,
      data_type
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'main' and not internal
    order by table_name, column_index
  `);
  const published = new Map<string, { types: Map<string, string>; rowCount: string }>();
  const counts = await countRows(sandbox);
  for (const { name, column_name: column, data_type: type } of rows) {
    const rowCount = String(counts.get(name) ?? 0);
    const table = published.get(name) ?? { types: new Map<string, string>(), rowCount };
    table.types.set(column, type);
    published.set(name, table);
  }
  return published;
}

async function latestDay(sandbox: Query, table: string): Promise<string | null> {
  const [row] = await sandbox.all<{ day: string | null }>(
    `select max(usage_date)::varchar as day from ${sqlName(table)}`,
  );
  return row?.day ?? null;
}

type Described = Omit<DocumentedTable, "rowCount" | "latestDay" | "lineage">;

function ofMart({ name, header }: Model): Described {
  return {
    name,
    description: header.description,
    grain: header.grain,
    columns: header.columns.map((column) => ({ ...column, type: "" })),
    tests: [`No two rows have the same ${header.grain.join(", ")}.`, ...header.tests.flatMap(claimOf)],
  };
}

function ofMeta({ name, description, columns, order }: (typeof metaTables)[number]): Described {
  return {
    name: `meta_${name}`,
    description,
    grain: order,
    columns: columns.map((column) => ({ name: column.name, type: "", description: column.description })),
    tests: [],
  };
}

/** A test of a header, as the sentence that holds when it passes. */
function claimOf(test: HeaderTest): string {
  const mark = test.severity === "warn" ? " (a warning)" : "";
  if ("not_null" in test)
    return `${test.not_null.join(", ")} ${test.not_null.length > 1 ? "are" : "is"} never null${mark}.`;
  if ("accepted_values" in test) {
    return `${test.accepted_values.column} is one of ${test.accepted_values.values.join(", ")}${mark}.`;
  }
  if ("relationship" in test) {
    const { column, model, to } = test.relationship;
    return `${column} is a ${to} of ${model}, where it is not null${mark}.`;
  }
  if ("range" in test) {
    const { column, min, max } = test.range;
    const bounds = [
      min === undefined ? [] : [`at least ${min}`],
      max === undefined ? [] : [`at most ${max}`],
    ].flat();
    return `${column} is ${bounds.join(" and ")}${mark}.`;
  }
  return `The latest ${test.freshness.column} is within ${test.freshness.within}${mark}.`;
}
