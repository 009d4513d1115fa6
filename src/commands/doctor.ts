import { Command } from "commander";
import { exitCodes } from "../errors/tally-error.ts";
import { effectsOf } from "./effects-of.ts";

export const doctorCommand = () =>
  new Command("doctor")
    .description(
      "Check credentials, clock, permissions, endpoint, disk, versions and files, and say how to mend each.",
    )
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ tally doctor --workspace costs
  $ tally doctor --json | jq '.checks[] | select(.verdict != "ok")'

Exit codes: 0 nothing failed, 1 something did. It changes nothing, and shows no secret.`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { resolve } = await import("node:path");
      const { examine } = await import("../doctor/doctor.ts");
      const { printable } = await import("../printable.ts");
      const effects = effectsOf(command);
      const { workspace } = command.optsWithGlobals<{ workspace?: string }>();
      const root = resolve(effects.cwd, workspace ?? effects.env.TALLY_WORKSPACE ?? ".");
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
