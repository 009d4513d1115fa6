import type { DuckDBResult } from "@duckdb/node-api";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { openPublished, type PublishedContext, readingPublished } from "../open-published.ts";
import { type Params, sqlText, type Warehouse } from "../warehouse.ts";
import { refuseReachingOut } from "./reaching-out.ts";

export interface SandboxOptions {
  /** After how many seconds a query is ended; not given for never. */
  timeoutSeconds?: number;
  /** The one file that may be written, by its absolute path. */
  writable?: string;
  /** Whether what is asked ships with tally: that it can't be run is then the tables' doing. */
  isOfTally?: boolean;
}

/** The published tables, open to queries that can change nothing and reach nothing else. */
export interface Sandbox {
  /**
   * Runs one query, and hands its result to `read`.
   *
   * @throws UsageError that points at the place in the query, where it can't be run
   * @throws TallyError where it is ended by the limit of time, or by `interrupt`
   */
  query<T>(sql: string, params: Params, read: (result: DuckDBResult) => Promise<T>): Promise<T>;
  /** Every row of one query of tally's own. */
  all: Warehouse["all"];
  /** Ends the query that runs. */
  interrupt(): void;
}

// What a query from anywhere must not do: reach a file or the network, load code, or undo these lines.
const lockDown = `
  set enable_external_access = false;
  set allow_community_extensions = false;
  set lock_configuration = true;
`;

/**
 * Opens the published tables in a sandbox for as long as `work` takes: the file, or the warehouse that is shared, is
 * read-only, and a query can reach no other file, no network and no setting.
 *
 * @throws ConfigError where nothing is published yet
 */
export async function withSandbox<T>(
  context: PublishedContext,
  { timeoutSeconds, writable, isOfTally }: SandboxOptions,
  work: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const analytics = await openPublished(context);
  try {
    if (writable !== undefined) await analytics.run(`set allowed_paths = [${sqlText(writable)}]`);
    await analytics.run(lockDown);
    return await work({
      query: async (sql, params, read) => {
        if (analytics.shared) await refuseReachingOut(analytics, sql);
        const run = () => runOne(analytics, sql, params, timeoutSeconds, read);
        return isOfTally ? readingPublished(analytics, context.workspace, run) : run();
      },
      all: (sql, params) => readingPublished(analytics, context.workspace, () => analytics.all(sql, params)),
      interrupt: analytics.interrupt,
    });
  } finally {
    analytics.close();
  }
}

async function runOne<T>(
  analytics: Warehouse,
  sql: string,
  params: Params,
  timeoutSeconds: number | undefined,
  read: (result: DuckDBResult) => Promise<T>,
): Promise<T> {
  let isLate = false;
  const timer =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          analytics.interrupt();
        }, timeoutSeconds * 1000);
  try {
    const count = await analytics.countStatements(sql);
    if (count !== 1) {
      throw new UsageError(`One query is run at a time, and this is ${count}.`, {
        hint: "Give each to a `tally sql` of its own.",
      });
    }
    return await read(await analytics.stream(sql, params));
  } catch (error) {
    throw queryError(error, isLate ? timeoutSeconds : undefined);
  } finally {
    clearTimeout(timer);
  }
}

function queryError(error: unknown, endedAfter: number | undefined): unknown {
  if (error instanceof TallyError) return error;
  const message = error instanceof Error ? error.message.replace(/^Failed to extract statements: /, "") : "";
  if (/^INTERRUPT Error/i.test(message)) {
    return new TallyError(
      endedAfter === undefined ? "The query was ended." : `The query was ended after ${endedAfter} seconds.`,
      endedAfter === undefined
        ? {}
        : { hint: "Ask for less, or give it longer with --timeout (seconds; 0 for no limit).", cause: error },
    );
  }
  const missing = /Values were not provided for the following prepared statement parameters: (.*)$/m.exec(
    message,
  );
  if (missing) {
    return new UsageError(`The query has parameters without a value: ${missing[1]}.`, {
      hint: `Give each one: ${(missing[1] ?? "")
        .split(", ")
        .map((name) => `--param ${name}=…`)
        .join(" ")}`,
    });
  }
  if (!/^[A-Z][A-Za-z ]* Error: /.test(message)) return error;
  return new UsageError(message.trimEnd(), {
    hint: "`tally sql 'show tables'` lists what can be queried.",
    cause: error,
  });
}
