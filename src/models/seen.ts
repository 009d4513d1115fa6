import { sqlText, type Warehouse } from "../warehouse.ts";

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
    delete from meta.noted_load where relation not in (${among(relations)});
  `);
}
