import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import type { IngestOptions } from "../ingest/ingest.ts";
import { dayOf } from "./day-option.ts";
import { organizationOption, organizationsAsked } from "./organization-option.ts";

interface IngestFlags {
  from?: string;
  to?: string;
  streams?: string;
  organization?: string[];
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
    .addOption(organizationOption())
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
      const { accountsOf } = await import("../accounts.ts");
      const { withLock } = await import("../workspace.ts");
      const context = workspaceContext(command);
      const options = optionsOf(flags, context.effects.now());
      const { ingest, replayLanded, selectedStreams } = await import("../ingest/ingest.ts");
      // A wrong name is told before anything is begun.
      selectedStreams(options.streams);
      const { requireComplete } = await import("../run.ts");
      if (flags.replay) {
        await withLock(context.workspace, context.effects, "ingest --replay", () =>
          withWarehouse(context, async (warehouse) =>
            requireComplete(await replayLanded({ ...context, warehouse })),
          ),
        );
        return;
      }
      const accounts = accountsOf(context.effects, context.config);
      await withLock(context.workspace, context.effects, "ingest", () =>
        withWarehouse(context, async (warehouse) => {
          const summary = await ingest({ ...context, accounts, warehouse }, options);
          requireComplete(summary);
        }),
      );
    });

/**
 * What the flags ask for.
 *
 * @throws UsageError where that makes no sense
 */
function optionsOf(flags: IngestFlags, now: Date): IngestOptions {
  const from = dayOf("--from", flags.from);
  const to = dayOf("--to", flags.to);
  const today = now.toISOString().slice(0, 10);
  const others = (["from", "to", "streams", "organization", "full"] as const).filter(
    (name) => flags[name] !== undefined,
  );
  if (flags.replay && others.length > 0) {
    throw new UsageError(
      `--replay rebuilds all that landed, and can't be had with --${others.join(", --")}.`,
      {
        hint: "Leave the others out; to read some of it from the API again, leave out --replay.",
      },
    );
  }
  if (from && to && from > to) {
    throw new UsageError(`--from ${from} is after --to ${to}.`, { hint: "Give the earlier day as --from." });
  }
  if (from && from > today) {
    throw new UsageError(`--from ${from} has not come yet: today is ${today} (UTC).`, {
      hint: "Give a day of which there is usage, or leave --from out.",
    });
  }
  const streams = flags.streams?.split(",").flatMap((name) => name.trim() || []);
  return {
    ...(from && { from }),
    ...(to && { to }),
    ...(streams && { streams }),
    ...organizationsAsked(flags),
    ...(flags.full && { full: true }),
  };
}
