import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Account,
  accessKeyId,
  type ContractServer,
  type Fault,
  type Quirks,
  secretKey,
  startContractServer,
} from "./contract-server.ts";
import { filesBelow, type Setup, type SetupOptions, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

async function start(
  account: Account = smallAccount(),
  quirks: Quirks = {},
  options: Partial<SetupOptions> = {},
): Promise<void> {
  server = await startContractServer(account, quirks);
  setup = await setUp({ endpoint: server.endpoint, ...options });
}

afterEach(async () => {
  await setup.close();
  await server.close();
});

const tables = [
  "organizations",
  "projects",
  "usage_options",
  "usage",
  "resource_usage",
  "vm_types",
  "vms",
  "disks",
  "snapshots",
];

/** Everything in the raw tables but the ids of loads. */
const dump = async (from: Setup) =>
  Object.fromEntries(
    await Promise.all(
      tables.map(async (table) => [
        table,
        await from.all(`select * exclude (_load_id) from raw.${table} order by all`),
      ]),
    ),
  ) as Record<string, unknown[]>;

describe("a server that fails", () => {
  const faults: Fault[] = [
    { status: 429, headers: { "retry-after": "1" } },
    { status: 500 },
    { status: 502, body: "<html>bad gateway</html>", type: "text/html" },
    "reset",
    "truncate",
    "halfJson",
    "html200",
  ];

  test("two times of three, in every way, leaves the same tables as one that never does", async () => {
    await start();
    await setup.run();
    const expected = await dump(setup);
    const flawless = { setup, server };
    await start();
    let requests = 0;
    server.fault = (_request, attempt) => (attempt <= 2 ? faults[requests++ % faults.length] : undefined);
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await dump(setup)).toEqual(expected);
    expect(server.seen.length).toBe(flawless.server.seen.length * 3);
    await flawless.setup.close();
    await flawless.server.close();
  });

  test("for good in one window fails that window alone, says so, and reads it again the next time", async () => {
    await start();
    server.fault = ({ path, query }) =>
      path === "/organizations/org-1/usage" && query.get("start_date") === "2026-10-15"
        ? { status: 500 }
        : undefined;
    const summary = await setup.run();
    expect(summary.failures).toEqual([
      {
        stream: "usage",
        organization: null,
        organizationId: "org-1",
        projectId: null,
        window: { from: "2026-10-15", to: "2026-10-31" },
        message: "GET /v1alpha5/organizations/org-1/usage answered 500 (made_to_fail).",
        hint: undefined,
        isPartial: false,
      },
    ]);
    expect(setup.log).toContain(summary.failures[0]?.message);
    expect(await setup.all("select usage_date::varchar as day from raw.usage order by all")).toEqual([
      { day: "2026-11-01" },
      { day: "2026-11-01" },
    ]);
    expect(await setup.all("select count(*)::int as rows from raw.resource_usage")).toEqual([{ rows: 4 }]);
    expect(
      await setup.all(
        `select project_id, window_from, window_to, status, message
         from raw.read_windows
         where status = 'failed'
         order by project_id`,
      ),
    ).toEqual(
      ["p-1", "p-2"].map((project_id) => ({
        project_id,
        window_from: "2026-10-15",
        window_to: "2026-10-31",
        status: "failed",
        message: "GET /v1alpha5/organizations/org-1/usage answered 500 (made_to_fail).",
      })),
    );
    // A month later the window is far outside of the lookback.
    server.fault = () => undefined;
    setup.at("2026-12-10T06:00:00Z");
    const healed = await setup.run();
    expect(healed.failures).toEqual([]);
    expect(await setup.all("select count(*)::int as rows from raw.usage")).toEqual([{ rows: 4 }]);
  });

  test("to list VMs closes none of them", async () => {
    await start();
    await setup.run();
    server.account.vms = {};
    server.fault = ({ path }) => (path.endsWith("/instances") ? { status: 403 } : undefined);
    setup.at("2026-11-11T06:00:00Z");
    const summary = await setup.run();
    expect(summary.failures.map(({ stream, projectId }) => [stream, projectId])).toEqual([
      ["vms", "p-1"],
      ["vms", "p-2"],
    ]);
    expect(await setup.all("select id from raw.vms where _valid_to is null")).toEqual([{ id: "vm-1" }]);
  });

  test("to give its usage options tonight is read by those of last night", async () => {
    await start();
    await setup.run();
    const [row] = server.account.usage;
    if (row) server.account.usage.push({ ...row, date: "2026-11-11", quantity: "3" });
    server.fault = ({ path }) => (path.endsWith("/options") ? { status: 500 } : undefined);
    setup.at("2026-11-11T06:00:00Z");
    const summary = await setup.run();
    expect(summary.failures.map(({ stream }) => stream)).toEqual(["usage_options"]);
    expect(
      await setup.all("select quantity::int as q from raw.usage where usage_date = '2026-11-11'"),
    ).toEqual([{ q: 3 }]);
  });

  test("by a page token that goes round in a circle fails that list alone", async () => {
    await start();
    server.fault = ({ path }) =>
      path === "/projects/p-1/compute/vms/instances"
        ? { status: 200, body: '{"items":[{"id":"a"}],"next_page_token":"again"}' }
        : undefined;
    const summary = await setup.run();
    expect(summary.failures.map(({ message }) => message)).toEqual([
      "GET /projects/p-1/compute/vms/instances can't be loaded: its pages go round in a circle: a page token came twice.",
    ]);
    // Begun four times, and the page that leads back asked for twice, since it may have been a slip.
    const asked = server.seen.filter(({ path }) => path === "/projects/p-1/compute/vms/instances");
    expect(asked).toHaveLength(12);
  });

  test("by page tokens that go round in all lists of a kind costs few requests", async () => {
    await start();
    const projects = Array.from({ length: 40 }, (_, index) => `p-${index + 1}`);
    server.account.projects = projects.map((id) => ({ id, name: id, organization: "org-1" }));
    server.fault = ({ path }) =>
      path.endsWith("/compute/vms/instances")
        ? { status: 200, body: '{"items":[{"id":"a"}],"next_page_token":"again"}' }
        : undefined;
    const { failures } = await setup.run({ streams: ["vms"] });
    expect(failures.map(({ projectId }) => projectId).sort()).toEqual([...projects].sort());
    const asked = server.seen.filter(({ path }) => path.endsWith("/compute/vms/instances"));
    // A list and the page that leads back, of the first few twice; and nothing more, since all of them do.
    expect(asked.length).toBeLessThanOrEqual(80 + 5);
  });

  test("with the wrong key, or where nothing answers, throws", async () => {
    await start();
    setup.credentials = { accessKeyId: "wrong", secretKey };
    await expect(setup.run()).rejects.toMatchObject({ name: "ApiError", status: 401, exitCode: 1 });
    setup.config.api.endpoint = "http://127.0.0.1:59999/v1alpha5";
    await expect(setup.run()).rejects.toMatchObject({ name: "ApiError", failure: "unreachable" });
    // The tables are there all the same, for the models to build on.
    expect(await setup.all("select * from raw.usage")).toEqual([]);
    expect(await setup.all("select stream, status from raw.read_windows")).toEqual([
      { stream: "organizations", status: "failed" },
      { stream: "organizations", status: "failed" },
    ]);
  });

  test("with vm types in the first project is asked for them in the next", async () => {
    await start();
    server.fault = ({ path }) => (path === "/projects/p-1/compute/vms/types" ? { status: 403 } : undefined);
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await setup.all("select product_name from raw.vm_types")).toEqual([{ product_name: "h100.8x" }]);
  });
});

