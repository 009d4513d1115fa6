import { stat } from "node:fs/promises";
import { sqlText, type Warehouse } from "../warehouse.ts";
import { changedDays } from "./days.ts";
import { relationOf } from "./graph.ts";
import { type DayPlan, daysToCompare, isFew } from "./incremental.ts";
import { type KnownInputs, ownInputs } from "./inputs.ts";
import type { Model } from "./project.ts";
import { areSameInputs, forget, type Inputs, recordSeen, toldBy } from "./seen.ts";

/**
 * What is remembered of the file that was published last, so that the next one can be made of it. meta.published
 * tells the file: one that was moved, restored or written by anything else is not taken for it.
 */
export async function createPublishedTable(connection: Warehouse): Promise<void> {
  await connection.run(`
    create table if not exists meta.published (file varchar not null, written_size bigint not null)
  `);
}

/** How a table differs from the one in the file that was published last. */
export type TableChange =
  | { kind: "none" }
  | { kind: "days"; by: string; days: readonly string[] }
  | { kind: "whole" };

/** What a table was made of, to be recorded when the file that holds it has its place. */
export interface PublishedTable {
  change: TableChange;
  record(): Promise<void>;
}

/** How a table that is published is called as one reader of days. */
export const publishedReader = (model: string): string => `published ${model}`;

/**
 * The size in bytes that the file at `path` had when it was last written as a whole; undefined where the file is
 * not the one that was published last.
 */
export async function lastPublished(connection: Warehouse, path: string): Promise<number | undefined> {
  const file = await identityOf(path);
  if (file === undefined) return undefined;
  const row = await connection.first<{ written_size: string }>(
    `select written_size from meta.published where file = ${sqlText(file)}`,
  );
  return row === undefined ? undefined : Number(row.written_size);
}

/** Remembers the file at `path` as the one that was published last. */
export async function recordPublished(
  connection: Warehouse,
  path: string,
  tables: Iterable<PublishedTable>,
  writtenSize: number | undefined,
): Promise<void> {
  const size = writtenSize ?? (await stat(path)).size;
  await connection.transaction(async () => {
    await connection.run("delete from meta.published");
    for (const table of tables) await table.record();
    await connection.run(
      `insert into meta.published values (${sqlText((await identityOf(path)) ?? "")}, ${size})`,
    );
  });
}

/**
 * How a mart differs from what was published of it.
 *
 * @param isByDay whether it may be told by days, where its header says that it is made so
 */
export async function changeOf(
  connection: Warehouse,
  mart: Model,
  plan: DayPlan | undefined,
  isByDay: boolean,
  known: KnownInputs,
): Promise<PublishedTable> {
  return plan && isByDay
    ? changeByDay(connection, mart, plan, known)
    : changeAsWhole(connection, mart, known);
}

const nothing: Inputs = new Map();

async function changeAsWhole(
  connection: Warehouse,
  mart: Model,
  known: KnownInputs,
): Promise<PublishedTable> {
  const reader = publishedReader(mart.name);
  const rows = { relation: relationOf(mart), words: null, isByDay: false };
  const inputs = new Map([
    ...ownInputs(mart),
    ["its rows", await known.stateOf(connection, rows, undefined)] as const,
  ]);
  const isSame = areSameInputs(known.seen.get(reader) ?? nothing, inputs);
  return {
    change: { kind: isSame ? "none" : "whole" },
    record: async () => {
      if (!isSame) await recordSeen(connection, reader, [], inputs);
    },
  };
}

async function changeByDay(
  connection: Warehouse,
  mart: Model,
  plan: DayPlan,
  known: KnownInputs,
): Promise<PublishedTable> {
  const reader = publishedReader(mart.name);
  const { relations, looksBackDays, inputs: others } = await daysToCompare(connection, mart, plan, known);
  if (!others) return { change: { kind: "whole" }, record: () => forget(connection, reader) };
  // Days can't be put among rows of other columns.
  const columns = toldBy(await known.columnsOf(connection, relationOf(mart)));
  const inputs = new Map([...others, ...ownInputs(mart), ["its columns", columns] as const]);
  const found = await changedDays(connection, known.seenChanges.get(reader), relations, {
    looksBackDays,
    each: "day",
  });
  const days = found.filter((day) => day !== null);
  const isKnown =
    areSameInputs(known.seen.get(reader) ?? nothing, inputs) &&
    days.length === found.length &&
    (await isFew(connection, relations, days));
  const isSame = isKnown && days.length === 0;
  return {
    change: isSame ? { kind: "none" } : isKnown ? { kind: "days", by: plan.by, days } : { kind: "whole" },
    record: async () => {
      if (!isSame) await recordSeen(connection, reader, relations, inputs);
    },
  };
}

/** What tells a file from any other that has its name later. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
}
