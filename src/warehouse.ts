import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection, DuckDBInstance, DuckDBResult, Json } from "@duckdb/node-api";
import { LockError } from "./errors/lock-error.ts";
import { TallyError } from "./errors/tally-error.ts";

/** A value bound to a `$name` in a statement. Dates and decimals go in as text and are cast in SQL. */
export type Param = string | number | bigint | boolean | null;
export type Params = Record<string, Param>;

/**
 * A value as it comes out: DECIMAL, BIGINT, DATE and TIMESTAMP are text, so that nothing is rounded on the
 * way; INTEGER and DOUBLE are numbers; lists and structs are arrays and objects.
 */
export type Value = Json;
export type Row = Record<string, Value>;

/** An open DuckDB file. One statement runs at a time; statements given at once wait for each other. */
export interface Warehouse {
  readonly path: string;
  /** Runs one or more statements. */
  run(sql: string, params?: Params): Promise<void>;
  /** Every row of a query. */
  all<T extends object = Row>(sql: string, params?: Params): Promise<T[]>;
  /** The first row of a query; undefined where there is none. */
  first<T extends object = Row>(sql: string, params?: Params): Promise<T | undefined>;
  /** The result of a query, to be read in chunks of bounded size. */
  stream(sql: string, params?: Params): Promise<DuckDBResult>;
  /** Does `work` in one transaction: all of it happens, or none. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** How many statements a text holds. */
  countStatements(sql: string): Promise<number>;
  /** Ends the statement that runs, which then fails. */
  interrupt(): void;
  /** A second connection to the same open file, for work side by side. Close it before the first. */
  connect(): Promise<Warehouse>;
  close(): void;
}

export interface WarehouseSettings {
  memoryLimit: string;
  threads: number | undefined;
  /** Where extensions of DuckDB lie, by version and platform; without it, where DuckDB itself has them. */
  extensionDirectory?: string | undefined;
}

/**
 * The storage format of a new file. From 1.3 on, texts are stored by a method that takes two thirds of the time to write
 * them; DuckDB 1.4 is the oldest that is still kept up. What others read, analytics.duckdb, is of an older format.
 */
const storageVersion = "v1.4.0";

/**
 * How much is written ahead before it is put in its place: that waits for all else, and tables that a build replaces
 * again would be written for nothing. It is put there when the file is closed.
 */
const checkpointThreshold = "256MB";

/** What DuckDB calls a database without a file. */
export const inMemory = ":memory:";

/**
 * Opens a DuckDB file, and makes it where it is missing. Extensions are never fetched, and times are UTC.
 *
 * @throws LockError where another process writes to the file
 * @throws TallyError where the file can't be opened
 */
export async function openWarehouse(path: string, settings: WarehouseSettings): Promise<Warehouse> {
  mkdirSync(dirname(path), { recursive: true });
  const writing = {
    ...options(settings),
    temp_directory: join(dirname(path), ".spill"),
    checkpoint_threshold: checkpointThreshold,
  };
  if (path !== inMemory && !existsSync(path)) await createWhole(path, writing);
  return open(path, writing);
}

/** Makes the file aside, since one whose making was killed midway is none, and nothing could be read into it again. */
async function createWhole(path: string, settings: Record<string, string>): Promise<void> {
  const aside = `${path}.new`;
  try {
    for (const left of [aside, `${aside}.wal`]) rmSync(left, { force: true });
    (await open(aside, { ...settings, storage_compatibility_version: storageVersion })).close();
    // What a killed run wrote ahead belongs to a file that somebody has removed since.
    rmSync(`${path}.wal`, { force: true });
    renameSync(aside, path);
  } catch (error) {
    // It is the file itself that can't be made, whatever it was called meanwhile.
    throw openError(path, error instanceof TallyError ? (error.cause ?? error) : error);
  }
}

/** Removes a DuckDB file that nobody has open, with what was written ahead of it; where there is none, nothing. */
export async function removeDatabase(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.wal`, { force: true });
}

/**
 * Opens a DuckDB file to read only. It never blocks a writer, and no statement can change the file.
 *
 * @throws TallyError where the file is missing or can't be opened
 */
export async function openReadOnly(path: string, settings: WarehouseSettings): Promise<Warehouse> {
  return open(path, { ...options(settings), access_mode: "READ_ONLY" });
}

function options({ memoryLimit, threads, extensionDirectory }: WarehouseSettings): Record<string, string> {
  return {
    memory_limit: memoryLimit,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    ...(threads === undefined ? {} : { threads: String(threads) }),
    ...(extensionDirectory === undefined ? {} : { extension_directory: extensionDirectory }),
  };
}

async function open(path: string, settings: Record<string, string>): Promise<Warehouse> {
  // Loaded here and not above: the native library costs more to load than a command that needs none of it.
  const { DuckDBInstance } = await import("@duckdb/node-api");
  let instance: DuckDBInstance;
  try {
    instance = await DuckDBInstance.create(path, settings);
  } catch (error) {
    throw openError(path, error);
  }
  return connectTo(instance, path, true);
}

async function connectTo(instance: DuckDBInstance, path: string, isOwner: boolean): Promise<Warehouse> {
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const enqueue = createQueue();
  let isInTransaction = false;
  return {
    path,
    run: (sql, params) => enqueue(async () => void (await connection.run(sql, params))),
    all: <T extends object>(sql: string, params?: Params) =>
      enqueue(() => readAll<T>(connection, sql, params)),
    first: <T extends object>(sql: string, params?: Params) =>
      enqueue(async () => (await readAll<T>(connection, sql, params))[0]),
    stream: (sql, params) => enqueue(() => connection.stream(sql, params)),
    async transaction(work) {
      if (isInTransaction) throw new Error("A transaction is already open on this connection.");
      isInTransaction = true;
      try {
        await enqueue(() => connection.run("begin transaction"));
        try {
          const result = await work();
          await enqueue(() => connection.run("commit"));
          return result;
        } catch (error) {
          // A failed statement may have ended the transaction already; what matters is the first error.
          await enqueue(() => connection.run("rollback")).catch(() => undefined);
          throw error;
        }
      } finally {
        isInTransaction = false;
      }
    },
    countStatements: (sql) => enqueue(async () => (await connection.extractStatements(sql)).count),
    interrupt: () => connection.interrupt(),
    connect: () => connectTo(instance, path, false),
    close() {
      connection.closeSync();
      if (isOwner) instance.closeSync();
    },
  };
}

async function readAll<T extends object>(
  connection: DuckDBConnection,
  sql: string,
  params?: Params,
): Promise<T[]> {
  const reader = await connection.runAndReadAll(sql, params);
  return reader.getRowObjectsJson() as T[];
}

function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}

function openError(path: string, error: unknown): TallyError {
  const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  if (/Conflicting lock|Could not set lock/i.test(reason)) {
    return new LockError(`${path} is open in another process.`, {
      hint: "Readers open analytics.duckdb, which never blocks; close whatever holds this file, and run again.",
      cause: error,
    });
  }
  return new TallyError(`${path} can't be opened: ${reason}.`, {
    hint: "See that the file and its folder can be written, and that it was made by this or an older version of DuckDB.",
    cause: error,
  });
}

/** Text as an SQL literal. For values that can't be bound, such as a path in read_json. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
