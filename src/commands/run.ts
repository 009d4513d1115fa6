import { Command } from "commander";
import type { Account } from "../accounts.ts";
import { ConfigError } from "../errors/config-error.ts";
import { organizationOption, organizationsAsked } from "./organization-option.ts";

export const runCommand = () =>
  new Command("run")
    .description(
      "Do the whole: ingest, build, test, publish analytics.duckdb, report. This is what cron calls.",
    )
    .addOption(organizationOption())
    .addHelpText(
      "after",
      `
Examples:
  $ tally run --workspace costs
  $ 30 2 * * *  tally run --workspace /srv/costs --quiet      (a line of crontab)

Exit codes: 0 done, 1 failed or stopped by a signal, 2 wrong settings, 3 some streams failed and the rest is
published, 4 data tests of severity error failed and the last good tables and reports stay, 75 another run holds
the workspace.`,
    )
    .action(async (flags: { organization?: string[] }, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const { accountsOf } = await import("../accounts.ts");
      const context = workspaceContext(command);
      const { notify } = await import("../notify/notify.ts");
      const { withoutRun } = await import("../notify/happened.ts");
      let accounts: Account[];
      try {
        accounts = accountsOf(context.effects, context.config);
      } catch (error) {
        if (error instanceof ConfigError) await notify(context, [withoutRun(error.message, error.exitCode)]);
        throw error;
      }
      const { run } = await import("../run.ts");
      const { stopOnSignals } = await import("../stop.ts");
      const stop = stopOnSignals(context.effects.log.warn);
      try {
        const { page } = await run({ ...context, accounts, stop }, organizationsAsked(flags));
        context.effects.stdout.write(`${page}\n`);
      } finally {
        stop.end();
      }
    });
