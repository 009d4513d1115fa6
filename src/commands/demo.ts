import { Command } from "commander";
import { effectsOf } from "./effects-of.ts";

export const demoCommand = () =>
  new Command("demo")
    .description(
      "Report on a sample organisation, with no account and no network, and print the path of the page.",
    )
    .argument("[dir]", "the folder of the demo's workspace, made anew each time", "tally-demo")
    .addHelpText(
      "after",
      `
Examples:
  $ tally demo
  $ tally demo /tmp/look && tally sql --workspace /tmp/look 'from dim_project'`,
    )
    .action(async (dir: string, _options: object, command: Command) => {
      const { resolve } = await import("node:path");
      const { runDemo } = await import("../demo.ts");
      const effects = effectsOf(command);
      const { page } = await runDemo(effects, resolve(effects.cwd, dir));
      effects.stdout.write(`${page}\n`);
    });
