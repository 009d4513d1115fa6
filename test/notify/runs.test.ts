import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { soleAccount } from "../../src/accounts.ts";
import { loadConfig } from "../../src/config.ts";
import { IncompleteError } from "../../src/errors/incomplete-error.ts";
import { LockError } from "../../src/errors/lock-error.ts";
import { afterRun } from "../../src/notify/happened.ts";
import { type NotifyContext, notify } from "../../src/notify/notify.ts";
import { run } from "../../src/run.ts";
import type { RunLine } from "../../src/run-log.ts";
import { withLock, workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { start } from "../gateway/acme.ts";
import { key } from "../gateway/signed-client.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Received, webhookServer } from "./receivers.ts";

type Context = NotifyContext & { effects: ReturnType<typeof testEffects> };

/** A workspace of which every event is posted to `received`. */
async function toldOf(
  toml = "",
  env: Record<string, string> = {},
): Promise<{ context: Context; received: Received[] }> {
  const { url, received } = await webhookServer();
  const workspace = workspaceAt(temporaryFolder());
  writeFileSync(workspace.tallyToml, `${toml}\n[[notify]]\ntype = "webhook"\nurl = "${url}/hook"\n`);
  const effects = testEffects({ env, now: "2026-03-10T12:00:00Z" });
  const config = loadConfig(effects, workspace.tallyToml);
  return { context: { effects, workspace, config, retryAfterMs: 1 }, received };
}

const incompleteRun = (lacks: readonly string[], message: string): RunLine => ({
  run_id: "2026-03-10T12:00:00.000Z",
  step: "run",
  status: "incomplete",
  started_at: "2026-03-10T12:00:00.000Z",
  finished_at: "2026-03-10T12:01:00.000Z",
  duration_ms: 60_000,
  row_count: 7,
  message,
  exit_code: 3,
  lacks,
  steps: [],
  failing_tests: [],
  is_published: true,
});

it("a run that can't write to its workspace is told, though no log has it, and one that finds it locked is not", async () => {
  const unwritable = await toldOf();
  writeFileSync(join(unwritable.context.workspace.root, "data"), "");
  await expect(
    run({ ...unwritable.context, accounts: [soleAccount(unwritable.context.config, key)] }),
  ).rejects.toThrow("can't be written");
  expect(unwritable.received.map(({ body }) => body)).toMatchObject([
    { event: "failure", count: 1, items: [{ exit_code: 1, summary: expect.stringContaining("EEXIST") }] },
  ]);

  const locked = await toldOf();
  await withLock(locked.context.workspace, locked.context.effects, "ingest", async () => {
    await expect(
      run({ ...locked.context, accounts: [soleAccount(locked.context.config, key)] }),
    ).rejects.toThrow(LockError);
  });
  expect(locked.received).toEqual([]);
});

it("what a run came to is told also where what it published can't be read, and nothing is told twice for that", async () => {
  const { context, received } = await toldOf();
  const finding = { kind: "finding", key: "idle_vm:vm:a", summary: "vm a: 9.00 USD.", data: {} } as const;
  const tellFinding = () => notify(context, [{ kinds: ["finding"], eventsFor: async () => [finding] }]);
  mkdirSync(join(context.workspace.root, "data"));
  await tellFinding();
  writeFileSync(context.workspace.analytics, "no database");
  const line = incompleteRun(["vms"], "Incomplete: vms: refused");
  await notify(context, afterRun(context, line));
  await notify(context, afterRun(context, line));
  await tellFinding();
  expect(received.map(({ body }) => body.event)).toEqual(["finding", "incomplete"]);
  expect(context.effects.said()).toMatch(
    /warning: webhook-1 could not be told of finding.*analytics\.duckdb/,
  );
});

it("an outage that lasts is told once, whichever of its streams failed first and why, and once more where it grows", async () => {
  const { context, received } = await toldOf();
  mkdirSync(join(context.workspace.root, "data"));
  writeFileSync(context.workspace.analytics, "no database");
  const lines = [
    incompleteRun(["disks", "vms"], "Incomplete: disks: answered 503. 1 more failed as well."),
    incompleteRun(["disks", "vms"], "Incomplete: vms: gave no answer. 1 more failed as well."),
    incompleteRun(["disks", "images", "vms"], "Incomplete: disks: answered 503. 2 more failed as well."),
  ];
  for (const line of lines) await notify(context, afterRun(context, line));
  expect(received.map(({ body }) => (body.items as { key: string }[])[0]?.key)).toEqual([
    "disks,vms",
    "disks,images,vms",
  ]);
});

it("a run that is incomplete stays so where the copy of its tables fails, and both are told", async () => {
  const gateway = await start({ faults: [{ kind: "unauthorized", times: 1, path: "**/storage/disks" }] });
  try {
    const { context, received } = await toldOf(
      '[reports]\nformats = ["csv"]\n[publish]\nparquet = "lake/tables"\n',
      { CRUSOE_API_ENDPOINT: gateway.endpoint },
    );
    const { root, runLog } = context.workspace;
    writeFileSync(join(root, "lake"), "a file, and no folder");
    const error = await run({ ...context, accounts: [soleAccount(context.config, key)] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(IncompleteError);
    expect(error).toMatchObject({ exitCode: 3, lacks: ["copy_parquet", "disks"] });
    const outcome = received.filter(({ body }) => body.event === "incomplete" || body.event === "failure");
    expect(outcome.map(({ body }) => body)).toMatchObject([
      {
        event: "incomplete",
        items: [{ summary: expect.stringMatching(/disks: .+lake.* can't be written/), exit_code: 3 }],
      },
    ]);
    const log = readFileSync(runLog, "utf8").trimEnd().split("\n");
    expect(log.slice(-2).map((line) => JSON.parse(line) as RunLine)).toMatchObject([
      { step: "copy_parquet", status: "failed" },
      {
        step: "run",
        status: "incomplete",
        exit_code: 3,
        lacks: ["copy_parquet", "disks"],
        is_published: true,
      },
    ]);
  } finally {
    await gateway.close();
  }
});
