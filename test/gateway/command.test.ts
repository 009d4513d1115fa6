import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/package.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { acmeYaml } from "./acme.ts";
import { get, key, send } from "./signed-client.ts";

const yaml = `${acmeYaml}\naccess_keys: [{ access_key_id: ${key.accessKeyId}, secret_key: ${key.secretKey} }]\n`;

/** `tally gateway` on the small organisation, for as long as `work` takes; what it said on stderr. */
async function serving(
  args: readonly string[],
  work: (exported: Map<string, string>) => Promise<void>,
  { tail = "", signal = "SIGTERM" as NodeJS.Signals } = {},
) {
  const scenario = join(temporaryFolder(), "acme.yaml");
  writeFileSync(scenario, yaml + tail);
  const child = spawn(
    process.execPath,
    [join(packageRoot, "dist", "cli.js"), "gateway", "--port", "0", "--scenario", scenario, ...args],
    { env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let stderr = "";
  child.stderr.on("data", (part) => {
    stderr += String(part);
  });
  const exported = new Map<string, string>();
  try {
    for await (const line of createInterface(child.stdout)) {
      const [, name = "", value = ""] = /^export (\w+)=(.*)$/.exec(line) ?? [];
      exported.set(name, value);
      if (name === "TALLY_NOW") break;
    }
    if (!exported.has("TALLY_NOW")) throw new Error(`it did not serve: ${stderr}`);
    await work(exported);
  } finally {
    const ended = child.exitCode === null ? once(child, "close") : undefined;
    child.kill(signal);
    await ended;
  }
  return { code: child.exitCode, stderr };
}

it("serves with faults from the command line and the scenario, and tells at the end what they struck", async () => {
  const rules = ["--fault", "forbidden,path=/locations,times=1", "--fault", "rate-limit,rate=0.0"];
  const { code, stderr } = await serving(
    rules,
    async (exported) => {
      const endpoint = exported.get("CRUSOE_API_ENDPOINT") ?? "";
      expect((await get(endpoint, "/locations")).status).toBe(403);
      expect((await get(endpoint, "/locations")).status).toBe(200);
      expect((await get(endpoint, "/users/tokens")).status).toBe(404);
      expect((await send(endpoint, "/_control/clock")).status).toBe(401);
    },
    { tail: "faults: [{ kind: not-found, path: /users/tokens }]\n" },
  );
  expect(code).toBe(0);
  expect(stderr).toContain("not-found: 1 of 1 requests.");
  expect(stderr).toContain("forbidden: 1 of 2 requests.");
  expect(stderr).toContain("rate-limit: 0 of 2 requests.");
});

it("has a clock that stands until it is moved, or that runs", async () => {
  const time = async (endpoint: string) =>
    JSON.parse((await send(endpoint, "/_control/clock")).text).now as string;
  await serving(["--control"], async (exported) => {
    const endpoint = exported.get("CRUSOE_API_ENDPOINT") ?? "";
    const body = '{"seconds":86400}';
    await send(endpoint, "/_control/advance", { method: "POST", body });
    expect(await time(endpoint)).toBe("2026-03-11T12:00:00.000Z");
    expect(exported.get("TALLY_NOW")).toBe("2026-03-10T12:00:00.000Z");
  });
  await serving(["--control", "--clock", "runs"], async (exported) => {
    const endpoint = exported.get("CRUSOE_API_ENDPOINT") ?? "";
    const first = await time(endpoint);
    await expect.poll(() => time(endpoint)).not.toBe(first);
  });
});

it("goes on from its state file where it was, whether it ended in order or was killed", async () => {
  const file = join(temporaryFolder(), "acme.state");
  const command = ["--control", "--state", file];
  const at = async (exported: Map<string, string>) => {
    const endpoint = exported.get("CRUSOE_API_ENDPOINT") ?? "";
    const clock = JSON.parse((await send(endpoint, "/_control/clock")).text) as { now: string; pace: number };
    const post = (path: string, body: unknown) =>
      send(endpoint, `/_control${path}`, { method: "POST", body: JSON.stringify(body) });
    return { endpoint, clock, post };
  };
  await serving(
    command,
    async (exported) => {
      const { post } = await at(exported);
      const before = readFileSync(file, "utf8");
      await post("/advance", { seconds: 86_400 });
      await post("/faults", "forbidden,path=/locations,times=3");
      await expect.poll(() => readFileSync(file, "utf8")).not.toBe(before);
      await expect.poll(() => readFileSync(file, "utf8")).toContain("forbidden");
    },
    { signal: "SIGKILL" },
  );
  const faulty = [...command, "--fault", "not-found,path=/users/tokens"];
  const { stderr } = await serving(faulty, async (exported) => {
    const { endpoint, clock, post } = await at(exported);
    expect(clock).toEqual({ now: "2026-03-11T12:00:00.000Z", pace: 0 });
    expect((await get(endpoint, "/locations")).status).toBe(403);
    await post("/clock", { pace: 3600 });
  });
  expect(stderr).toContain(`Going on from ${file}, at 2026-03-11T12:00:00.000Z.`);
  await serving(command, async (exported) => {
    const { endpoint, clock } = await at(exported);
    expect(clock.now > "2026-03-11T12:00:00.000Z").toBe(true);
    expect(clock.pace).toBe(3600);
    // Two are left of three; what the command line asked for went with its gateway.
    const faults = JSON.parse((await send(endpoint, "/_control/faults")).text).faults as { struck: number }[];
    expect(faults).toMatchObject([{ fault: { kind: "forbidden" }, struck: 1 }]);
    expect((await get(endpoint, "/users/tokens")).status).toBe(200);
  });
  expect(readdirSync(dirname(file))).toEqual(["acme.state"]);
  writeFileSync(file, readFileSync(file, "utf8").slice(0, 1000));
  const refused = await tally(["gateway", "--port", "0", "--state", file]);
  expect([refused.code, refused.stderr.includes(`The state ${file} is no state of a gateway`)]).toEqual([
    2,
    true,
  ]);
  const nowhere = await tally(["gateway", "--port", "0", "--state", join(file, "below")]);
  expect([nowhere.code, nowhere.stderr.includes("ENOTDIR")]).toEqual([2, true]);
});

it.each([
  [["--fault", "nonsense"], '"nonsense" is no kind of fault'],
  [["--fault", "reset,rate"], '"rate" is not key=value'],
  [["--fault", "reset,rate=0.1,rate=0.2"], "rate is there twice"],
  [["--fault", "reset,rate=often"], "rate: "],
  [["--fault", "reset,minutes=3"], '"minutes" is no key of that fault'],
  [["--clock", "backwards"], "--clock is stands or runs"],
  [["--clock", "99999999x"], "--clock is stands or runs"],
])("refuses %j with what is wrong, and exits 2", async (args, said) => {
  const { code, stderr } = await tally(["gateway", "--port", "0", ...args]);
  expect([code, stderr.includes(said)]).toEqual([2, true]);
});

it("lists the kinds of faults with their keys", async () => {
  const { code, stdout } = await tally(["gateway", "--fault", "list"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rate-limit\s+429 with Retry-After.*\[form, retry_after\]$/m);
  expect(stdout.split("\n").filter(Boolean)).toHaveLength(19);
});
