import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { SeenChanges } from "./seen.ts";
import { type Column, columnsOf } from "./table-contents.ts";

/**
 * What is remembered from build to build, so that only days that changed are made again. meta.changed_day holds, for
 * each day of each table that is followed by day, the number of the last change of it, which only grow;
 * meta.seen_change the last change of a table that a reader was made of; meta.seen_input the state of all else.
 */
export async function createDayTables(connection: Warehouse): Promise<void> {
  await connection.run(`
    create sequence if not exists meta.change_number;
    create table if not exists meta.changed_day (
      relation varchar not null,
      day date,
      content ubigint,
      change_number bigint not null
    );
    create table if not exists meta.seen_change (
      reader varchar not null,
      relation varchar not null,
      change_number bigint not null
    );
    create table if not exists meta.seen_input (
      reader varchar not null,
      input varchar not null,
      fingerprint varchar not null
    );
    alter table meta.seen_input add column if not exists content varchar;
    drop table if exists meta.relation_day;
    drop table if exists meta.seen_day;
  `);
}

const nextChange = "nextval('meta.change_number')";

/** The columns that hold the first and the last day of a table's rows, the same where each is of one day. */
export interface DaysOfRows {
  from: string;
  to: string;
}

/**
 * Notes the days of a table that is not made by day, by what they hold: whatever was loaded, restated or replayed
 * shows, in whatever order and instant that happened. A day that has no rows any more stays, as one without content.
 *
 * @param readings by which runs what was loaded was read anew, as an expression: what is known by its loads changes with it
 */