describe("what lands", () => {
  test("is what came, gzipped, each file with its line in the manifest", async () => {
    await start();
    await setup.run();
    const files = await filesBelow(setup.workspace.raw);
    const manifest = String(files.get("manifest.ndjson"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([...files.keys()].filter((path) => path.endsWith(".gz")).sort()).toEqual(
      manifest.map((entry) => entry.path).sort(),
    );
    const usage = manifest.find((entry) => entry.stream === "usage" && entry.window_from === "2026-11-01");
    expect(usage).toMatchObject({
      request: {
        method: "GET",
        path: "/organizations/org-1/usage",
        query: { projects: "p-1,p-2", start_date: "2026-11-01", end_date: "2026-11-11" },
      },
      requested_at: "2026-11-10T06:00:00.000Z",
      status: 200,
      rows: 2,
    });
    const body = files.get(usage.path);
    expect(JSON.parse(String(body)).items).toHaveLength(2);
    expect(usage.body_bytes).toBe(body?.byteLength);
    const onDisk = await readFile(join(setup.workspace.raw, usage.path));
    expect(usage.sha256).toBe(createHash("sha256").update(onDisk).digest("hex"));
    expect(usage.bytes).toBe(onDisk.byteLength);
    expect(
      await setup.all(
        "select path, sha256, bytes::int as bytes, row_count::int as rows from raw.landed_files order by path",
      ),
    ).toEqual(
      manifest
        .map(({ path, sha256, bytes, rows }) => ({ path, sha256, bytes, rows }))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  });

  test("holds no credential and no secret of a body, nor does anything else in the workspace", async () => {
    await start();
    server.fault = ({ path, headers }) =>
      path.endsWith("/disks")
        ? { status: 400, body: JSON.stringify({ message: headers.authorization }) }
        : undefined;
    const summary = await setup.run();
    const signatures = server.seen.map(
      ({ headers }) => String(headers.authorization).split(":").at(-1) ?? "",
    );
    const secrets = [accessKeyId, secretKey, "hunter2", "startup_script", "Bearer", ...signatures];
    await setup.warehouse.run("checkpoint");
    const files = await filesBelow(setup.workspace.root);
    const said = Buffer.from(JSON.stringify([setup.log, summary]));
    for (const [path, bytes] of [...files, ["log", said] as const]) {
      for (const secret of secrets) expect(bytes.includes(secret), `${secret} in ${path}`).toBe(false);
    }
  });

  test("has names of letters and digits only, whatever the ids are", async () => {
    const account = smallAccount();
    const hostile = "../../../etc/<b>:%2e \u202e🦜";
    account.projects.push({ id: hostile, name: hostile, organization: "org-1" });
    account.vms[hostile] = [{ id: hostile, name: hostile }];
    await start(account);
    await setup.run({ streams: ["vms"] });
    for (const path of (await filesBelow(setup.workspace.raw)).keys()) {
      expect(path).toMatch(/^((manifest|loads)\.ndjson|[a-z_]+\/[A-Za-z0-9-]+\/[a-z0-9-]+\.json\.gz)$/);
    }
  });

  test("is cleaned of what a killed run left half-written", async () => {
    await start();
    await mkdir(join(setup.workspace.raw, ".partial"), { recursive: true });
    await writeFile(join(setup.workspace.raw, ".partial", "00001.abc"), "half");
    await writeFile(join(setup.workspace.raw, "manifest.ndjson"), '{"path":"torn');
    await setup.run();
    const files = await filesBelow(setup.workspace.raw);
    expect([...files.keys()].filter((path) => path.includes(".partial"))).toEqual([]);
    const lines = String(files.get("manifest.ndjson")).trim().split("\n");
    expect(lines[0]).toBe('{"path":"torn');
    for (const line of lines.slice(1)) JSON.parse(line);
  });

  test("but was never loaded confuses nothing: the next run reads it again", async () => {
    await start();
    await setup.run();
    const expected = await dump(setup);
    await setup.close();
    // The warehouse is gone, the landed files are not.
    const { root } = setup.workspace;
    setup = await setUp({ endpoint: server.endpoint });
    await mkdir(setup.workspace.raw, { recursive: true });
    await writeFile(join(setup.workspace.raw, "orphan.json.gz"), "not loaded");
    await setup.run();
    expect(await dump(setup)).toEqual(expected);
    expect(root).not.toBe(setup.workspace.root);
  });
});

test("a folder that can't be written ends the run with one clear error", async () => {
  await start();
  await mkdir(join(setup.workspace.raw, ".."), { recursive: true });
  await writeFile(setup.workspace.raw, "a file where the folder should be");
  await expect(setup.run()).rejects.toMatchObject({
    name: "StorageError",
    exitCode: 1,
    message: expect.stringContaining(`${setup.workspace.raw} can't be written: `),
  });
});

test("an export that is empty has no rows, and is no failure", async () => {
  await start();
  server.fault = ({ path }) =>
    path.endsWith("/export") ? { status: 200, type: "text/csv", body: "" } : undefined;
  const summary = await setup.run();
  expect(summary.failures).toEqual([]);
  expect(await setup.all("select * from raw.resource_usage")).toEqual([]);
});

test("a large answer, and one of long numbers, is loaded by lines to the same rows", async () => {
  const account = smallAccount();
  account.usage = Array.from({ length: 45_000 }, (_, index) => ({
    project: "p-1",
    date: `2026-11-0${1 + (index % 9)}`,
    region: "us-east1",
    type: `type-${Math.floor(index / 9)}`,
    metric: "gpu-hours",
    quantity: `${index}.000000000001`,
  }));
  // Keys that come twice, once identical and once not.
  const [first] = account.usage;
  if (first) account.usage.push({ ...first }, { ...first, quantity: "0.5" });
  await start(account);
  account.options.types = [...new Set(account.usage.map(({ type }) => type))].slice(0, 5_000);
  const summary = await setup.run({ streams: ["usage"] });
  expect(summary.failures).toEqual([]);
  // 0 + 1 + … + 44,999, a millionth of a millionth for each, and the half.
  expect(
    await setup.all("select count(*)::int as rows, sum(quantity)::varchar as total from raw.usage"),
  ).toEqual([{ rows: 45_000, total: "1012477500.500000045000" }]);
});
