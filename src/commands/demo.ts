import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
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
      const { soleAccount } = await import("../accounts.ts");
      const { loadConfig } = await import("../config.ts");
      const { demoScenario, makeDemoWorkspace } = await import("../demo.ts");
      const { loadScenario } = await import("../gateway/scenario/load.ts");
      const { startGateway } = await import("../gateway/server.ts");
      const { run } = await import("../run.ts");
      const effects = effectsOf(command);
      const workspace = await makeDemoWorkspace(resolve(effects.cwd, dir));
      const organization = await loadScenario(demoScenario);
      const [credentials] = organization.accessKeys;
      if (!credentials) throw new UsageError(`${demoScenario} names no access key.`);
      const clock = effects.env.TALLY_NOW ? effects.now : () => organization.now;
      const gateway = await startGateway({ organization, clock, accessKeys: organization.accessKeys });
      try {
        const env = { ...effects.env, CRUSOE_API_ENDPOINT: gateway.endpoint };
        const demoEffects = { ...effects, now: clock, env };
        const config = loadConfig(demoEffects, workspace.tallyToml);
        const accounts = [soleAccount(config, credentials)];
        const { page } = await run({ effects: demoEffects, workspace, config, accounts });
        effects.stdout.write(`${page}\n`);
      } finally {
        await gateway.close();
      }
    });
