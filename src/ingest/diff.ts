import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { comparedSql } from "./column-sql.ts";
import { historyColumns, rawTable } from "./raw-tables.ts";
import type { Stream } from "./streams.ts";

/** How what was read differs from what was known. */
export interface Counts {
  rows: number;
  new: number;
  changed: number;
  gone: number;
  unchanged: number;
}

export interface Diff {
  stream: Stream;
  /** The table that holds what was read, with the stream's own columns. */
  incoming: string;
  /** Which known rows the read covered; over `known`. */
  coveredSql: string;
  /** An instant as DuckDB reads it. */
  now: string;
  loadId: string;
}

/**
 * Brings a history table in line with what was read: rows that are the same stay, those that changed or
 * vanished are closed at now, and new ones open. Done twice with the same rows, the second changes nothing.
 */
export async function applyDiff(
  warehouse: Warehouse,
  { stream, incoming, coveredSql, now, loadId }: Diff,
): Promise<Counts> {
  const table = rawTable(stream);
  const { from, to } = historyColumns(stream);
  const names = stream.columns.map((column) => sqlName(column.name));
  const isSameKey = stream.columns
    .filter((column) => column.isKey)
    .map(({ name }) => `known.${sqlName(name)} is not distinct from incoming.${sqlName(name)}`);
  const isSame = stream.columns
    .filter((column) => !column.isKey && column.isCompared !== false)
    .map(
      (column) => `${comparedSql(column, "known")} is not distinct from ${comparedSql(column, "incoming")}`,
    );
  await warehouse.run(`
    create or replace temp table outcome as
    with known as (
      select rowid as row_id, ${names.join(", ")}
      from ${table} as known
      where ${to} is null and ${coveredSql}
    ),
    incoming as (
      select rowid as row_id, ${names.join(", ")}
      from ${incoming}
    )
    select
      known.row_id as known_row,
      incoming.row_id as incoming_row,
      known.row_id is not null
        and incoming.row_id is not null
        and ${isSame.join(" and ") || "true"} as is_same
    from known
    full join incoming
      on ${isSameKey.join(" and ")}`);
  await warehouse.run(
    `update ${table}
     set ${to} = greatest($now::timestamp, ${from})
     where rowid in (select known_row from outcome where known_row is not null and not is_same)`,
    { now },
  );
  await warehouse.run(`
    insert into ${table} (${names.join(", ")}, ${from}, ${to}, _load_id)
    select ${names.join(", ")}, ${sqlText(now)}::timestamp, null, ${sqlText(loadId)}
    from ${incoming}
    where rowid in (select incoming_row from outcome where incoming_row is not null and not is_same)
    order by all`);
  const counts = await warehouse.first<{ [name in keyof Counts]: string }>(`
    select
      count(incoming_row) as rows,
      count(*) filter (known_row is null) as new,
      count(*) filter (known_row is not null and incoming_row is not null and not is_same) as changed,
      count(*) filter (incoming_row is null) as gone,
      count(*) filter (is_same) as unchanged
    from outcome`);
  await warehouse.run("drop table outcome");
  return {
    rows: Number(counts?.rows ?? 0),
    new: Number(counts?.new ?? 0),
    changed: Number(counts?.changed ?? 0),
    gone: Number(counts?.gone ?? 0),
    unchanged: Number(counts?.unchanged ?? 0),
  };
}
