import { relative } from "node:path";
import { Command } from "commander";
import { effectsOf } from "./effects-of.ts";

export const initCommand = () =>
  new Command("init")
    .description("Write a commented workspace: tally.toml and the CSVs that you keep.")
    .argument("[dir]", "the folder of the workspace (default: --workspace, else the current folder)")
    .addHelpText(
      "after",
      `
Examples:
  $ tally init costs              write the workspace costs/
  $ tally init costs && tally run --workspace costs`,
    )
    .action(async (dir: string | undefined, _options: object, command: Command) => {
      const { writeWorkspace } = await import("../workspace-template.ts");
      const { resolve } = await import("node:path");
      const effects = effectsOf(command);
      const { workspace: named } = command.optsWithGlobals<{ workspace?: string }>();
      const root = resolve(effects.cwd, dir ?? named ?? effects.env.TALLY_WORKSPACE ?? ".");
      const { written, kept } = await writeWorkspace(root);
      const shown = relative(effects.cwd, root) || ".";
      for (const file of kept) effects.log.info(`kept ${file}, which was there`);
      effects.log.info(
        written.length > 0
          ? `wrote ${written.join(", ")} in ${root}`
          : `${root} is a workspace already; nothing was changed`,
      );
      effects.log.info(
        `Next: set CRUSOE_ACCESS_KEY_ID and CRUSOE_SECRET_KEY, then \`tally run --workspace ${shown}\`.`,
      );
    });
