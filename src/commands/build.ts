import { Command } from "commander";

export const buildCommand = () =>
  new Command("build")
    .description("Compute the public tables from what was read, and publish them as analytics.duckdb.")
    .option(
      "--select <models>",
      "build only these models: NAME, +NAME with what it rests on, NAME+ with what rests on it",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ tally build --workspace costs
  $ tally build --select fct_cost_daily+`,
    )
    .action(async ({ select }: { select?: string }, command: Command) => {
      const { withWarehouse, workspaceContext } = await import("./context.ts");
      const { withLock } = await import("../workspace.ts");
      const context = workspaceContext(command);
      const { build } = await import("../models/build.ts");
      const { publish } = await import("../models/publish.ts");
      await withLock(context.workspace, context.effects, "build", () =>
        withWarehouse(context, async (warehouse) => {
          await build({ ...context, warehouse }, select === undefined ? {} : { select });
          await publish({ ...context, warehouse });
        }),
      );
      context.effects.log.info(`published ${context.workspace.analytics}`);
    });
