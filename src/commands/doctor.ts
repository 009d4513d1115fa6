import { resolve } from "node:path";
import { Command } from "commander";
import type { Effects } from "../effects.ts";
import { exitCodes } from "../errors/tally-error.ts";
import { effectsOf } from "./effects-of.ts";

interface DoctorFlags {
  json?: boolean;
  installExtensions?: true | string;
}

export const doctorCommand = () =>
  new Command("doctor")
    .description(
      "Check credentials, clock, permissions, endpoint, disk, versions and files, and say how to mend each.",
    )
    .option("--json", "print the result as one JSON object")
    .option(
      "--install-extensions [from]",
      "first install the parts of DuckDB that tally.toml asks for: from DuckDB's server, or a folder or server that holds the same",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ tally doctor --workspace costs
  $ tally doctor --json | jq '.checks[] | select(.verdict != "ok")'
  $ tally doctor --install-extensions

Exit codes: 0 nothing failed, 1 something did. It changes nothing else, and shows no secret.`,
    )
    .action(async ({ json, installExtensions: from }: DoctorFlags, command: Command) => {
      const { examine } = await import("../doctor/doctor.ts");
      const { printable } = await import("../printable.ts");
      const effects = effectsOf(command);
      const { workspace } = command.optsWithGlobals<{ workspace?: string }>();
      const root = resolve(effects.cwd, workspace ?? effects.env.TALLY_WORKSPACE ?? ".");
      if (from !== undefined)
        await installNeeded(effects, root, from === true ? undefined : sourceOf(effects, from));
      const results = await examine(effects, root);
      if (json) effects.stdout.write(`${JSON.stringify({ workspace: root, checks: results }, null, 2)}\n`);
      else {
        for (const { name, verdict, message, mend } of results) {
          effects.stdout.write(`${verdict.padEnd(8)} ${name}: ${printable(message)}\n`);
          if (mend !== null) effects.stdout.write(`         ${printable(mend)}\n`);
        }
      }
      if (results.some(({ verdict }) => verdict === "failed")) process.exitCode = exitCodes.failed;
    });

/** A server, or a folder. */
const sourceOf = ({ cwd }: Effects, from: string) =>
  /^[a-z0-9]+:\/\//i.test(from) ? from : resolve(cwd, from);

/** Installs what the settings of the workspace ask for. */
async function installNeeded(effects: Effects, root: string, from: string | undefined): Promise<void> {
  const { loadConfig } = await import("../config.ts");
  const { installExtension } = await import("../extensions.ts");
  const { neededExtensions } = await import("../needed-extensions.ts");
  const { inMemory, openWarehouse } = await import("../warehouse.ts");
  const { openWorkspace } = await import("../workspace.ts");
  const config = loadConfig(effects, openWorkspace(effects, root).tallyToml);
  const needed = neededExtensions(config, effects, root);
  if (needed.length === 0) effects.log.info("no setting of tally.toml needs an extension of DuckDB");
  const memory = await openWarehouse(inMemory, config.warehouse);
  try {
    for (const { extension } of needed) {
      effects.log.info(`installed ${await installExtension(memory, extension, from)}`);
    }
  } finally {
    memory.close();
  }
}
