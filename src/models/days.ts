import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
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
      ? `select day, sum(row_count) as row_count, sum(hash_sum) as hash_sum
         from (select ${sqlName(from)}::date as day, ${sums.columns} from ${relation} group by day${sums.groups})
         group by day`
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

/** By relation, the number of the last change of its days that a reader has seen. */
export type SeenChanges = ReadonlyMap<string, string>;

/** By reader, which changes of days each has seen. */
export async function seenChanges(connection: Warehouse): Promise<Map<string, SeenChanges>> {
  const rows = await connection.all<{ reader: string; relation: string; last: string }>(
    "select reader, relation, change_number as last from meta.seen_change",
  );
  const seen = new Map<string, Map<string, string>>();
  for (const { reader, relation, last } of rows) {
    const changes = seen.get(reader) ?? new Map<string, string>();
    seen.set(reader, changes.set(relation, last));
  }
  return seen;
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

/** The state of something that a reader is made of. */
export interface InputState {
  /** What is another where it changed, as far as the reader sees it. */
  fingerprint: string;
  /** The state of the whole table that it is part of, by which a table that stands need not be read; null for none. */
  content: string | null;
}

/** By input, the state of all that a reader is made of, but for what it follows by day. */
export type Inputs = ReadonlyMap<string, InputState>;

/** By reader, what each was made of. */
export async function seenInputs(connection: Warehouse): Promise<Map<string, Inputs>> {
  const rows = await connection.all<{ reader: string; input: string } & InputState>(
    "select reader, input, fingerprint, content from meta.seen_input",
  );
  const seen = new Map<string, Map<string, InputState>>();
  for (const { reader, input, fingerprint, content } of rows) {
    const inputs = seen.get(reader) ?? new Map<string, InputState>();
    seen.set(reader, inputs.set(input, { fingerprint, content }));
  }
  return seen;
}

/** Whether two readings of what a reader is made of are the same. */
export function areSameInputs(a: Inputs, b: Inputs): boolean {
  return a.size === b.size && [...a].every(([input, state]) => isSameState(b.get(input), state));
}

/** Whether an input is as it was. */
export function isSameState(a: InputState | undefined, b: InputState | undefined): boolean {
  return a?.fingerprint === b?.fingerprint;
}

/** The state of what is told whole by a text. */
export function toldBy(fingerprint: string): InputState {
  return { fingerprint, content: null };
}

/** Records what a reader is made of now. */
export async function recordSeen(
  connection: Warehouse,
  reader: string,
  relations: readonly string[],
  inputs: Inputs,
): Promise<void> {
  await forget(connection, reader);
  await recordSeenDays(connection, [{ reader, relations }]);
  const rows = [...inputs].map(
    ([input, { fingerprint, content }]) =>
      `(${[reader, input, fingerprint].map(sqlText).join(", ")}, ${content === null ? "null" : sqlText(content)})`,
  );
  if (rows.length === 0) return;
  await connection.run(
    `insert into meta.seen_input (reader, input, fingerprint, content) values ${rows.join(", ")}`,
  );
}

/** A reader, and what it follows by day. */
export interface Follower {
  reader: string;
  relations: readonly string[];
}

/** Records that readers are made of the days of these relations as they are now, and of all else as they were. */
export async function recordSeenDays(connection: Warehouse, followers: readonly Follower[]): Promise<void> {
  const pairs = followers.flatMap(({ reader, relations }) =>
    relations.map((relation) => `(${sqlText(reader)}, ${sqlText(relation)})`),
  );
  if (pairs.length === 0) return;
  await connection.run(`
    delete from meta.seen_change where reader in (${followers.map(({ reader }) => sqlText(reader)).join(", ")});
    insert into meta.seen_change
    select followers.reader, followers.relation, max(days.change_number)
    from (values ${pairs.join(", ")}) as followers(reader, relation)
    inner join meta.changed_day as days
      on followers.relation = days.relation
    group by followers.reader, followers.relation
  `);
}

/** Forgets what a reader was made of, so that it is made in full. */
export async function forget(connection: Warehouse, reader: string): Promise<void> {
  await connection.run(`
    delete from meta.seen_change where reader = ${sqlText(reader)};
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
    delete from meta.seen_change where reader not in (${among(readers)});
    delete from meta.seen_input where reader not in (${among(readers)});
    delete from meta.changed_day where relation not in (${among(relations)});
  `);
}

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
