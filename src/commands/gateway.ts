import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import { effectsOf } from "./effects-of.ts";

interface GatewayFlags {
  port: string;
  scenario?: string;
}

export const gatewayCommand = () =>
  new Command("gateway")
    .description("Serve a local Crusoe API, to develop and test against. It serves the demo's organisation.")
    .option("--port <number>", "the port on 127.0.0.1; 0 takes a free one", "8471")
    .option("--scenario <file>", "another organisation, as YAML in the form of data/demo/organization.yaml")
    .addHelpText(
      "after",
      `
The clock stands at the scenario's instant, or at TALLY_NOW.

Examples:
  $ tally gateway --port 8471
  $ tally gateway --port 0 --scenario my-organization.yaml`,
    )
    .action(async ({ port, scenario }: GatewayFlags, command: Command) => {
      const effects = effectsOf(command);
      if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
        throw new UsageError(`--port takes a number from 0 to 65535, not ${JSON.stringify(port)}.`);
      }
      const { resolve } = await import("node:path");
      const { demoScenario } = await import("../demo.ts");
      const { loadScenario } = await import("../gateway/scenario.ts");
      const { startGateway } = await import("../gateway/server.ts");
      const organization = await loadScenario(scenario ? resolve(effects.cwd, scenario) : demoScenario);
      const clock = effects.env.TALLY_NOW ? effects.now : () => organization.now;
      const gateway = await startGateway({
        organization,
        clock,
        accessKeys: organization.accessKeys,
        port: Number(port),
      });
      const [accessKey] = organization.accessKeys;
      effects.stdout.write(`export CRUSOE_API_ENDPOINT=${gateway.endpoint}\n`);
      if (accessKey) {
        effects.stdout.write(`export CRUSOE_ACCESS_KEY_ID=${accessKey.accessKeyId}\n`);
        effects.stdout.write(`export CRUSOE_SECRET_KEY=${accessKey.secretKey}\n`);
      }
      effects.stdout.write(`export TALLY_NOW=${clock().toISOString()}\n`);
      effects.log.info(
        "Serving until Ctrl-C. Paste these lines into another shell, then: tally init costs && tally run --workspace costs",
      );
      await new Promise<void>((stop) => {
        process.once("SIGINT", () => stop());
        process.once("SIGTERM", () => stop());
      });
      await gateway.close();
    });
