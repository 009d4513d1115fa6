import { once } from "node:events";
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { PublishedContext } from "../open-published.ts";
import { type Params, sqlText } from "../warehouse.ts";
import { type Output, printRows, type RowFormat } from "./format.ts";
import { withSandbox } from "./sandbox.ts";

/** One query, and what is to be done with its rows. */
export interface QueryRun {
  sql: string;
  params: Params;
  format: RowFormat | "parquet";
  /** The file to write, by its absolute path; not given for standard output. */
  output?: string;
  timeoutSeconds?: number;
  isOfTally?: boolean;
}

/**
 * Runs a query and prints its rows, or writes them to a file: whole, in one rename, or not at all. Memory does not
 * grow with the rows.
 *
 * @throws UsageError where Parquet would go to a terminal
 */
export async function runToOutput(
  context: PublishedContext,
  run: QueryRun,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  if (run.format === "parquet") return writeParquet(context, run, stdout);
  const { sql, params, format, output } = run;
  const print = (to: Output) =>
    withSandbox(context, run, (sandbox) =>
      sandbox.query(sql, params, (result) => printRows(result, format, to)),
    );
  if (output === undefined) return print(stdout);
  await replacing(output, async (aside) => {
    const file = createWriteStream(aside);
    // Heard from the first to the last: what goes wrong once the query has handed over its rows, too.
    const closed = finished(file);
    closed.catch(() => undefined);
    try {
      await once(file, "open");
      await print(failingWith(file));
      file.end();
      await closed;
    } finally {
      file.destroy();
    }
  });
}

/** A file that throws its error, such as that of a full disk, at the next write. */
const failingWith = (file: WriteStream): Output => ({
  write(text) {
    if (file.errored) throw file.errored;
    return file.write(text);
  },
  once(_, listener) {
    // One that failed is closed, and never drained.
    const resume = () => {
      file.off("drain", resume).off("close", resume);
      listener();
    };
    file.once("drain", resume).once("close", resume);
  },
});

async function writeParquet(
  context: PublishedContext,
  { output, ...run }: QueryRun,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  const copy = (path: string) =>
    // The one file that the query may reach is the one that it makes.
    withSandbox(context, { ...run, writable: path }, (sandbox) =>
      sandbox.query(
        `copy (${run.sql.replace(/[\s;]+$/, "")}\n) to ${sqlText(path)} (format parquet, compression zstd)`,
        run.params,
        async () => undefined,
      ),
    );
  if (output !== undefined) return replacing(output, copy);
  if ("isTTY" in stdout && stdout.isTTY) {
    throw new UsageError("Parquet is no text, and this is a terminal.", {
      hint: "Name a file with --output, or send it on: tally sql --format parquet … > FILE.",
    });
  }
  const folder = await mkdtemp(join(tmpdir(), "tally-sql-"));
  try {
    const path = join(folder, "rows.parquet");
    await copy(path);
    await pipeline(createReadStream(path), stdout, { end: false });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function replacing(path: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    await write(aside);
    await rename(aside, path);
  } catch (error) {
    if (error instanceof TallyError || !(error instanceof Error && "code" in error)) throw error;
    throw new TallyError(`${path} can't be written: ${String(error.code)}.`, {
      hint: "See that its folder is there, can be written, and has room.",
      cause: error,
    });
  } finally {
    await rm(aside, { force: true });
  }
}
