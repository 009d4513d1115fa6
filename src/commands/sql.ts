import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import type { RowFormat } from "../query/format.ts";
import type { Params } from "../warehouse.ts";
import type { WorkspaceContext } from "./context.ts";
import { type ReadingContext, readingFrom, type SharedFlags, withSharedOptions } from "./shared-option.ts";

interface SqlFlags extends SharedFlags {
  format: RowFormat | "parquet";
  param: string[];
  file?: string;
  output?: string;
  timeout: number;
}

export const sqlCommand = () =>
  withSharedOptions(new Command("sql"))
    .description(
      "Query the published tables, read-only: no statement can change, read or write anything else.",
    )
    .argument(
      "[query]",
      "the query, or @NAME for a saved one; without either, a prompt, or what comes on standard input",
    )
    .addOption(
      new Option("--format <format>", "how rows are printed")
        .choices(["table", "csv", "json", "markdown", "parquet"])
        .default("table"),
    )
    .option(
      "--param <name=value>",
      "the value of $name in the query; may be given several times",
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option("--file <file>", "a file that holds the query")
    .option("--output <file>", "write to this file, whole or not at all")
    .option("--timeout <seconds>", "end a query that takes longer; 0 for no limit", seconds, 300)
    .addHelpText(
      "after",
      `
Examples:
  $ tally sql 'select gpu_type, sum(gpu_hours) from fct_gpu_hours_daily group by all'
  $ tally sql --format csv 'from fct_idle_findings' > idle.csv
  $ tally sql 'from fct_cost_daily where usage_date >= $from' --param from=2026-10-01 --format parquet --output cost.parquet
  $ tally sql @top-spenders --param month=2026-10-01
  $ tally sql --shared 'select workspace, sum(cost) from fct_cost_daily group by all'
  $ tally sql --shared --of acme @top-spenders
  $ tally sql                       # a prompt: \\? tells what it knows, \\d lists the tables

Saved queries are queries/NAME.sql of the workspace; some ship, and \\s at the prompt lists all. With --shared and
without --of, tables have the rows of every workspace, and a column \`workspace\` more; what ships is of one always.`,
    )
    .action(async (argument: string | undefined, flags: SqlFlags, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const context = queryContext(workspaceContext(command), flags);
      const { format, output, timeout } = flags;
      const limits = timeout === 0 ? {} : { timeoutSeconds: timeout };
      if (argument === undefined && flags.file === undefined && process.stdin.isTTY) {
        if (format === "parquet" || output !== undefined || flags.param.length > 0) {
          throw new UsageError("There is no query.", { hint: "Give one as an argument, or with --file." });
        }
        const { runRepl } = await import("../query/repl.ts");
        const { stdout, stderr } = context.effects;
        context.effects.log.info("\\? tells what this prompt knows; a query ends with a semicolon.");
        const streams = { input: process.stdin, output: stdout, stderr, isTerminal: true };
        return runRepl(context, { format, ...limits }, streams);
      }
      const { sql, params, isOfTally } = await queryOf(context, argument, flags);
      const { runToOutput } = await import("../query/output.ts");
      const run = {
        ...{ sql, params, format, ...limits },
        ...(output === undefined ? {} : { output: resolve(context.effects.cwd, output) }),
      };
      await runToOutput(isOfTally ? ofOne(context) : context, { ...run, isOfTally }, context.effects.stdout);
    });

/** What is asked: the workspace's own tables, or those of every workspace where none is named. */
function queryContext(context: WorkspaceContext, flags: SqlFlags): ReadingContext {
  if (flags.shared && flags.format === "parquet") {
    throw new UsageError("--shared prints rows, and writes no Parquet.", {
      hint: "Take --format csv, or `tally export --parquet --shared`.",
    });
  }
  const reading = readingFrom(context, flags);
  if (!reading.shared || flags.of !== undefined) return reading;
  return { ...reading, shared: { ...reading.shared, isOfAll: true } };
}

/** What ships knows of no other workspace, and would add what is not one's own. */
function ofOne({ shared, ...context }: ReadingContext): ReadingContext {
  return shared ? { ...context, shared: { ...shared, isOfAll: false } } : context;
}

/** The query that was asked for, and the values of its parameters. */
async function queryOf(
  { workspace, effects }: WorkspaceContext,
  argument: string | undefined,
  { file, param }: SqlFlags,
): Promise<{ sql: string; params: Params; isOfTally: boolean }> {
  const { readParams } = await import("../query/params.ts");
  const given = readParams(param);
  if (argument !== undefined && file !== undefined) {
    throw new UsageError("The query is given twice: as an argument, and with --file.", {
      hint: "Leave one of the two out.",
    });
  }
  if (argument?.startsWith("@")) {
    const { findSavedQuery } = await import("../query/saved.ts");
    const { sql, defaults, isOwn } = await findSavedQuery(workspace, argument.slice(1));
    return { sql, params: { ...defaults, ...given }, isOfTally: !isOwn };
  }
  const sql =
    file === undefined
      ? (argument ?? (await readStandardInput()))
      : await readQueryFile(resolve(effects.cwd, file));
  if (isBlank(sql)) throw new UsageError("There is no query.", { hint: "Try `tally sql 'show tables'`." });
  return { sql, params: given, isOfTally: false };
}

async function readQueryFile(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} can't be read: ${code ?? String(error)}.`, {
      hint: "Name a file that holds one query with --file.",
      cause: error,
    });
  }
}

async function readStandardInput(): Promise<string> {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  return text;
}

function isBlank(query: string): boolean {
  return query.replace(/--.*$|\/\*[\s\S]*?\*\//gm, "").replace(/[\s;]/g, "") === "";
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400) {
    throw new InvalidArgumentError("It is a number of seconds, up to 86400; 0 for no limit.");
  }
  return value;
}
