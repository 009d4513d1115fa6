import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { type DaysOfRows, isAmong, nextChange } from "./days.ts";
import { type Column, columnsOf } from "./table-contents.ts";

/**
 * Notes the days of a table that is not made by day, by what they hold: whatever was loaded, restated or replayed
 * shows, in whatever order and instant that happened. A day that has no rows any more stays, as one without content.
 *
 * @param readings by which runs what was loaded was read anew, as an expression: what is known by its loads changes with it
 */
export async function noteSourceDays(
  connection: Warehouse,
  relation: string,
  days: DaysOfRows,
  readings = "null",
): Promise<void> {
  const columns = await columnsOf(connection, relation);
  const isLoaded = loadColumns.every((name) => columns.some((column) => column.name === name));
  if (isLoaded && days.from === days.to) {
    await noteLoadedDays(connection, relation, days.from, readings);
    return;
  }
  const sums = isLoaded ? sumsOfLoads(readings) : sumsOfRows(columns, days);
  await mergeDays(connection, relation, days, sums, null);
}

/** By which load a row came, and from when to when it was known. */
const loadColumns = ["_load_id", "_known_from", "_known_to"];

/** The sums that tell whether the rows of a day are other ones, and by what more than days they are grouped. */
interface Sums {
  columns: string;
  groups: string;
  /** What else tells of a change, as arguments of hash(). */
  beside: string;
}

function sumsOfRows(columns: readonly Column[], { from, to }: DaysOfRows): Sums {
  // Of what a span moves, the days that it covers tell: it does not change those that it covered before.
  const skipped = from === to ? ["_load_id"] : ["_load_id", from, to];
  const compared = columns.map(({ name }) => name).filter((name) => !skipped.includes(name));
  return {
    columns: `count(*) as row_count, sum(hash(${compared.map(sqlName).join(", ")})) as hash_sum`,
    groups: "",
    beside: "",
  };
}

/**
 * A row that was loaded is only ever closed, and one that says something else comes by another load. So nothing else of
 * millions of rows need be read, and what is hashed are the loads, which are few.
 */
function sumsOfLoads(readings: string): Sums {
  const names = loadColumns.join(", ");
  return {
    columns: `count(*) as row_count, count(*) * hash(${names})::hugeint as hash_sum`,
    groups: `, ${names}`,
    beside: `, ${readings}`,
  };
}

/** How much of a table that is loaded its days tell of. */
interface NotedLoads {
  row_count: string;
  closed_count: string;
  /** The latest instant at which a row came or was closed. */
  known_at: string;
  readings: string | null;
}

/**
 * Notes the days of usage. Of a table in which rows only come and are closed, those since the last build tell what
 * changed, as long as there are as many of them as the table has more: in any other case all of it is looked at.
 */
async function noteLoadedDays(
  connection: Warehouse,
  relation: string,
  day: string,
  readings: string,
): Promise<void> {
  const noted = await connection.first<NotedLoads>(
    `select row_count, closed_count, known_at::varchar as known_at, readings
     from meta.noted_load
     where relation = ${sqlText(relation)} and known_at is not null`,
  );
  const present = await connection.first<Omit<NotedLoads, "known_at">>(
    `select count(*) as row_count, count(_known_to) as closed_count, ${readings} as readings from ${relation}`,
  );
  if (!present) return;
  const since = noted && noted.readings === present.readings ? noted : undefined;
  const days = since ? await daysSince(connection, relation, day, since, present) : null;
  if (days?.length === 0) return;
  await mergeDays(connection, relation, { from: day, to: day }, sumsOfLoads(readings), days);
  const latest = "greatest(max(_known_from), max(_known_to))";
  await connection.run(`
    delete from meta.noted_load where relation = ${sqlText(relation)};
    insert into meta.noted_load
    select ${sqlText(relation)}, ${present.row_count}, ${present.closed_count}, ${latest}, ${readings} from ${relation};
  `);
}

/** The days on which rows came or were closed since; null where that does not account for all that the table has more. */
async function daysSince(
  connection: Warehouse,
  relation: string,
  day: string,
  since: NotedLoads,
  present: Omit<NotedLoads, "known_at">,
): Promise<string[] | null> {
  const known = `timestamp ${sqlText(since.known_at)}`;
  const rows = await connection.all<{ day: string | null; came: string; closed: string }>(`
    with changes as (
      select ${sqlName(day)}::date as day, 1 as came, 0 as closed from ${relation} where _known_from > ${known}
      union all
      select ${sqlName(day)}::date, 0, 1 from ${relation} where _known_to > ${known}
    )
    select day::varchar as day, sum(came)::bigint as came, sum(closed)::bigint as closed
    from changes
    group by changes.day
    order by changes.day
  `);
  const days = rows.flatMap(({ day }) => (day === null ? [] : [day]));
  const isMore = (part: "came" | "closed", now: string, then: string) =>
    rows.reduce((sum, row) => sum + Number(row[part]), 0) === Number(now) - Number(then);
  const isAll =
    days.length === rows.length &&
    isMore("came", present.row_count, since.row_count) &&
    isMore("closed", present.closed_count, since.closed_count);
  return isAll ? days : null;
}

/** Notes days that a table has or, where only some are named, those. */
async function mergeDays(
  connection: Warehouse,
  relation: string,
  { from, to }: DaysOfRows,
  { columns, groups, beside }: Sums,
  some: readonly string[] | null,
): Promise<void> {
  const rows =
    from === to
      ? `select ${sqlName(from)}::date as day, ${columns} from ${relation} ${some ? `where ${isAmong(from, some)}` : ""} group by day${groups}`
      : // Few rows have spans of their own, so that only spans are spread over their days.
        `select
           unnest(
             case
               when first_day is null or last_day is null then [null::timestamp]
               else generate_series(first_day, last_day, interval 1 day)
             end
           )::date as day,
           row_count,
           hash_sum
         from (
           select ${sqlName(from)}::date as first_day, ${sqlName(to)}::date as last_day, ${columns}
           from ${relation}
           group by first_day, last_day${groups}
         )`;
  const others = some
    ? ""
    : `when not matched by source and known.relation = ${sqlText(relation)} and known.content is not null
         then update set content = null, change_number = ${nextChange}`;
  await connection.run(`
    merge into meta.changed_day as known
    using (
      select ${sqlText(relation)} as relation, day, hash(sum(row_count), sum(hash_sum)${beside}) as content
      from (${rows})
      group by day
    ) as present
    on known.relation = present.relation and known.day is not distinct from present.day
    when matched and known.content is distinct from present.content
      then update set content = present.content, change_number = ${nextChange}
    when not matched
      then insert values (present.relation, present.day, present.content, ${nextChange})
    ${others}
  `);
}
