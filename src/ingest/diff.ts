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

export const noCounts: Readonly<Counts> = { rows: 0, new: 0, changed: 0, gone: 0, unchanged: 0 };

/** One of the loads that are compared together; rows of different loads never meet. */
export interface DiffLoad {
  loadId: string;
  /** Whether what is known and was not read is gone. */
  closes: boolean;
}

export interface Diff {
  stream: Stream;
  /** The table that holds what was read: the stream's own columns, and `_load`, the index of the row's load. */
  incoming: string;
  /** The known rows that the loads cover: `row_id`, `_load` and the stream's own columns. */
  knownSql: string;
  loads: readonly DiffLoad[];
}

/** Compares what was read with what is known, in a temporary table `outcome`, and counts by load. */
export async function compareRows(
  warehouse: Warehouse,
  { stream, incoming, knownSql, loads }: Diff,
): Promise<Counts[]> {
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
      ${knownSql}
    ),
    incoming as (
      select rowid as row_id, _load, ${names.join(", ")}
      from ${incoming}
    )
    select
      coalesce(known._load, incoming._load) as _load,
      known.row_id as known_row,
      incoming.row_id as incoming_row,
      known.row_id is not null
        and incoming.row_id is not null
        and ${isSame.join(" and ") || "true"} as is_same
    from known
    full join incoming
      on ${["known._load = incoming._load", ...isSameKey].join(" and ")}`);
  const counted = await warehouse.all<{ _load: number } & { [name in keyof Counts]: string }>(`
    select
      _load::integer as _load,
      count(distinct incoming_row) as rows,
      count(*) filter (known_row is null) as new,
      count(*) filter (known_row is not null and incoming_row is not null and not is_same) as changed,
      count(*) filter (incoming_row is null) as gone,
      count(*) filter (is_same) as unchanged
    from outcome
    group by all`);
  const counts = loads.map(() => ({ ...noCounts }));
  for (const { _load: load, ...texts } of counted) {
    const of = counts[load];
    if (!of) continue;
    for (const name of Object.keys(noCounts) as (keyof Counts)[]) of[name] = Number(texts[name]);
    if (!loads[load]?.closes) of.gone = 0;
  }
  return counts;
}

/**
 * Brings the history in line with the outcome: rows that are the same stay, those that changed or vanished are
 * closed at now, and new ones open. Done twice with the same rows, the second changes nothing.
 */
export async function applyOutcome(
  warehouse: Warehouse,
  { stream, incoming, loads }: Omit<Diff, "knownSql">,
  counts: readonly Counts[],
  now: string,
): Promise<void> {
  const table = rawTable(stream);
  const { from, to } = historyColumns(stream);
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  const closing = loads.flatMap(({ closes }, index) => (closes ? [index] : []));
  if (counts.some(({ changed, gone }) => changed + gone > 0)) {
    const isClosed = `incoming_row is not null${closing.length > 0 ? ` or _load in (${closing.join(", ")})` : ""}`;
    await warehouse.run(
      `update ${table}
       set ${to} = greatest($now::timestamp, ${from})
       where rowid in (
         select known_row from outcome where known_row is not null and not is_same and (${isClosed})
       )`,
      { now },
    );
  }
  if (counts.some((each) => each.new + each.changed > 0)) {
    const ids = loads.map(({ loadId }) => sqlText(loadId)).join(", ");
    await warehouse.run(`
      insert into ${table} (${names}, ${from}, ${to}, _load_id)
      select ${names}, ${sqlText(now)}::timestamp, null, ([${ids}])[_load + 1]
      from ${incoming}
      where rowid in (
        -- One that an account has already may also be known of an account that is read no more.
        select incoming_row
        from outcome
        where incoming_row is not null
        group by incoming_row
        having not bool_or(is_same)
      )
      order by all`);
  }
  await warehouse.run("drop table outcome");
}
