import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { accessKeyId, type ContractServer, secretKey, startContractServer } from "./contract-server.ts";
import { dumpRaw, type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

beforeEach(async () => {
  server = await startContractServer(smallAccount());
  setup = await setUp({ endpoint: server.endpoint });
});

afterEach(async () => {
  await setup.close();
  await server.close();
});

/** A file to which nothing can be written, as on a disk that is full. */
const fill = async (path: string) => {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink("/dev/full", path);
};

test.each(["manifest.ndjson", "loads.ndjson"])(
  "a disk that is full at %s ends the run with one clear error, and what was known stays",
  async (name) => {
    await setup.run();
    const before = await dumpRaw(setup.all);
    server.account.vms = {};
    setup.at("2026-11-11T06:00:00Z");
    const path = join(setup.workspace.raw, name);
    const kept = await readFile(path);
    await fill(path);
    await expect(setup.run()).rejects.toMatchObject({
      name: "StorageError",
      exitCode: 1,
      message: `${setup.workspace.raw} can't be written: ENOSPC.`,
      hint: expect.stringContaining("Make room on its disk"),
    });
    expect(await dumpRaw(setup.all)).toEqual(before);
    // With room again, the next run goes on.
    await rm(path);
    await writeFile(path, kept);
    expect((await setup.run()).failures).toEqual([]);
    expect(await setup.all("select * from raw.vms where _valid_to is null")).toEqual([]);
  },
);

test.each([
  ["of which nothing was known", [], 'raw."usage"'],
  ["of which something is known", ["2026-11-05T06:00:00Z"], "incoming_usage"],
])(
  "a disk that is full while usage %s is loaded is named as such, and no setting stays changed",
  async (_, nightsBefore, table) => {
    for (const night of nightsBefore) {
      setup.at(night);
      await setup.run();
    }
    setup.at("2026-11-06T06:00:00Z");
    const settings = () =>
      setup.all(`
        select
          current_setting('preserve_insertion_order') as keeps_order,
          current_setting('allocator_bulk_deallocation_flush_threshold') as flush_threshold`);
    const untouched = await settings();
    const { run } = setup.warehouse;
    // DuckDB itself fails here, as it would on the disk, and its transaction with it.
    const failing = "select error('Could not write to file: No space left on device')";
    const insert = new RegExp(`insert into ${table} [^]*`);
    setup.warehouse.run = (sql, params) => run(sql.replace(insert, failing), params);
    await expect(setup.run()).rejects.toMatchObject({
      name: "StorageError",
      message: expect.stringMatching(/^The warehouse can't be written: .*No space left on device\.$/),
    });
    expect(await settings()).toEqual(untouched);
    // With room again, the next run goes on.
    setup.warehouse.run = run;
    expect((await setup.run()).failures).toEqual([]);
  },
);

test("a disk that is full leaves the published data as it was, and exits with 1", async () => {
  const folder = temporaryFolder();
  const env = {
    CRUSOE_API_ENDPOINT: server.endpoint,
    CRUSOE_ACCESS_KEY_ID: accessKeyId,
    CRUSOE_SECRET_KEY: secretKey,
    TALLY_NOW: "2026-11-10T06:00:00Z",
  };
  const root = join(folder, "costs");
  expect(await tally(["init", root], env)).toMatchObject({ code: 0 });
  expect(await tally(["run", "--workspace", root], env)).toMatchObject({ code: 0 });
  const published = await readFile(join(root, "data", "analytics.duckdb"));
  const page = await readFile(join(root, "reports", "2026-10", "index.html"));
  await fill(join(root, "data", "raw", "loads.ndjson"));
  const run = await tally(["run", "--workspace", root], { ...env, TALLY_NOW: "2026-11-11T06:00:00Z" });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("data/raw can't be written: ENOSPC.");
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect((await readFile(join(root, "data", "analytics.duckdb"))).equals(published)).toBe(true);
  expect((await readFile(join(root, "reports", "2026-10", "index.html"))).equals(page)).toBe(true);
}, 60_000);
