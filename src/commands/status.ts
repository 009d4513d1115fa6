import { Command } from "commander";
import { exitCodes } from "../errors/tally-error.ts";

export const statusCommand = () =>
  new Command("status")
    .description("Say how the workspace stands: last run, freshness, coverage, failing tests, findings.")
    .option("--json", "print it as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ tally status --workspace costs
  $ tally status --json | jq .freshness

Exit codes: 0 fresh, 1 stale: nothing was published, or the published tables or the usage in them are older than
stale_after_hours under [status] in tally.toml.`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const { readStatus } = await import("../status/status.ts");
      const { statusJson, statusText } = await import("../status/print.ts");
      const context = workspaceContext(command);
      const status = await readStatus(context);
      context.effects.stdout.write(json ? statusJson(status, context.workspace.root) : statusText(status));
      if (status.staleness.length > 0) process.exitCode = exitCodes.failed;
    });
