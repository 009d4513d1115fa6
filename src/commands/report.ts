import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import { instantSlug } from "../instant-slug.ts";
import type { ReportFormat } from "../report-settings.ts";
import { instantOf } from "./as-of.ts";
import type { WorkspaceContext } from "./context.ts";
import { readingFrom, type SharedFlags, withSharedOptions } from "./shared-option.ts";

interface ReportFlags extends SharedFlags {
  month?: string;
  week?: string;
  format?: string;
  asOf?: string;
}

export const reportCommand = () =>
  withSharedOptions(new Command("report"))
    .description("Write the reports of a month and a week, and print the path of the page to open.")
    .option("--month <YYYY-MM>", "the month (default: the last complete one)")
    .option(
      "--week <YYYY-Www>",
      "the ISO week of the digest (default, without --month: the last complete one)",
    )
    .option(
      "--format <formats>",
      "html, csv, xlsx, json, parquet and pdf, joined by commas (default: formats under [reports] in tally.toml)",
    )
    .option(
      "--as-of <instant>",
      "from what was known then, into a folder of its own; the other reports stay as they are",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ tally report --workspace costs
  $ tally report --month 2026-09 --format csv
  $ tally report --week 2026-W44
  $ tally report --month 2026-09 --as-of 2026-10-05T06:00:00Z
  $ tally report --shared --of acme --at 2026-10-05T06:00:00Z`,
    )
    .action(async (flags: ReportFlags, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const { month, week, format, asOf } = flags;
      const context = readingFrom(workspaceContext(command), flags);
      const { shared } = context;
      if (shared && asOf !== undefined) {
        throw new UsageError(
          "--as-of builds from this workspace's own history, and --shared reads none here.",
          {
            hint: "Name the instant with --at: what had been committed by then.",
          },
        );
      }
      if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
        throw new UsageError(`--month takes a month such as 2026-09, not ${JSON.stringify(month)}.`);
      }
      const formats = format === undefined ? undefined : await formatsOf(format);
      const instant = asOf === undefined ? undefined : instantOf(asOf);
      const { renderReport } = await import("../reports/report.ts");
      const options = {
        ...(formats && { formats }),
        ...(month && { month }),
        ...(week && { week }),
        ...(shared?.at && { suffix: `@${instantSlug(shared.at)}` }),
      };
      const { pages } = instant
        ? await renderReport(
            { ...context, effects: { ...context.effects, now: () => instant } },
            { ...options, ...(await knownAt(context, instant)) },
          )
        : await renderReport(context, options);
      context.effects.stdout.write(`${pages.join("\n")}\n`);
    });

/** Builds what was known at an instant, and says where the report of it is read from and written to. */
async function knownAt(
  context: WorkspaceContext,
  instant: Date,
): Promise<{ analytics: string; suffix: string }> {
  const { withWarehouse } = await import("./context.ts");
  const { withLock } = await import("../workspace.ts");
  const { buildAsOf } = await import("../models/as-of.ts");
  const { analytics } = await withLock(context.workspace, context.effects, "report", () =>
    withWarehouse(context, (warehouse) => buildAsOf({ ...context, warehouse }, instant)),
  );
  return { analytics, suffix: `@${instantSlug(instant)}` };
}

async function formatsOf(text: string): Promise<readonly ReportFormat[]> {
  const { reportFormats } = await import("../report-settings.ts");
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !reportFormats.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--format knows no ${JSON.stringify(unknown)}.`, {
      hint: `It takes ${reportFormats.join(", ")}, several of them joined by commas.`,
    });
  }
  return reportFormats.filter((known) => named.includes(known));
}
