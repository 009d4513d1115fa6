import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";

const formatNames = ["html", "csv"] as const;
type ReportFormat = (typeof formatNames)[number];

export const reportCommand = () =>
  new Command("report")
    .description("Write the report of a month as HTML and CSV, and print the path of its page.")
    .option("--month <YYYY-MM>", "the month (default: the last complete one)")
    .option("--format <formats>", "html, csv or both, joined by a comma", "html,csv")
    .addHelpText(
      "after",
      `
Examples:
  $ tally report --workspace costs
  $ tally report --month 2026-09 --format csv`,
    )
    .action(async ({ month, format }: { month?: string; format: string }, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const context = workspaceContext(command);
      if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
        throw new UsageError(`--month takes a month such as 2026-09, not ${JSON.stringify(month)}.`);
      }
      const formats = formatsOf(format);
      const { renderReport } = await import("../reports/report.ts");
      const { page } = await renderReport(context, { formats, ...(month && { month }) });
      context.effects.stdout.write(`${page}\n`);
    });

function formatsOf(text: string): readonly ReportFormat[] {
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !formatNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--format takes ${formatNames.join(" and ")}, not ${JSON.stringify(unknown)}.`);
  }
  return formatNames.filter((known) => named.includes(known));
}
