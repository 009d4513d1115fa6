import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import { instantOf } from "./as-of.ts";

interface BuildFlags {
  select?: string;
  fullRefresh?: boolean;
  asOf?: string;
}

export const buildCommand = () =>
  new Command("build")
    .description("Compute the public tables from what was read, and publish them as analytics.duckdb.")
    .option(
      "--select <models>",
      "build only these models: NAME, +NAME with what it rests on, NAME+ with what rests on it",
    )
    .option("--full-refresh", "make every day of these models anew, also where nothing changed")
    .option(
      "--as-of <instant>",
      "what was known then, into a file of its own beside analytics.duckdb, which stays as it is",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ tally build --workspace costs
  $ tally build --select fct_cost_daily+ --full-refresh
  $ tally build --as-of 2026-10-05T06:00:00Z`,
    )
    .action(async ({ select, fullRefresh, asOf }: BuildFlags, command: Command) => {
      const { withWarehouse, workspaceContext } = await import("./context.ts");
      const { withLock } = await import("../workspace.ts");
      const context = workspaceContext(command);
      const { effects, workspace } = context;
      const instant = asOf === undefined ? undefined : instantOf(asOf);
      if (instant && select !== undefined) {
        throw new UsageError("--as-of builds every model, so it can't be given together with --select.");
      }
      const { completeRawTables } = await import("../ingest/raw-tables.ts");
      const { build } = await import("../models/build.ts");
      const { buildAsOf } = await import("../models/as-of.ts");
      const { publish } = await import("../models/publish.ts");
      const published = await withLock(workspace, effects, "build", () =>
        withWarehouse(context, async (warehouse) => {
          await completeRawTables(warehouse);
          if (instant) return (await buildAsOf({ ...context, warehouse }, instant)).analytics;
          await build(
            { ...context, warehouse },
            { ...(select === undefined ? {} : { select }), fullRefresh: fullRefresh === true },
          );
          await publish({ ...context, warehouse }, { isAnew: fullRefresh === true });
          return workspace.analytics;
        }),
      );
      effects.log.info(`published ${published}`);
    });
