import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { commentStatements } from "./meta.ts";
import type { Model } from "./project.ts";
import { firstLine } from "./references.ts";

export interface ModelResult {
  name: string;
  materialization: "view" | "table";
  /** Null for a view, which holds no rows. */
  rowCount: number | null;
  durationMs: number;
}

/**
 * Builds one model in one transaction: its table or view, the comments on it, and its row in meta.model.
 *
 * @throws TallyError that names the file and the line where its SQL fails
 */
export async function runModel(connection: Warehouse, effects: Effects, model: Model): Promise<ModelResult> {
  const startedAt = effects.wallClock().getTime();
  const relation = `${model.layer}.${sqlName(model.name)}`;
  return connection.transaction(async () => {
    try {
      // On one line before the SELECT, so that the lines of DuckDB's errors are those of the file.
      await connection.run(`create or replace ${model.materialization} ${relation} as ${model.sql}`);
    } catch (error) {
      throw sqlError(model, error);
    }
    await checkColumns(connection, model, relation);
    await connection.run(
      commentStatements(model.materialization, relation, model.header.description, model.header.columns),
    );
    const rowCount = model.materialization === "view" ? null : await countRows(connection, relation);
    const durationMs = Math.max(0, effects.wallClock().getTime() - startedAt);
    await connection.run("delete from meta.model where model_name = $name", { name: model.name });
    await connection.run(
      `
      insert into meta.model (model_name, materialization, row_count, duration_ms, built_at)
      select $name::varchar, $materialization::varchar, $row_count::bigint, $duration_ms::bigint, now
      from meta.build
      `,
      {
        name: model.name,
        materialization: model.materialization,
        row_count: rowCount,
        duration_ms: durationMs,
      },
    );
    return { name: model.name, materialization: model.materialization, rowCount, durationMs };
  });
}

/**
 * Drops what no model makes any more, so that nothing stale is read or published, and what a model makes in
 * another kind than before, which `create or replace` refuses.
 */
export async function dropLeftovers(connection: Warehouse, models: readonly Model[]): Promise<void> {
  const kinds = new Map(models.map((model) => [`${model.layer}.${model.name}`, model.materialization]));
  const relations = await connection.all<{ schema_name: string; name: string; kind: string }>(`
    select schema_name, table_name as name, 'table' as kind
    from duckdb_tables()
    where database_name = current_database() and schema_name in ('staging', 'intermediate', 'marts')
    union all
    select schema_name, view_name, 'view'
    from duckdb_views()
    where database_name = current_database() and schema_name in ('staging', 'intermediate', 'marts')
  `);
  for (const { schema_name, name, kind } of relations) {
    const wanted = kinds.get(`${schema_name}.${name}`);
    if (wanted !== kind) await connection.run(`drop ${kind} if exists ${schema_name}.${sqlName(name)}`);
  }
  const names = models.map((model) => sqlText(model.name));
  await connection.run(`delete from meta.model where model_name not in (${["''", ...names].join(", ")})`);
}

async function checkColumns(
  connection: Warehouse,
  { layer, file, header, sql }: Model,
  relation: string,
): Promise<void> {
  const rows = await connection.all<{ column_name: string }>(`describe ${relation}`);
  const produced = new Set(rows.map((row) => row.column_name));
  const absent = header.columns.find((column) => !produced.has(column.name));
  if (absent) {
    throw new ConfigError(
      `${file}:${absent.line}: the column ${absent.name} is described, but the SELECT does not produce it.`,
      {
        hint: `It produces ${[...produced].join(", ")}.`,
      },
    );
  }
  const declared = new Set(header.columns.map((column) => column.name));
  const undescribed = [...produced].find((column) => !declared.has(column));
  if (undescribed !== undefined && layer === "marts") {
    throw new ConfigError(
      `${file}:${lineOfWord(sql, undescribed) ?? header.columnsLine}: the column ${undescribed} is produced, but not described.`,
      {
        hint: "Say what it means under columns in the file's header: a public table has no column without a meaning.",
      },
    );
  }
}

async function countRows(connection: Warehouse, relation: string): Promise<number> {
  const row = await connection.first<{ rows: string }>(`select count(*) as rows from ${relation}`);
  return Number(row?.rows ?? 0);
}

function sqlError(model: Model, error: unknown): TallyError {
  if (!(error instanceof Error)) throw error;
  const line = /\nLINE (\d+):/.exec(error.message)?.[1] ?? firstLine(model.sql);
  const reason = error.message.split("\n\nLINE ", 1)[0]?.replace(/\s*\n\s*/g, " ") ?? error.message;
  return new TallyError(`${model.file}:${line}: ${reason}`, {
    hint: `Nothing of ${model.name} was changed; models built before it are kept.`,
    cause: error,
  });
}

/** The last line on which the name stands as a word: a model's last select names its columns. */
function lineOfWord(sql: string, word: string): number | undefined {
  const lines = sql.split("\n");
  const at = lines.findLastIndex((line) => line.split(/[^A-Za-z0-9_]+/).includes(word));
  return at < 0 ? undefined : at + 1;
}
