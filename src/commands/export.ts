import { resolve } from "node:path";
import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import type { FocusFormat } from "../exports/focus.ts";
import type { FocusVersion } from "../exports/focus-columns.ts";
import type { AskedDays } from "../exports/period.ts";
import { instantSlug } from "../instant-slug.ts";
import type { WorkspaceContext } from "./context.ts";
import { dayOf } from "./day-option.ts";
import { type ReadingContext, readingFrom, type SharedFlags, withSharedOptions } from "./shared-option.ts";

interface ExportFlags extends SharedFlags {
  focus?: string;
  parquet?: true;
  copies?: true;
  month?: string;
  from?: string;
  to?: string;
  format?: string;
  out?: string;
  json?: true;
}

export const exportCommand = () =>
  withSharedOptions(new Command("export"))
    .description("Write the published tables for other tools: as FinOps FOCUS rows, or as Parquet.")
    .option("--focus <version>", "charges as FOCUS 1.2 or 1.0, with their metadata")
    .option("--parquet", "every published table, those with days by month")
    .option("--copies", "copy the tables to each place that [publish] of tally.toml names, as each run does")
    .option("--month <YYYY-MM>", "only the charges of this month (default: all)")
    .option("--from <date>", "only from this UTC day on, such as 2026-10-01")
    .option("--to <date>", "only to this UTC day, inclusive")
    .option("--format <formats>", "csv, parquet or both, joined by a comma (default: both)")
    .option("--out <dir>", "the folder to write to (default: in exports/ of the workspace)")
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ tally export --focus 1.2 --month 2026-10
  $ tally export --focus 1.0 --from 2026-07-01 --to 2026-09-30 --format parquet --out /srv/focus
  $ tally export --parquet
  $ tally export --focus 1.2 --month 2026-10 --shared --of acme
  $ tally export --copies --json`,
    )
    .action(async (flags: ExportFlags, command: Command) => {
      const kinds = [flags.focus, flags.parquet, flags.copies].filter((kind) => kind !== undefined);
      if (kinds.length !== 1) {
        throw new UsageError("An export is of --focus, of --parquet or of --copies.", {
          hint: "Try `tally export --focus 1.2`.",
        });
      }
      const { workspaceContext } = await import("./context.ts");
      const context = readingFrom(workspaceContext(command), flags);
      if (flags.copies) await writeCopies(context, flags);
      else if (flags.focus === undefined) await writeParquet(context, flags);
      else await writeFocus(context, flags, flags.focus);
    });

async function writeFocus(context: ReadingContext, flags: ExportFlags, named: string): Promise<void> {
  const { focusVersions } = await import("../exports/focus-columns.ts");
  const { exportFocus, focusFormats } = await import("../exports/focus.ts");
  const version = oneOf("--focus", focusVersions, named);
  const days = daysOf(flags);
  const asked = flags.format?.split(",").map((name) => name.trim()) ?? [...focusFormats];
  const chosen = new Set(asked.map((name) => oneOf("--format", focusFormats, name)));
  const formats: readonly FocusFormat[] = focusFormats.filter((format) => chosen.has(format));
  const folder = folderOf(context, flags, `focus-${version}`, nameOf(flags));
  const written = await exportFocus(context, { version, formats, folder, ...days });
  warnOfUnpriced(context, version, written.unpriced);
  const { stdout } = context.effects;
  if (flags.json) stdout.write(`${JSON.stringify(written)}\n`);
  else stdout.write(written.files.map((file) => `${file}\n`).join(""));
}

async function writeParquet(context: ReadingContext, flags: ExportFlags): Promise<void> {
  refuseOthers(flags, "--parquet", ["month", "from", "to", "format"]);
  const { exportParquet } = await import("../exports/parquet.ts");
  const folder = folderOf(context, flags, "parquet");
  const { tables } = await exportParquet(context, { folder });
  const { stdout } = context.effects;
  if (flags.json) stdout.write(`${JSON.stringify({ folder, tables })}\n`);
  else stdout.write(`${folder}\n`);
}

async function writeCopies(context: ReadingContext, flags: ExportFlags): Promise<void> {
  refuseOthers(flags, "--copies", ["month", "from", "to", "format", "out", "shared"]);
  const { copiesFailed, copiesOf } = await import("../exports/copies.ts");
  const { ConfigError } = await import("../errors/config-error.ts");
  const { withLock } = await import("../workspace.ts");
  const { stdout, log } = context.effects;
  const copies = copiesOf(context);
  if (copies.length === 0) {
    throw new ConfigError(`${context.workspace.tallyToml} names no place to copy the tables to.`, {
      hint: "Set parquet, postgres, postgres_env or object_store under [publish], or target under [warehouse].",
    });
  }
  const done: { setting: string; place: string; rows: number; tables: number }[] = [];
  const failed: unknown[] = [];
  // As its only writer: some copies read the writer's own file, and none is made of two nights.
  await withLock(context.workspace, context.effects, "export", async () => {
    for (const { setting, write } of copies) {
      try {
        done.push({ setting, ...(await write()) });
      } catch (error) {
        failed.push(error);
      }
    }
  });
  for (const { setting, place, rows, tables } of done) {
    log.info(`${setting}: wrote ${rows} rows of ${tables} tables to ${place}`);
  }
  if (flags.json) stdout.write(`${JSON.stringify({ copies: done })}\n`);
  else stdout.write(done.map(({ place }) => `${place}\n`).join(""));
  if (failed.length > 0) throw copiesFailed(failed);
}

type OtherFlag = "month" | "from" | "to" | "format" | "out" | "shared";

function refuseOthers(flags: ExportFlags, option: string, names: readonly OtherFlag[]): void {
  const other = names.find((name) => flags[name] !== undefined);
  if (other)
    throw new UsageError(`--${other} does not go with ${option}, which writes the tables as they are.`);
}

function warnOfUnpriced(
  { effects }: WorkspaceContext,
  version: FocusVersion,
  unpriced: readonly {
    ResourceType: string | null;
    BillableMetric: string | null;
    Quantity: string;
    FirstDate: string;
    LastDate: string;
  }[],
): void {
  if (unpriced.length === 0) return;
  const said = unpriced.map(
    (usage) =>
      `${usage.Quantity.replace(/\.?0+$/, "")} ${usage.BillableMetric ?? "units"} of ${usage.ResourceType ?? "no type"} (${usage.FirstDate} to ${usage.LastDate})`,
  );
  effects.log.warn(
    `Without a price, and so not in the FOCUS ${version} rows: ${said.join("; ")}. Add the lines that fct_unpriced_usage gives to prices.csv.`,
  );
}

/** The days that --month, or --from and --to, name. */
function daysOf(flags: ExportFlags): AskedDays {
  const from = dayOf("--from", flags.from);
  const to = dayOf("--to", flags.to);
  if (from && to && from > to) throw new UsageError(`--from ${from} is after --to ${to}.`);
  const { month } = flags;
  if (month === undefined) return { ...(from && { from }), ...(to && { to }) };
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    throw new UsageError(`--month takes a month such as 2026-09, not ${JSON.stringify(month)}.`);
  }
  if (from || to) throw new UsageError("--month says which days, so --from and --to don't go with it.");
  const [year = 0, number = 0] = month.split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  return { from: `${month}-01`, to: last };
}

/** The name of the folder of these days; it is the same on every night. */
function nameOf({ month, from, to }: ExportFlags): string {
  return month ?? (from || to ? `${from ?? "first"}--${to ?? "last"}` : "all");
}

/** What was there at an instant stands beside what is there now. */
function folderOf(
  { effects, workspace, shared }: ReadingContext,
  { out }: ExportFlags,
  ...names: string[]
): string {
  const at = shared?.at === undefined ? "" : `@${instantSlug(shared.at)}`;
  return out === undefined ? `${resolve(workspace.exports, ...names)}${at}` : resolve(effects.cwd, out);
}

function oneOf<T extends string>(option: string, known: readonly T[], named: string): T {
  const found = known.find((name) => name === named);
  if (found === undefined) {
    throw new UsageError(`${option} takes ${known.join(" and ")}, not ${JSON.stringify(named)}.`);
  }
  return found;
}
