import { Command } from "commander";

export const scheduleCommand = () =>
  new Command("schedule")
    .description("Stay up and do `tally run` whenever it is due, as [schedule] in tally.toml says.")
    .option("--listen <address>", "serve /healthz, /readyz and /metrics there, such as 127.0.0.1:9464")
    .addHelpText(
      "after",
      `
Examples:
  $ tally schedule --workspace /srv/costs
  $ tally schedule --listen 127.0.0.1:9464 --quiet

A run that was missed is caught up at the start, once, however many were. SIGTERM lets the step under way come to its
end within 30 seconds and exits 0; a second one ends all at once.`,
    )
    .action(async ({ listen }: { listen?: string }, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const { schedule } = await import("../schedule/schedule.ts");
      const { quiet, verbose } = command.optsWithGlobals<{ quiet?: boolean; verbose?: boolean }>();
      await schedule(workspaceContext(command), {
        ...(listen !== undefined && { listen }),
        runOptions: [...(quiet ? ["--quiet"] : []), ...(verbose ? ["--verbose"] : [])],
      });
    });
