import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import {
  around,
  type DaysOfRows,
  forget,
  isAmong,
  noteModelDays,
  noteSourceDays,
  recordSeen,
} from "./days.ts";
import { nearest, relationOf } from "./graph.ts";
import { currentInputs, type DayPlan, daysToRebuild, ownInputs } from "./incremental.ts";
import type { Model } from "./project.ts";
import { firstLine } from "./references.ts";
import { countRows } from "./table-sizes.ts";

export interface ModelResult {
  name: string;
  materialization: "view" | "table";
  /** Null for a view, which holds no rows. */
  rowCount: number | null;
  durationMs: number;
  /** How it was made: in full, or by the days that changed, which may be none. */
  mode: "full" | "incremental";
  /** Null where it was made in full. */
  daysRebuilt: number | null;
  /** Why a model that can be made by day was made in full. */
  whyFull: string | null;
  startedAt: Date;
  /** What a view is made of, to know it by later. */
  madeOf: string | null;
}

/** How a model is to be made, but for what its own file says. */
export interface Running {
  /** How it follows others by day; undefined where it is made as a whole. */
  plan: DayPlan | undefined;
  /** The days by which others follow it though it is made as a whole; undefined where none does. */
  followedBy: DaysOfRows | undefined;
  /** Whether it is made in full whatever has changed. */
  isFullRefresh: boolean;
  /** What a view is made of. */
  madeOf?: string;
}

/**
 * Builds one model in one transaction: its table or view, or the days of it that changed, and what it was made of.
 *
 * @throws TallyError that names the file and the line where its SQL fails
 */
export async function runModel(
  connection: Warehouse,
  effects: Effects,
  model: Model,
  running: Running,
): Promise<ModelResult> {
  return connection.transaction(() => makeModel(connection, effects, model, running));
}

/** The same within a transaction that is open. */
export async function makeModel(
  connection: Warehouse,
  effects: Effects,
  model: Model,
  { plan, followedBy, isFullRefresh, madeOf }: Running,
): Promise<ModelResult> {
  const startedAt = effects.wallClock();
  const relation = `${model.layer}.${sqlName(model.name)}`;
  const { days, why } = await whatToBuild(connection, model, plan, isFullRefresh);
  let rowCount: number | null;
  if (days !== null && plan) {
    if (days.length > 0) await replaceDays(connection, model, relation, plan, days);
    await recordSeen(connection, model.name, plan.follows, new Map(), days);
    rowCount = await countRows(connection, relation);
  } else {
    rowCount = await replaceAll(connection, model, relation, plan);
    if (followedBy !== undefined) await noteSourceDays(connection, relationOf(model), followedBy);
  }
  return {
    name: model.name,
    materialization: model.materialization,
    rowCount,
    durationMs: Math.max(0, effects.wallClock().getTime() - startedAt.getTime()),
    mode: days === null ? "full" : "incremental",
    daysRebuilt: days?.length ?? null,
    whyFull: why,
    startedAt,
    madeOf: madeOf ?? null,
  };
}

async function whatToBuild(
  connection: Warehouse,
  model: Model,
  plan: DayPlan | undefined,
  isFullRefresh: boolean,
): Promise<{ days: string[] | null; why: string | null }> {
  if (!plan || model.materialization === "view") return { days: null, why: null };
  if (isFullRefresh) return { days: null, why: "a full refresh was asked for" };
  const table = await connection.first(
    `select 1 as found from duckdb_tables()
     where database_name = current_database() and schema_name = $layer and table_name = $name`,
    { layer: model.layer, name: model.name },
  );
  if (!table) return { days: null, why: "there is no table of it yet" };
  const found = await daysToRebuild(connection, model, plan);
  if ("why" in found) return { days: null, why: found.why };
  if (found.days.length > 0 && !(await hasSameColumns(connection, model))) {
    return { days: null, why: "its columns changed" };
  }
  return { days: found.days, why: null };
}

async function hasSameColumns(connection: Warehouse, model: Model): Promise<boolean> {
  const shape = async (query: string) => {
    const rows = await connection.all<{ column_name: string; column_type: string }>(`describe ${query}`);
    return JSON.stringify(rows.map(({ column_name: name, column_type: type }) => [name, type]));
  };
  try {
    return (await shape(`(${model.sql}\n)`)) === (await shape(`${model.layer}.${sqlName(model.name)}`));
  } catch (error) {
    throw sqlError(model, error);
  }
}

