import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import type { FaultInput } from "../gateway/faults/rule.ts";
import { effectsOf } from "./effects-of.ts";

interface GatewayFlags {
  port: string;
  scenario?: string;
  clock: string;
  fault: string[];
  faultSeed?: string;
  control?: true;
}

export const gatewayCommand = () =>
  new Command("gateway")
    .description("Serve a local Crusoe API, to develop and test against. It serves the demo's organisation.")
    .option("--port <number>", "the port on 127.0.0.1; 0 takes a free one", "8471")
    .option("--scenario <file>", "another organisation, as YAML in the form of data/demo/organization.yaml")
    .option("--clock <way>", "stands, or runs on from where it starts", "stands")
    .option("--fault <rule>", "what is to go wrong, and when; may be repeated", collect, [])
    .option("--fault-seed <text>", "what the dice of faults are thrown by")
    .option("--control", "let /_control of this machine change faults and clock")
    .addHelpText(
      "after",
      `
The clock starts at the scenario's instant, or at TALLY_NOW.

A fault is KIND[,key=value]…; \`--fault list\` shows the kinds and their keys. Every kind takes
  rate=0.3         the share of requests that it strikes
  path=PATTERN     such as /projects/*/storage/**, without the version
  method=GET       times=5 in all    times_each=1 of the same request    after=10 others    burst=3 in a row
  from= and to=    by the gateway's clock, such as 2026-11-03T06:00Z
With --control, POST /_control/faults takes the same as JSON, GET counts, DELETE clears, and
POST /_control/advance {"seconds": 86400} moves the clock.

Examples:
  $ tally gateway --port 8471
  $ tally gateway --port 0 --scenario my-organization.yaml
  $ tally gateway --fault any,rate=0.3 --fault "rate-limit,path=/organizations/*/usage,times=5,form=date"
  $ tally gateway --control --clock runs`,
    )
    .action(async (flags: GatewayFlags, command: Command) => {
      const effects = effectsOf(command);
      const { port, scenario } = flags;
      if (flags.fault.includes("list")) {
        effects.stdout.write(await faultTable());
        return;
      }
      if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
        throw new UsageError(`--port takes a number from 0 to 65535, not ${JSON.stringify(port)}.`);
      }
      if (!["stands", "runs"].includes(flags.clock)) {
        throw new UsageError(`--clock is stands or runs, not ${JSON.stringify(flags.clock)}.`);
      }
      const faults = await faultsOf(flags.fault);
      const { resolve } = await import("node:path");
      const { demoScenario } = await import("../demo.ts");
      const { loadScenario } = await import("../gateway/scenario/load.ts");
      const { startGateway } = await import("../gateway/server.ts");
      const organization = await loadScenario(scenario ? resolve(effects.cwd, scenario) : demoScenario);
      const start = effects.env.TALLY_NOW ? effects.now() : organization.now;
      const startedMs = effects.wallClock().getTime();
      const runningFor = () => (flags.clock === "runs" ? effects.wallClock().getTime() - startedMs : 0);
      const gateway = await startGateway({
        organization,
        clock: () => new Date(start.getTime() + runningFor()),
        accessKeys: organization.accessKeys,
        port: Number(port),
        faults,
        ...(flags.faultSeed !== undefined && { faultSeed: flags.faultSeed }),
        control: flags.control ?? false,
      });
      const [accessKey] = organization.accessKeys;
      effects.stdout.write(`export CRUSOE_API_ENDPOINT=${gateway.endpoint}\n`);
      if (accessKey) {
        effects.stdout.write(`export CRUSOE_ACCESS_KEY_ID=${accessKey.accessKeyId}\n`);
        effects.stdout.write(`export CRUSOE_SECRET_KEY=${accessKey.secretKey}\n`);
      }
      effects.stdout.write(`export TALLY_NOW=${start.toISOString()}\n`);
      effects.log.info(
        "Serving until Ctrl-C. Paste these lines into another shell, then: tally init costs && tally run --workspace costs",
      );
      await new Promise<void>((stop) => {
        process.once("SIGINT", () => stop());
        process.once("SIGTERM", () => stop());
      });
      for (const { fault, matched, struck } of gateway.faults.list()) {
        effects.log.info(`${fault.kind}: ${struck} of ${matched} requests.`);
      }
      await gateway.close();
    });

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

async function faultsOf(texts: readonly string[]): Promise<FaultInput[]> {
  if (texts.length === 0) return [];
  const { readFaultText } = await import("../gateway/faults/text.ts");
  return texts.map((text) => {
    const read = readFaultText(text);
    if ("rule" in read) return read.rule.given;
    throw new UsageError(`--fault ${JSON.stringify(text)} can't be: ${read.mistake}.`, {
      hint: "`tally gateway --fault list` shows every kind and its keys.",
    });
  });
}

async function faultTable(): Promise<string> {
  const { faultKinds, passingKinds } = await import("../gateway/faults/kinds.ts");
  const kinds = Object.entries(faultKinds).map(([name, { about, parameters }]) => {
    const keys = Object.keys(parameters);
    return `${name.padEnd(16)} ${about}${keys.length > 0 ? ` [${keys.join(", ")}]` : ""}\n`;
  });
  return `${"any".padEnd(16)} one of ${passingKinds.join(", ")}\n${kinds.join("")}`;
}
