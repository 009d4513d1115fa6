import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { SeenChanges } from "./seen.ts";

/**
 * What is remembered from build to build, so that only days that changed are made again. meta.changed_day holds, for
 * each day of each table that is followed by day, the number of the last change of it, which only grow;
 * meta.seen_change the last change of a table that a reader was made of; meta.seen_input the state of all else;
 * meta.noted_load how much of a table that is loaded the days tell of.
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
    create table if not exists meta.noted_load (
      relation varchar not null,
      row_count bigint not null,
      closed_count bigint not null,
      known_at timestamp,
      readings varchar
    );
    drop table if exists meta.relation_day;
    drop table if exists meta.seen_day;
  `);
}

/** The number of the next change of a day. */
export const nextChange = "nextval('meta.change_number')";

/** The columns that hold the first and the last day of a table's rows, the same where each is of one day. */
export interface DaysOfRows {
  from: string;
  to: string;
}

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

/** The days on which one of the relations is not as a reader has seen it, in order; null for rows without a day. */
export async function changedDays(
  connection: Warehouse,
  seen: SeenChanges | undefined,
  relations: readonly string[],
  { looksBackDays, each }: DaysRestOn,
): Promise<(string | null)[]> {
  const isUnseen = relations.map(
    (relation) => `(relation = ${sqlText(relation)} and change_number > ${seen?.get(relation) ?? -1})`,
  );
  const changed = `select day from meta.changed_day where ${isUnseen.join(" or ")}`;
  const days =
    looksBackDays === 0
      ? changed
      : `select distinct changed.day + later.days::integer as day
         from (${changed}) as changed
         cross join range(${looksBackDays + 1}) as later(days)
         where later.days = 0
           or changed.day + later.days::integer <= (
             select max(day) from meta.changed_day where relation in (${relations.map(sqlText).join(", ")})
           )`;
  const rows = await connection.all<{ day: string | null }>(`select day::varchar as day from (${days})`);
  const found = new Set(rows.map(({ day }) => (each === "month" && day ? `${day.slice(0, 7)}-01` : day)));
  return [...[...found].filter((day) => day !== null).sort(), ...(found.has(null) ? [null] : [])];
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
