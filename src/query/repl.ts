import { readFile, writeFile } from "node:fs/promises";
import { createInterface, type Interface } from "node:readline";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { PublishedContext } from "../open-published.ts";
import { printable } from "../printable.ts";
import { rowCountsSql } from "../row-counts.ts";
import { type CompletedTable, complete } from "./completion.ts";
import { printRows, type RowFormat, rowFormats } from "./format.ts";
import { type Sandbox, withSandbox } from "./sandbox.ts";
import { findSavedQuery, listSavedQueries } from "./saved.ts";

/** Where a REPL reads and writes. */
export interface ReplStreams {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  /** Where errors are told. */
  stderr: NodeJS.WritableStream;
  /** Whether somebody types, with keys that move and complete. */
  isTerminal: boolean;
}

const mostHistory = 1000;

const help = `\\d          the tables, with what each holds
\\d TABLE    its columns, with their types and meanings
\\s          the saved queries; @NAME runs one
\\f FORMAT   how rows are printed: ${rowFormats.join(", ")}
\\q          leave (or Ctrl-D)
A query ends with a semicolon. Ctrl-C ends one that runs, or drops what is typed.
`;

/**
 * Reads queries line by line and prints their rows, until \\q or the end of the input. An error is told, and the next
 * query is read. What is typed is kept in the workspace, for the next time.
 *
 * @throws ConfigError where nothing is published yet
 */
export async function runRepl(
  context: PublishedContext,
  options: { format: RowFormat; timeoutSeconds?: number },
  streams: ReplStreams,
): Promise<void> {
  await withSandbox(context, options, async (sandbox) => {
    const tables = await readTables(sandbox);
    const { sqlHistory } = context.workspace;
    const history = streams.isTerminal ? await readHistory(sqlHistory) : [];
    const lines = createInterface({
      input: streams.input,
      output: streams.isTerminal ? streams.output : undefined,
      terminal: streams.isTerminal,
      completer: (line: string) => complete(line, tables),
      history,
      historySize: mostHistory,
      removeHistoryDuplicates: true,
      prompt: "tally> ",
    });
    let kept: readonly string[] = history;
    lines.on("history", (typed: string[]) => {
      kept = [...typed];
    });
    try {
      await readLines(lines, { context, sandbox, tables, format: options.format, streams });
    } finally {
      lines.close();
      if (streams.isTerminal) await writeHistory(sqlHistory, kept);
    }
  });
}

interface Session {
  context: PublishedContext;
  sandbox: Sandbox;
  tables: readonly CompletedTable[];
  format: RowFormat;
  streams: ReplStreams;
}

async function readLines(lines: Interface, session: Session): Promise<void> {
  const { sandbox, streams } = session;
  let typed = "";
  let isRunning = false;
  const ask = () => {
    if (!streams.isTerminal) return;
    lines.setPrompt(typed === "" ? "tally> " : "    -> ");
    lines.prompt();
  };
  lines.on("SIGINT", () => {
    if (isRunning) return sandbox.interrupt();
    typed = "";
    streams.output.write("\n");
    ask();
  });
  ask();
  for await (const line of lines) {
    const isCommand = typed === "" && /^\s*[\\@]/.test(line);
    typed = typed === "" ? line : `${typed}\n${line}`;
    if (typed.trim() === "") typed = "";
    else if (isCommand || /;\s*$/.test(typed)) {
      const entered = typed.trim();
      typed = "";
      if (entered === "\\q") return;
      isRunning = true;
      await enter(entered, session).catch((error: unknown) => tell(error, streams));
      isRunning = false;
    }
    ask();
  }
  // What stands at the end of an input that is no terminal is a query as well.
  if (typed.trim() !== "" && !streams.isTerminal) {
    await enter(typed.trim(), session).catch((error: unknown) => tell(error, streams));
  }
}

async function enter(entered: string, session: Session): Promise<void> {
  const { sandbox, context, streams } = session;
  const print = (sql: string, params = {}) =>
    sandbox.query(sql, params, (result) => printRows(result, session.format, streams.output));
  if (entered.startsWith("@")) {
    const name = entered.slice(1).replace(/;$/, "");
    const { sql, defaults, isOwn } = await findSavedQuery(context.workspace, name);
    if (context.shared?.isOfAll && !isOwn) {
      throw new UsageError(`@${name} is of one workspace, and these are the tables of all.`, {
        hint: "Leave, and name one: tally sql --shared --of NAME.",
      });
    }
    return print(sql, defaults);
  }
  if (!entered.startsWith("\\")) return print(entered);
  const [command, name] = entered.replace(/;$/, "").split(/\s+/);
  switch (command) {
    case "\\d":
      return name === undefined ? print(describeTables(session.tables)) : print(describeTable, { name });
    case "\\s": {
      for (const query of await listSavedQueries(context.workspace)) {
        streams.output.write(`@${query.name}  ${printable(query.description)}\n`);
      }
      return;
    }
    case "\\f": {
      const format = rowFormats.find((each) => each === name);
      if (!format)
        throw new UsageError(`There is no format ${name ?? ""}.`, {
          hint: `Say one of ${rowFormats.join(", ")}.`,
        });
      session.format = format;
      return;
    }
    case "\\?":
      streams.output.write(help);
      return;
    default:
      throw new UsageError(`There is no command ${command}.`, { hint: "\\? lists them." });
  }
}

// In a warehouse that several share, a view shows a table of one workspace, and what that means is said of the table.
const describeTables = (tables: readonly CompletedTable[]) => `
  select table_name, row_count, max(comment) as holds
  from (${rowCountsSql(tables.map(({ name }) => name))})
  left join (select table_name, comment from duckdb_tables() where schema_name = 'main') using (table_name)
  group by all
  order by table_name
`;

const describeTable = `
  select
    column_name,
    any_value(data_type) filter (database_name = current_database()) as data_type,
    max(comment) as means
  from duckdb_columns()
  where lower(table_name) = lower($name) and schema_name = 'main' and not internal
  group by column_name
  having bool_or(database_name = current_database())
  order by min(column_index) filter (database_name = current_database())
`;

async function readTables(sandbox: Sandbox): Promise<CompletedTable[]> {
  const rows = await sandbox.all<{ name: string; columns: string[] }>(`
    select table_name as name, list(column_name order by column_index) as columns
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'main' and not internal
    group by table_name
    order by table_name
  `);
  return rows;
}

function tell(error: unknown, { stderr }: ReplStreams): void {
  if (!(error instanceof Error)) throw error;
  stderr.write(`${printable(error.message)}\n`);
  if (error instanceof TallyError && error.hint) stderr.write(`${printable(error.hint)}\n`);
}

/** The lines typed, the last one first, as readline wants them. */
async function readHistory(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).reverse();
}

async function writeHistory(path: string, history: readonly string[]): Promise<void> {
  const lines = [...history].slice(0, mostHistory).reverse();
  // A workspace that can't be written is read all the same.
  await writeFile(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 }).catch(() => undefined);
}