async function replaceAll(
  connection: Warehouse,
  model: Model,
  relation: string,
  plan: DayPlan | undefined,
): Promise<number | null> {
  let rowCount: number | null;
  try {
    // On one line before the SELECT, so that the lines of DuckDB's errors are those of the file.
    const made = await connection.first<{ Count: string }>(
      `create or replace ${model.materialization} ${relation} as ${model.sql}`,
    );
    rowCount = model.materialization === "view" ? null : Number(made?.Count ?? 0);
  } catch (error) {
    throw sqlError(model, error);
  }
  await checkColumns(connection, model, relation);
  if (!plan) return rowCount;
  if (model.materialization === "view") {
    await recordSeen(connection, model.name, [], ownInputs(model), null);
    return rowCount;
  }
  await noteModelDays(connection, relationOf(model), plan.by, null);
  const inputs = await currentInputs(connection, model, plan);
  if (inputs) await recordSeen(connection, model.name, plan.follows, inputs, null);
  else await forget(connection, model.name);
  return rowCount;
}

async function replaceDays(
  connection: Warehouse,
  model: Model,
  relation: string,
  plan: DayPlan,
  days: readonly string[],
): Promise<void> {
  const isRebuilt = isAmong(plan.by, days);
  // What the days rest on stands in the place of each table that is followed: no window is taken over years to look
  // at a week of them. On one line before the SELECT, so that the lines of DuckDB's errors are those of the file.
  const needed = plan.read.map(
    (read) =>
      `${sqlName(read.model.name)} as (select * from ${read.model.layer}.${sqlName(read.model.name)} where ${around(read.days, days, plan.looksBackDays)})`,
  );
  const within = needed.length > 0 ? `with ${needed.join(", ")} ` : "";
  try {
    await connection.run(`delete from ${relation} where ${isRebuilt}`);
    await connection.run(
      `insert into ${relation} ${within}select * from (${model.sql}\n) as ${sqlName(model.name)} where ${isRebuilt}`,
    );
  } catch (error) {
    throw sqlError(model, error);
  }
  await noteModelDays(connection, relationOf(model), plan.by, days);
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
  const rows = await connection.all<{ column_name: string; column_type: string }>(`describe ${relation}`);
  const produced = new Set(rows.map((row) => row.column_name));
  const day = rows.find((row) => row.column_name === header.incremental?.by);
  if (header.incremental && day && day.column_type !== "DATE") {
    throw new ConfigError(
      `${file}:${header.incremental.line}: it is incremental by ${header.incremental.by}, which is no DATE but ${day.column_type}.`,
      { hint: `Cast the column in the SELECT: ${header.incremental.by}::date.` },
    );
  }
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

function sqlError(model: Model, error: unknown): TallyError {
  if (!(error instanceof Error)) throw error;
  const line = /\nLINE (\d+):/.exec(error.message)?.[1] ?? firstLine(model.sql);
  const reason = error.message.split("\n\nLINE ", 1)[0]?.replace(/\s*\n\s*/g, " ") ?? error.message;
  const kept = `Nothing of ${model.name} was changed; models built before it are kept.`;
  // Of most columns that are not there DuckDB names the nearest itself, but not of a CTE's.
  const unknown = /does not have a column named "([^"]+)"/.exec(reason)?.[1];
  const words = [...new Set(model.sql.match(/[A-Za-z_]\w*/g) ?? [])].filter((word) => word !== unknown);
  return new TallyError(`${model.file}:${line}: ${reason}`, {
    hint:
      unknown === undefined || /candidate/i.test(reason)
        ? kept
        : `Nearest in the file: ${nearest(unknown, words).join(", ")}. ${kept}`,
    cause: error,
  });
}

/** The last line on which the name stands as a word: a model's last select names its columns. */
function lineOfWord(sql: string, word: string): number | undefined {
  const lines = sql.split("\n");
  const at = lines.findLastIndex((line) => line.split(/[^A-Za-z0-9_]+/).includes(word));
  return at < 0 ? undefined : at + 1;
}
