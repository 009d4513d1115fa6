import { Command } from "commander";
import { exitCodes } from "../errors/tally-error.ts";
import { readingFrom, type SharedFlags, withSharedOptions } from "./shared-option.ts";

interface StatusFlags extends SharedFlags {
  json?: boolean;
  notify?: boolean;
}

export const statusCommand = () =>
  withSharedOptions(new Command("status"))
    .description("Say how the workspace stands: last run, freshness, coverage, failing tests, findings.")
    .option("--json", "print it as one JSON object")
    .option("--notify", "tell the channels of [[notify]] where it is stale")
    .addHelpText(
      "after",
      `
Examples:
  $ tally status --workspace costs
  $ tally status --json | jq .freshness
  $ tally status --shared --of acme
  $ 0 9 * * *  tally status --notify --workspace /srv/costs      (a line of crontab)

Exit codes: 0 fresh, 1 stale: nothing was published, or the published tables or the usage in them are older than
stale_after_hours under [status] in tally.toml.`,
    )
    .action(async (flags: StatusFlags, command: Command) => {
      const { json, notify: isToNotify } = flags;
      const { workspaceContext } = await import("./context.ts");
      const { readStatus } = await import("../status/status.ts");
      const { statusJson, statusText } = await import("../status/print.ts");
      const context = readingFrom(workspaceContext(command), flags);
      const status = await readStatus(context);
      context.effects.stdout.write(json ? statusJson(status, context.workspace.root) : statusText(status));
      if (isToNotify) {
        const { notify } = await import("../notify/notify.ts");
        const { whenStale } = await import("../notify/happened.ts");
        await notify(context, [whenStale(status.staleness)]);
      }
      if (status.staleness.length > 0) process.exitCode = exitCodes.failed;
    });
