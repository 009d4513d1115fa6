import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { type Column, columnsOf } from "./table-contents.ts";

/**
 * What is remembered from build to build, so that only days that changed are made again. meta.relation_day holds
 * the version of each day of each table that is followed by day; meta.seen_day the versions that a reader was
 * made of; meta.seen_input the state of all else that it was made of.
 */
export async function createDayTables(connection: Warehouse): Promise<void> {
  await connection.run(`
    create table if not exists meta.relation_day (relation varchar not null, day date, version ubigint not null);
    create table if not exists meta.seen_day (
      reader varchar not null,
      relation varchar not null,
      day date,
      version ubigint not null
    );
    create table if not exists meta.seen_input (
      reader varchar not null,
      input varchar not null,
      fingerprint varchar not null
    );
  `);
}

/** The columns that hold the first and the last day of a table's rows, the same where each is of one day. */
export interface DaysOfRows {
  from: string;
  to: string;
}

/**
 * Notes the days of a table that is not made by day, by what they hold: whatever was loaded, restated or replayed
 * shows, in whatever order and instant that happened.
 */
export async function noteSourceDays(
  connection: Warehouse,
  relation: string,
  { from, to }: DaysOfRows,
): Promise<void> {
  const compared = comparedColumns(await columnsOf(connection, relation), { from, to });
  const sums = `count(*) as row_count, sum(hash(${compared.map(sqlName).join(", ")})) as hash_sum`;
  const days =
    from === to
      ? `select ${sqlName(from)}::date as day, ${sums} from ${relation} group by day`
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
           select ${sqlName(from)}::date as first_day, ${sqlName(to)}::date as last_day, ${sums}
           from ${relation}
           group by first_day, last_day
         )`;
  await connection.run(`
    delete from meta.relation_day where relation = ${sqlText(relation)};
    insert into meta.relation_day
    select ${sqlText(relation)}, day, hash(sum(row_count), sum(hash_sum))
    from (${days})
    group by day
  `);
}

/** The columns that tell whether the rows of a day are other ones. */
function comparedColumns(columns: readonly Column[], { from, to }: DaysOfRows): string[] {
  const names = columns.map(({ name }) => name);
  if (loadColumns.every((name) => names.includes(name))) {
    // A row that was loaded is only ever closed, and one that says something else comes by another load. So its texts,
    // of which there are millions, need not be read to tell it from any other.
    return columns
      .filter(({ name, type }) => name === "_load_id" || type !== "VARCHAR")
      .map(({ name }) => name);
  }
  // Of what a span moves, the days that it covers tell: it does not change those that it covered before.
  const skipped = from === to ? ["_load_id"] : ["_load_id", from, to];
  return names.filter((name) => !skipped.includes(name));
}

/** By which load a row came, and from when to when it was known. */
const loadColumns = ["_load_id", "_known_from", "_known_to"];

/** Gives days of a model's table, or all of them, a version that they never had. */
export async function noteModelDays(
  connection: Warehouse,
  relation: string,
  by: string,
  days: readonly string[] | null,
): Promise<void> {
  const known = days === null ? "true" : isAmong("day", days);
  const rebuilt = days === null ? "true" : isAmong(by, days);
  await connection.run(`
    delete from meta.relation_day where relation = ${sqlText(relation)} and ${known};
    insert into meta.relation_day
    select ${sqlText(relation)}, day, version
    from (select distinct ${sqlName(by)} as day from ${relation} where ${rebuilt})
    cross join (select hash(uuid()) as version)
  `);
}

/**
 * The days on which one of the relations is not as the reader has seen it; null for rows without a day.
 *
 * @param looksBackDays how many days before its own a day of the reader rests on: a day that changed also changes as
 *   many after it, as far as there are any
 */
export async function changedDays(
  connection: Warehouse,
  reader: string,
  relations: readonly string[],
  looksBackDays = 0,
): Promise<(string | null)[]> {
  const rows = await connection.all<{ day: string | null }>(
    `
    with present as (
      select relation, day, version
      from meta.relation_day
      where relation in (${relations.map(sqlText).join(", ")})
    ),
    seen as (
      select relation, day, version
      from meta.seen_day
      where reader = $reader
    ),
    changed as (
      select distinct coalesce(present.day, seen.day) as day
      from present
      full join seen
        on present.relation = seen.relation
        and present.day is not distinct from seen.day
      where present.version is distinct from seen.version
    )
    select distinct (changed.day + later.days::integer)::varchar as day
    from changed
    cross join range($looks_back + 1) as later(days)
    where later.days = 0
      or changed.day + later.days::integer <= (
        select max(day) from (select day from present union all select day from seen)
      )
    order by day
    `,
    { reader, looks_back: looksBackDays },
  );
  return rows.map(({ day }) => day);
}

/** By input, the state of all that a reader was made of, but for what it follows by day. */
export async function seenInputs(connection: Warehouse, reader: string): Promise<Map<string, string>> {
  const rows = await connection.all<{ input: string; fingerprint: string }>(
    "select input, fingerprint from meta.seen_input where reader = $reader",
    { reader },
  );
  return new Map(rows.map(({ input, fingerprint }) => [input, fingerprint]));
}

/** Whether two readings of what a reader is made of are the same. */
export function areSameInputs(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([input, state]) => b.get(input) === state);
}

/** Records what a reader is made of now; `days` are those that it had not seen so, null for all. */
export async function recordSeen(
  connection: Warehouse,
  reader: string,
  relations: readonly string[],
  inputs: ReadonlyMap<string, string>,
  days: readonly string[] | null,
): Promise<void> {
  const name = sqlText(reader);
  if (days === null) await forget(connection, reader);
  const among = days === null ? "true" : isAmong("day", days);
  if (relations.length > 0 && (days === null || days.length > 0)) {
    await connection.run(`
      delete from meta.seen_day where reader = ${name} and ${among};
      insert into meta.seen_day
      select ${name}, relation, day, version
      from meta.relation_day
      where relation in (${relations.map(sqlText).join(", ")}) and ${among}
    `);
  }
  // With days, the inputs are those that are recorded: it is in full that it is made where one of them changed.
  if (days !== null) return;
  const rows = [...inputs].map(([input, state]) => `(${name}, ${sqlText(input)}, ${sqlText(state)})`);
  if (rows.length > 0) await connection.run(`insert into meta.seen_input values ${rows.join(", ")}`);
}

/** Forgets what a reader was made of, so that it is made in full. */
export async function forget(connection: Warehouse, reader: string): Promise<void> {
  await connection.run(`
    delete from meta.seen_day where reader = ${sqlText(reader)};
    delete from meta.seen_input where reader = ${sqlText(reader)};
  `);
}

/** Forgets all but what these readers were made of, and the days of these relations. */
export async function forgetOthers(
  connection: Warehouse,
  readers: readonly string[],
  relations: readonly string[],
): Promise<void> {
  const among = (names: readonly string[]) => ["''", ...names.map(sqlText)].join(", ");
  await connection.run(`
    delete from meta.seen_day where reader not in (${among(readers)});
    delete from meta.seen_input where reader not in (${among(readers)});
    delete from meta.relation_day where relation not in (${among(relations)});
  `);
}

/** The state of a table that is made by day, as a whole. */
export async function daysFingerprintOf(connection: Warehouse, relation: string): Promise<string> {
  const row = await connection.first<{ state: string }>(
    `select count(*) || ' ' || coalesce(sum(hash(day, version)), 0) as state
     from meta.relation_day
     where relation = $relation`,
    { relation },
  );
  return row?.state ?? "";
}

/** A condition that holds for the rows of these days and of so many before each, and maybe of others between. */
export function around({ from, to }: DaysOfRows, days: readonly string[], looksBackDays: number): string {
  if (looksBackDays === 0 && from === to) return isAmong(from, days);
  const [first = "", last = first] = [days[0], days.at(-1)];
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
