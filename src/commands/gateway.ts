import { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import type { FaultInput } from "../gateway/faults/rule.ts";
import { effectsOf } from "./effects-of.ts";

interface GatewayFlags {
  port: string;
  scenario?: string;
  state?: string;
  clock?: string;
  fault: string[];
  faultSeed?: string;
  control?: true;
}

export const gatewayCommand = () =>
  new Command("gateway")
    .description("Serve a local Crusoe API, to develop and test against. It serves the demo's organisation.")
    .option("--port <number>", "the port on 127.0.0.1; 0 takes a free one", "8471")
    .option("--scenario <file>", "another organisation, as YAML in the form of data/demo/organization.yaml")
    .option("--state <file>", "go on from that file where it is there, and save everything in it")
    .option("--clock <way>", "stands, runs, or runs so many times as fast, such as 3600x (default: stands)")
    .option("--fault <rule>", "what is to go wrong, and when; may be repeated", collect, [])
    .option("--fault-seed <text>", "what the dice of faults are thrown by")
    .option("--control", "let /_control of this machine change faults and clock")
    .addHelpText(
      "after",
      `
The clock starts at the scenario's instant, or at TALLY_NOW; with --state FILE where it was when FILE was saved. FILE
takes what was done, the faults that were added and the clock: soon after each change, every minute, and at the end.

A fault is KIND[,key=value]…; \`--fault list\` shows the kinds and their keys. Every kind takes
  rate=0.3         the share of requests that it strikes
  path=PATTERN     such as /projects/*/storage/**, without the version
  method=GET       times=5 in all    times_each=1 of the same request    after=10 others    burst=3 in a row
  from= and to=    by the gateway's clock, such as 2026-11-03T06:00Z
With --control, POST /_control/faults takes the same as JSON, GET counts, DELETE clears, and
POST /_control/advance {"seconds": 86400} or {"to": "2026-11-04T06:00Z"} moves the clock; POST /_control/clock {"pace": 60}
lets it run so many times as fast, or stand (0); GET tells the time.

Examples:
  $ tally gateway --port 8471
  $ tally gateway --port 0 --scenario my-organization.yaml
  $ tally gateway --fault any,rate=0.3 --fault "rate-limit,path=/organizations/*/usage,times=5,form=date"
  $ tally gateway --control --clock 3600x
  $ tally gateway --state larkspur.state`,
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
      const pace = flags.clock === undefined ? undefined : paceOf(flags.clock);
      const faults = await faultsOf(flags.fault);
      const { resolve } = await import("node:path");
      const { demoScenario } = await import("../demo.ts");
      const { openSession } = await import("../gateway/session.ts");
      const session = await openSession({
        scenario: scenario ? resolve(effects.cwd, scenario) : demoScenario,
        stateFile: flags.state === undefined ? undefined : resolve(effects.cwd, flags.state),
        startAt: effects.env.TALLY_NOW ? effects.now() : undefined,
        pace,
        port: Number(port),
        faults,
        faultSeed: flags.faultSeed,
        control: flags.control ?? false,
        wallClock: effects.wallClock,
        warn: (error) => effects.log.warn(error instanceof Error ? error.message : String(error)),
      });
      const { gateway, organization, startedAt } = session;
      const [accessKey] = organization.accessKeys;
      effects.stdout.write(`export CRUSOE_API_ENDPOINT=${gateway.endpoint}\n`);
      if (accessKey) {
        effects.stdout.write(`export CRUSOE_ACCESS_KEY_ID=${accessKey.accessKeyId}\n`);
        effects.stdout.write(`export CRUSOE_SECRET_KEY=${accessKey.secretKey}\n`);
      }
      effects.stdout.write(`export TALLY_NOW=${startedAt.toISOString()}\n`);
      if (session.isResumed) effects.log.info(`Going on from ${flags.state}, at ${startedAt.toISOString()}.`);
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
      await session.close();
    });

function paceOf(text: string): number {
  if (text === "stands") return 0;
  if (text === "runs") return 1;
  const [, times] = /^(\d{1,8}(?:\.\d+)?)x$/.exec(text) ?? [];
  if (times !== undefined && Number(times) <= 366 * 86_400) return Number(times);
  throw new UsageError(
    `--clock is stands or runs, or how many times as fast, such as 3600x, not ${JSON.stringify(text)}.`,
  );
}

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
