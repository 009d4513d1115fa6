import { Command, Option } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import type { RowFormat } from "../query/format.ts";

export const sqlCommand = () =>
  new Command("sql")
    .description(
      "Query the published tables, read-only: no statement can change, read or write anything else.",
    )
    .argument("[query]", "the query; without one, it is read from standard input")
    .addOption(
      new Option("--format <format>", "how rows are printed")
        .choices(["table", "csv", "json"])
        .default("table"),
    )
    .addHelpText(
      "after",
      `
Examples:
  $ tally sql 'select gpu_type, sum(gpu_hours) from fct_gpu_hours_daily group by all'
  $ tally sql --format csv 'from fct_idle_findings' > idle.csv
  $ tally sql 'show tables'`,
    )
    .action(async (argument: string | undefined, { format }: { format: RowFormat }, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const context = workspaceContext(command);
      const query = argument ?? (await readStandardInput());
      if (isBlank(query))
        throw new UsageError("There is no query.", { hint: "Try `tally sql 'show tables'`." });
      const { runQuery } = await import("../query/sandbox.ts");
      const { printRows } = await import("../query/format.ts");
      await runQuery(context, query, (result) => printRows(result, format, context.effects.stdout));
    });

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UsageError("There is no query.", {
      hint: "Give one as an argument: `tally sql 'show tables'`.",
    });
  }
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  return text;
}

function isBlank(query: string): boolean {
  return query.replace(/--.*$|\/\*[\s\S]*?\*\//gm, "").replace(/[\s;]/g, "") === "";
}