export async function noteSourceDays(
  connection: Warehouse,
  relation: string,
  { from, to }: DaysOfRows,
  readings = "null",
): Promise<void> {
  const sums = contentOf(await columnsOf(connection, relation), { from, to });
  const days =
    from === to
      ? `select ${sqlName(from)}::date as day, ${sums.columns} from ${relation} group by day${sums.groups}`
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
           select ${sqlName(from)}::date as first_day, ${sqlName(to)}::date as last_day, ${sums.columns}
           from ${relation}
           group by first_day, last_day${sums.groups}
         )`;
  await connection.run(`
    merge into meta.changed_day as known
    using (
      select ${sqlText(relation)} as relation, day, hash(sum(row_count), sum(hash_sum)${sums.groups === "" ? "" : `, ${readings}`}) as content
      from (${days})
      group by day
    ) as present
    on known.relation = present.relation and known.day is not distinct from present.day
    when matched and known.content is distinct from present.content
      then update set content = present.content, change_number = ${nextChange}
    when not matched
      then insert values (present.relation, present.day, present.content, ${nextChange})
    when not matched by source and known.relation = ${sqlText(relation)} and known.content is not null
      then update set content = null, change_number = ${nextChange}
  `);
}

/** The sums that tell whether the rows of a day are other ones, and by what more than days they are grouped. */
function contentOf(
  columns: readonly Column[],
  { from, to }: DaysOfRows,
): { columns: string; groups: string } {
  const names = columns.map(({ name }) => name);
  if (loadColumns.every((name) => names.includes(name))) {
    // A row that was loaded is only ever closed, and one that says something else comes by another load. So nothing else
    // of millions of rows need be read, and what is hashed are the loads, which are few.
    return {
      columns: `count(*) as row_count, count(*) * hash(${loadColumns.join(", ")})::hugeint as hash_sum`,
      groups: `, ${loadColumns.join(", ")}`,
    };
  }
  // Of what a span moves, the days that it covers tell: it does not change those that it covered before.
  const skipped = from === to ? ["_load_id"] : ["_load_id", from, to];
  const compared = names.filter((name) => !skipped.includes(name)).map(sqlName);
  return { columns: `count(*) as row_count, sum(hash(${compared.join(", ")})) as hash_sum`, groups: "" };
}

/** By which load a row came, and from when to when it was known. */
const loadColumns = ["_load_id", "_known_from", "_known_to"];

/** Notes that days of a model's table, or all of them, were made anew. */
export async function noteModelDays(
  connection: Warehouse,
  relation: string,
  by: string,
  days: readonly string[] | null,
): Promise<void> {
  const made =
    days === null
      ? `select distinct ${sqlText(relation)} as relation, ${sqlName(by)} as day from ${relation}`
      : `select ${sqlText(relation)} as relation, unnest([${days.map((day) => `date ${sqlText(day)}`).join(", ")}]) as day`;
  const others =
    days === null
      ? `when not matched by source and known.relation = ${sqlText(relation)} then update set change_number = ${nextChange}`
      : "";
  await connection.run(`
    merge into meta.changed_day as known
    using (${made}) as made
    on known.relation = made.relation and known.day is not distinct from made.day
    when matched then update set change_number = ${nextChange}
    when not matched then insert values (made.relation, made.day, null, ${nextChange})
    ${others}
  `);
}

/** What else than its own days those of a reader are bound to. */
export interface DaysRestOn {
  /** How many days before its own a day rests on: one that changed changes as many after it, as far as there are any. */
  looksBackDays: number;
  /** Whether the reader is made by day or by month, which is then told by its first day. */
  each: "day" | "month";
}

/** The days on which one of the relations is not as a reader has seen it; null for rows without a day. */
export async function changedDays(
  connection: Warehouse,
  seen: SeenChanges | undefined,
  relations: readonly string[],
  { looksBackDays, each }: DaysRestOn,
): Promise<(string | null)[]> {
  const isUnseen = relations.map(
    (relation) => `(relation = ${sqlText(relation)} and change_number > ${seen?.get(relation) ?? -1})`,
  );
  const changed = `select distinct day from meta.changed_day where ${isUnseen.join(" or ")}`;
  const days =
    looksBackDays === 0
      ? changed
      : `select changed.day + later.days::integer as day
         from (${changed}) as changed
         cross join range(${looksBackDays + 1}) as later(days)
         where later.days = 0
           or changed.day + later.days::integer <= (
             select max(day) from meta.changed_day where relation in (${relations.map(sqlText).join(", ")})
           )`;
  const shown = each === "day" ? "day" : "date_trunc('month', day)::date";
  const rows = await connection.all<{ day: string | null }>(
    `select distinct ${shown}::varchar as day from (${days}) order by day`,
  );
  return rows.map(({ day }) => day);
}

/** The state of a table that is known by its days, and has none. */
export const noDays = "no days";

/** By relation, the number of the last change of a day of it, as text; of all that have any, where none is named. */
export async function lastChanges(
  connection: Warehouse,
  relations?: readonly string[],
): Promise<Map<string, string>> {
  if (relations?.length === 0) return new Map();
  const among = relations ? `where relation in (${relations.map(sqlText).join(", ")})` : "";
  const rows = await connection.all<{ relation: string; last: string }>(
    `select relation, max(change_number) as last from meta.changed_day ${among} group by relation`,
  );
  return new Map(rows.map(({ relation, last }) => [relation, last]));
}

/** A condition that holds for the rows of these days or months and of so many days before, and maybe of others between. */
export function around(
  { from, to }: DaysOfRows,
  days: readonly string[],
  { looksBackDays, each }: DaysRestOn,
): string {
  const [first = "", last = first] = [days[0], days.at(-1)];
  if (each === "month") {
    const months = days.map((day) => `date ${sqlText(day)}`).join(", ");
    const isWithin = `${sqlName(to)} >= date ${sqlText(first)} and ${sqlName(from)} <= last_day(date ${sqlText(last)})`;
    return from === to
      ? `(${isWithin} and date_trunc('month', ${sqlName(from)}) in (${months}))`
      : `(${isWithin})`;
  }
  if (looksBackDays === 0 && from === to) return isAmong(from, days);
  return `(${sqlName(to)} >= date ${sqlText(first)} - ${looksBackDays} and ${sqlName(from)} <= date ${sqlText(last)})`;
}

/** A condition that holds for the rows of these days, in a form that lets DuckDB skip what lies outside them. */
export function isAmong(column: string, days: readonly string[]): string {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return "false";
  const name = sqlName(column);
  const list = days.map((day) => `date ${sqlText(day)}`).join(", ");
  return `(${name} between date ${sqlText(first)} and date ${sqlText(last)} and ${name} in (${list}))`;
}
