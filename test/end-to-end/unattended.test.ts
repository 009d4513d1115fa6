import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import type { FaultInput } from "../../src/gateway/faults/rule.ts";
import { packageRoot } from "../../src/package.ts";
import { start } from "../gateway/acme.ts";
import { key } from "../gateway/signed-client.ts";
import { webhookServer } from "../notify/receivers.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

vi.setConfig({ testTimeout: 120_000 });

const now = "2026-03-10T12:00:00Z";

interface Nightly {
  gateway: Awaited<ReturnType<typeof start>>;
  root: string;
  env: Record<string, string>;
  run: () => ReturnType<typeof tally>;
  log: () => Record<string, unknown>[];
}

/** A workspace of its own on a local gateway, in which nothing ran yet. */
async function workspace(options: { faults?: FaultInput[]; toml?: string } = {}): Promise<Nightly> {
  const gateway = await start({ faults: options.faults ?? [] });
  onTestFinished(() => gateway.close());
  const root = join(temporaryFolder(), "costs");
  expect((await tally(["init", root])).code).toBe(0);
  const small = '[warehouse]\nthreads = 1\n[reports]\nformats = ["csv"]\n';
  writeFileSync(join(root, "tally.toml"), `${small}${options.toml ?? ""}`);
  const env = {
    CRUSOE_API_ENDPOINT: gateway.endpoint,
    CRUSOE_ACCESS_KEY_ID: key.accessKeyId,
    CRUSOE_SECRET_KEY: key.secretKey,
    TALLY_NOW: now,
  };
  return {
    gateway,
    root,
    env,
    run: () => tally(["run", "--workspace", root, "--quiet"], env),
    log: () =>
      readFileSync(join(root, "logs", "runs.ndjson"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

/** A `tally` that is still up, and what it says. */
function begin(args: string[], env: Record<string, string>): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [join(packageRoot, "dist", "cli.js"), ...args], {
    env: { PATH: process.env.PATH, HOME: "/nowhere", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  return { child, said: () => said };
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error(`In vain waited until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it("a data test of severity error that fails ends `tally run` with 4, and the last good tables and reports stay", async () => {
  const hook = await webhookServer();
  const nightly = await workspace({
    toml: `[[notify]]\ntype = "webhook"\nurl = "${hook.url}"\non = ["failure"]\n[[notify]]\nname = "nobody"\ntype = "webhook"\nurl = "http://127.0.0.1:9"\non = ["failure"]\n`,
  });
  const good = await nightly.run();
  expect(good.code, good.stderr).toBe(0);
  const files = [join(nightly.root, "data", "analytics.duckdb"), join(nightly.root, "reports", "index.html")];
  const before = files.map((file) => readFileSync(file));

  const test = join(nightly.root, "sql", "tests", "never_so.sql");
  mkdirSync(join(test, ".."), { recursive: true });
  writeFileSync(
    test,
    "/*\ndescription: It never is.\nseverity: error\n*/\nselect project_id from dim_project",
  );
  const failed = await nightly.run();
  expect(failed.code).toBe(4);
  expect(failed.stdout).toBe("");
  expect(failed.stderr).toContain("never_so");
  expect(failed.stderr).toMatch(
    /the tables and reports of the last good run stay: they are of \S+, \d+ minutes? old/,
  );
  expect(files.map((file) => readFileSync(file).equals(before[files.indexOf(file)] ?? Buffer.of()))).toEqual([
    true,
    true,
  ]);

  expect(hook.received).toHaveLength(1);
  expect(hook.received[0]?.body).toMatchObject({ event: "failure", items: [{ exit_code: 4 }] });
  expect(failed.stderr).toContain("warning: nobody could not be told of failure");

  const runs = nightly.log().filter(({ step }) => step === "run");
  expect(runs).toMatchObject([
    { status: "done", exit_code: 0, failing_tests: [], is_published: true },
    {
      status: "failed",
      exit_code: 4,
      failing_tests: [{ name: "never_so", severity: "error", failing_rows: 2 }],
      is_published: false,
      steps: [
        { step: "ingest", status: "done" },
        { step: "build", status: "done" },
        { step: "test", status: "failed" },
      ],
    },
  ]);
  const status = await tally(["status", "--workspace", nightly.root, "--json"], { TALLY_NOW: now });
  expect(status.code, status.stdout).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    is_stale: false,
    last_run: { exit_code: 4 },
    last_good_run: { run_id: runs[0]?.run_id },
    failing_tests: [{ name: "never_so" }],
  });

  rmSync(test);
  expect((await nightly.run()).code).toBe(0);
  const { stdout } = await tally(
    [
      "sql",
      "--workspace",
      nightly.root,
      "--format",
      "json",
      "select step, status from meta_run where status <> 'done' order by started_at, step",
    ],
    {},
  );
  expect(JSON.parse(stdout)).toEqual([
    { step: "run", status: "failed" },
    { step: "test", status: "failed" },
  ]);
});

it("a test of severity warn keeps nothing from being published", async () => {
  const nightly = await workspace();
  mkdirSync(join(nightly.root, "sql", "tests"), { recursive: true });
  writeFileSync(
    join(nightly.root, "sql", "tests", "often_so.sql"),
    "/*\ndescription: It often is.\nseverity: warn\n*/\nselect project_id from dim_project",
  );
  const ran = await nightly.run();
  expect(ran.code, ran.stderr).toBe(0);
  expect(nightly.log().at(-1)).toMatchObject({
    exit_code: 0,
    failing_tests: [{ name: "often_so", severity: "warn" }],
  });
});

it("a second run is told who holds the workspace, and a signal lets the first end in order", async () => {
  const nightly = await workspace({
    faults: [{ kind: "endless", form: "silence", times: 1 }],
    toml: "[api]\ntimeout_seconds = 20\n",
  });
  const lock = join(nightly.root, "data", "lock.json");
  const { child, said } = begin(["run", "--workspace", nightly.root], nightly.env);
  await until(() => existsSync(lock), "the run holds the lock");
  const second = await nightly.run();
  expect(second.code).toBe(75);
  const { started_at: since } = JSON.parse(readFileSync(lock, "utf8")) as { started_at: string };
  expect(second.stderr).toContain(`pid ${child.pid}, since ${since}`);
  const during = await tally(["status", "--workspace", nightly.root, "--json"], nightly.env);
  expect(during.code).toBe(1);
  expect(JSON.parse(during.stdout)).toMatchObject({
    staleness: ["Nothing is published yet."],
    writer: { pid: child.pid, command: "run", is_left_behind: false },
  });

  const at = Date.now();
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code, said()).toBe(1);
  // The request that nobody answers holds nothing up.
  expect(Date.now() - at).toBeLessThan(10_000);
  expect(said()).toContain("Stopped by SIGTERM");
  expect(existsSync(lock)).toBe(false);
  expect(nightly.log()).toMatchObject([
    { step: "ingest", status: "stopped" },
    { step: "run", status: "stopped", exit_code: 1 },
  ]);
  const next = await nightly.run();
  expect(next.code, next.stderr).toBe(0);
});

it("a second signal ends a run at once, and the next one does what it had not", async () => {
  const nightly = await workspace({
    faults: [{ kind: "endless", form: "silence", times: 1 }],
    toml: "[api]\ntimeout_seconds = 20\n",
  });
  const { child, said } = begin(["run", "--workspace", nightly.root], nightly.env);
  const end = once(child, "exit");
  // Before that it could end in order, and would not have to be told twice.
  await until(() => nightly.gateway.faults.list().some(({ struck }) => struck > 0), "a request hangs");
  child.kill("SIGTERM");
  await until(() => said().includes("once more ends it at once"), "the first signal is heard");
  const at = Date.now();
  child.kill("SIGTERM");
  const [, signal] = (await end) as [number | null, string | null];
  expect(signal).toBe("SIGTERM");
  expect(Date.now() - at).toBeLessThan(5000);
  const next = await nightly.run();
  expect(next.code, next.stderr).toBe(0);
});

it("`tally schedule` catches up, tells how it stands over HTTP, and ends in order", async () => {
  const nightly = await workspace();
  const { child, said } = begin(
    ["schedule", "--workspace", nightly.root, "--listen", "127.0.0.1:0"],
    nightly.env,
  );
  await until(() => said().includes("/healthz"), "it listens");
  const url = /http:\/\/[\d.:]+/.exec(said())?.[0] ?? "";
  const answer = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, text: await response.text() };
  };
  expect(await answer("/healthz")).toEqual({ status: 200, text: "ok\n" });
  expect((await answer("/elsewhere")).status).toBe(404);
  await until(() => said().includes("the run is done"), "the run that was missed is done");
  await until(async () => (await answer("/readyz")).status === 200, "it is ready");
  const { text } = await answer("/metrics");
  expect(text).toContain('tally_runs_total{code="0"} 1\n');
  expect(text).toContain("tally_stale 0\n");
  expect(text).toContain("tally_last_run_exit_code 0\n");
  expect(text).toMatch(/^tally_step_rows\{step="ingest"\} [1-9]\d*$/m);
  expect(text).toMatch(/^tally_table_rows\{table="fct_usage_daily"\} [1-9]\d*$/m);
  expect(text).toMatch(/^tally_open_findings\{severity="high"\} \d+$/m);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(
      /^(# (HELP|TYPE) tally_\w+ .+|tally_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+)$/,
    );
  }
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code, said()).toBe(0);

  const again = begin(["schedule", "--workspace", nightly.root], nightly.env);
  await until(() => again.said().includes("the next run is due"), "it is up again");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(again.said()).not.toContain("begins");
  again.child.kill("SIGINT");
  await once(again.child, "exit");
  expect(nightly.log().filter(({ step }) => step === "run")).toHaveLength(1);
});

it("`tally schedule` lets a run under way come to the end of its step, and ends both at once when it is told twice", async () => {
  const nightly = await workspace({
    faults: [{ kind: "endless", form: "silence", times: 2 }],
    toml: "[api]\ntimeout_seconds = 20\n",
  });
  const lock = join(nightly.root, "data", "lock.json");
  const first = begin(["schedule", "--workspace", nightly.root], nightly.env);
  await until(() => existsSync(lock), "its run holds the lock");
  const end = once(first.child, "exit");
  first.child.kill("SIGTERM");
  const [code] = (await end) as [number | null];
  expect(code, first.said()).toBe(0);
  expect(existsSync(lock)).toBe(false);
  expect(nightly.log().at(-1)).toMatchObject({ step: "run", status: "stopped" });

  // The night that was stopped is still to be done.
  const second = begin(["schedule", "--workspace", nightly.root], nightly.env);
  await until(() => existsSync(lock), "its run holds the lock");
  const { pid } = JSON.parse(readFileSync(lock, "utf8")) as { pid: number };
  // A run that does not come to the end of its step, whatever it is told.
  process.kill(pid, "SIGSTOP");
  const endAtOnce = once(second.child, "exit");
  second.child.kill("SIGTERM");
  await until(() => second.said().includes("once more ends it at once"), "the first signal is heard");
  second.child.kill("SIGTERM");
  const [, signal] = (await endAtOnce) as [number | null, string | null];
  expect(signal).toBe("SIGTERM");
  if (isUp(pid)) process.kill(pid, "SIGCONT");
  await until(() => !isUp(pid), "its run is gone, too");
});

function isUp(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
