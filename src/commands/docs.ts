import { resolve } from "node:path";
import { Command } from "commander";
import { readingFrom, type SharedFlags, withSharedOptions } from "./shared-option.ts";

export const docsCommand = () =>
  withSharedOptions(new Command("docs"))
    .description(
      "Write the data dictionary: every table, its columns, tests and lineage, as HTML and Markdown.",
    )
    .option("--out <dir>", "the folder to write to (default: docs/ of the workspace)")
    .addHelpText(
      "after",
      `
Examples:
  $ tally docs --workspace costs
  $ tally docs --out /srv/wiki/tally`,
    )
    .action(async ({ out, ...flags }: SharedFlags & { out?: string }, command: Command) => {
      const { workspaceContext } = await import("./context.ts");
      const { writeDocs } = await import("../docs/write-docs.ts");
      const context = readingFrom(workspaceContext(command), flags);
      const { effects, workspace } = context;
      const folder = out === undefined ? workspace.docs : resolve(effects.cwd, out);
      effects.stdout.write(`${await writeDocs(context, folder)}\n`);
    });
