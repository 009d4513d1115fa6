import { Command } from "commander";
import { instantOf } from "./as-of.ts";
import { refuseToCome } from "./shared-option.ts";

interface RestoreFlags {
  at?: string;
  replace?: true;
}

export const restoreCommand = () =>
  new Command("restore")
    .description(
      "Make the workspace anew from the shared warehouse: what was read, the history of findings, the CSVs and the log.",
    )
    .option("--at <instant>", "as it was in a DuckLake then, such as 2026-10-05T06:00:00Z")
    .option("--replace", "also where data/warehouse.duckdb is there, which is lost")
    .addHelpText(
      "after",
      `
Examples:
  $ tally restore --workspace costs && tally build --workspace costs
  $ tally restore --at 2026-10-05T06:00:00Z --replace

It takes a folder with a tally.toml that has target and writer under [warehouse], as the machine had that is lost. All of
it is brought, or none. CSVs that are here with something else in them stay; your own models and queries are not there.
From the next run on this machine writes under the name, and the old one is refused.`,
    )
    .action(async ({ at, replace }: RestoreFlags, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const { withLock } = await import("../workspace.ts");
      const { restore } = await import("../shared-warehouse/restore.ts");
      const context = workspaceContext(command);
      const { effects, workspace } = context;
      const instant = at === undefined ? undefined : instantOf(at, "--at");
      if (instant) refuseToCome(effects, instant);
      const restored = await withLock(workspace, effects, "restore", () =>
        restore(context, { ...(instant && { at: instant }), isReplaced: replace === true }),
      );
      const { place, tables, rows, committedAt, files } = restored;
      for (const file of files.differing) {
        effects.log.warn(`${file} differs from the one that was kept in ${place}, and stays as it is here`);
      }
      if (restored.unmade.length > 0) {
        effects.log.warn(
          `no model here makes ${restored.unmade.join(", ")}: bring back sql/ of the workspace before a run, which takes out there what is made no more`,
        );
      }
      if (!restored.hasHistory) {
        effects.log.warn(
          "the history of findings is not there: an older version of tally wrote last, and it begins anew",
        );
      }
      if (files.written.length > 0) effects.log.info(`wrote ${files.written.join(", ")}`);
      effects.log.info(
        `restored ${rows.toLocaleString("en-US")} rows of ${tables} tables of ${restored.workspace}, as committed at ${committedAt.toISOString()}`,
      );
      effects.log.info(
        `Next: \`tally build --workspace ${workspace.root}\`, or \`tally run\` for what came since.`,
      );
      effects.stdout.write(`${workspace.warehouse}\n`);
    });
