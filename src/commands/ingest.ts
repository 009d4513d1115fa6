import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import { dayOf } from "./day-option.ts";

interface IngestFlags {
  from?: string;
  to?: string;
  streams?: string;
  full?: boolean;
  replay?: boolean;
}

export const ingestCommand = () =>
  new Command("ingest")
    .description(
      "Read usage and inventory from the API: land every response, and load it into the warehouse.",
    )
    .option("--from <date>", "read usage from this UTC day on, such as 2026-10-01")
    .option("--to <date>", "read usage to this UTC day, inclusive")
    .option("--streams <names>", "read only these streams, joined by commas, such as usage,vms")
    .option("--full", "read the whole history again, and every list whether or not it is due")
    .option("--replay", "rebuild the raw tables from the answers that landed, without a network")
    .addHelpText(
      "after",
      `
Examples:
  $ tally ingest --workspace costs
  $ tally ingest --from 2026-10-01 --to 2026-10-31 --streams usage,resource_usage
  $ tally ingest --replay`,
    )
    .action(async (flags: IngestFlags, command: Command) => {
      const { withWarehouse, workspaceContext } = await import("./context.ts");
      const { loadCredentials } = await import("../config.ts");
      const { withLock } = await import("../workspace.ts");
      const context = workspaceContext(command);
      const from = dayOf("--from", flags.from);
      const to = dayOf("--to", flags.to);
      if (from && to && from > to) throw new UsageError(`--from ${from} is after --to ${to}.`);
      const streams = flags.streams?.split(",").map((name) => name.trim());
      const { ingest, replayLanded } = await import("../ingest/ingest.ts");
      const { requireComplete } = await import("../run.ts");
      if (flags.replay) {
        if (from || to || streams || flags.full) {
          throw new UsageError("--replay rebuilds everything that landed, and takes no other option.");
        }
        await withLock(context.workspace, context.effects, "ingest --replay", () =>
          withWarehouse(context, async (warehouse) =>
            requireComplete(await replayLanded({ ...context, warehouse })),
          ),
        );
        return;
      }
      const credentials = loadCredentials(context.effects);
      await withLock(context.workspace, context.effects, "ingest", () =>
        withWarehouse(context, async (warehouse) => {
          const summary = await ingest(
            { ...context, credentials, warehouse },
            {
              ...(from && { from }),
              ...(to && { to }),
              ...(streams && { streams }),
              ...(flags.full && { full: true }),
            },
          );
          requireComplete(summary);
        }),
      );
    });
