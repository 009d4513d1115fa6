import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openWarehouse } from "../../src/warehouse.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { accessKeyId, type ContractServer, secretKey, startContractServer } from "./contract-server.ts";
import { dumpRaw, type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

/** Three nights in which things change, vanish, come back, fail and can't be read. */
async function threeNights(): Promise<void> {
  server = await startContractServer(smallAccount());
  setup = await setUp({ endpoint: server.endpoint });
  const { account } = server;
  account.projects.push({ id: "p-new", name: "no usage yet", organization: "org-1" });
  server.fault = ({ path }) => (path.endsWith("/disks") ? { status: 500 } : undefined);
  await setup.run();
  setup.at("2026-11-11T06:00:00Z");
  server.fault = ({ path }) =>
    path.endsWith("/snapshots")
      ? { status: 200, body: '{"items":[{"id":"s-1","size":"1 bytes"},{"size":"2 bytes"},null]}' }
      : undefined;
  const [vm] = account.vms["p-1"] ?? [];
  account.vms["p-1"] = [{ ...vm, state: "STATE_SHUTOFF" }];
  const [row] = account.usage;
  if (row)
    account.usage.push(
      { ...row, date: "2026-11-10", quantity: "7" },
      { ...row, date: "2026-11-09", quantity: '"many"' },
    );
  await setup.run();
  setup.at("2026-11-12T06:00:00Z");
  server.fault = () => undefined;
  account.vms = {};
  account.usage = account.usage.filter(({ quantity }) => quantity !== '"many"');
  for (const each of account.usage.filter(({ date }) => date === "2026-11-10")) each.quantity = "8";
  account.projects = account.projects.filter(({ id }) => id !== "p-2");
  await setup.run();
}

afterEach(async () => {
  await setup.close();
  await server.close();
});

const emptied = async () => {
  const tables = await setup.all<{ name: string }>(
    "select table_name as name from duckdb_tables() where schema_name = 'raw'",
  );
  for (const { name } of tables) await setup.warehouse.run(`delete from raw."${name}"`);
};

const landed = async (stream: string): Promise<string[]> => {
  const folder = join(setup.workspace.raw, stream);
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => file.endsWith(".gz"))
    .map((file) => join(folder, file))
    .sort();
};

describe("a replay", () => {
  test("rebuilds every raw table from the landed files, to the last row, without a request", async () => {
    await threeNights();
    const expected = await dumpRaw(setup.all);
    expect(expected.quarantine?.length).toBeGreaterThan(3);
    expect(expected.usage?.length).toBeGreaterThan(5);
    const asked = server.seen.length;
    await setup.replay();
    expect(await dumpRaw(setup.all)).toEqual(expected);
    // And where the warehouse was lost.
    await emptied();
    const summary = await setup.replay();
    expect(summary.failures).toEqual([]);
    expect(await dumpRaw(setup.all)).toEqual(expected);
    expect(server.seen).toHaveLength(asked);
  });

  test("names a damaged and a missing file, marks what they held, and the next run reads that again", async () => {
    await threeNights();
    const expected = await dumpRaw(setup.all, ["_load_id", "load_id", "_known_from", "_valid_from"]);
    const october = (await landed("usage")).find((file) => file.includes("2026-10")) ?? "";
    await writeFile(october, (await readFile(october)).subarray(0, 30));
    const reservations = await landed("projects");
    await rm(reservations.at(-1) ?? "");
    const summary = await setup.replay();
    expect(summary.failures.map(({ stream, message }) => `${stream}: ${message}`).sort()).toEqual([
      expect.stringMatching(/^projects: The landed file projects\/.*\.json\.gz is missing\.$/),
      expect.stringMatching(/^usage: The landed file usage\/.*2026-10.*\.gz is damaged: its sha256 is not/),
    ]);
    expect(await setup.all("select * from raw.usage where usage_date < '2026-11-01'")).toEqual([]);
    expect(
      await setup.all("select quantity::int as q from raw.usage where _known_to is null order by all"),
    ).toEqual([{ q: 8 }, { q: 8 }, { q: 96 }]);
    setup.at("2026-11-13T06:00:00Z");
    expect((await setup.run()).failures).toEqual([]);
    const healed = await dumpRaw(setup.all, ["_load_id", "load_id", "_known_from", "_valid_from"]);
    expect(healed.usage).toEqual(expected.usage);
    // What was read again since is no failure any more.
    expect((await setup.replay()).failures).toEqual([]);
  });

  test("goes on past lines that a kill or a disk tore, and where there is nothing says so", async () => {
    await threeNights();
    const expected = await dumpRaw(setup.all);
    for (const name of ["manifest.ndjson", "loads.ndjson"]) {
      await appendFile(join(setup.workspace.raw, name), '{"kind":"loads","run_id":"torn');
    }
    await setup.replay();
    expect(await dumpRaw(setup.all)).toEqual(expected);
    await rm(setup.workspace.raw, { recursive: true });
    await expect(setup.replay()).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("nothing to replay"),
    });
    expect(await dumpRaw(setup.all)).toEqual(expected);
  });

  test("needs neither credential nor network from the command line, says what is damaged, and exits with 3", async () => {
    await threeNights();
    const root = join(temporaryFolder(), "costs");
    const env = { TALLY_NOW: "2026-11-12T06:00:00Z" };
    const account = {
      CRUSOE_API_ENDPOINT: server.endpoint,
      CRUSOE_ACCESS_KEY_ID: accessKeyId,
      CRUSOE_SECRET_KEY: secretKey,
    };
    expect(await tally(["init", root], env)).toMatchObject({ code: 0 });
    const named = ["--workspace", root];
    expect(await tally(["ingest", ...named], { ...env, ...account })).toMatchObject({ code: 0 });
    expect(await tally(["ingest", "--replay", ...named], env)).toMatchObject({ code: 0 });
    expect(await tally(["ingest", "--replay", "--full", ...named], env)).toMatchObject({ code: 2 });
    const [run = ""] = await readdir(join(root, "data", "raw", "disks"));
    const folder = join(root, "data", "raw", "disks", run);
    const [first = ""] = await readdir(folder);
    await rm(join(folder, first));
    const damaged = await tally(["ingest", "--replay", ...named], env);
    expect(damaged.code).toBe(3);
    expect(damaged.stderr).toContain(`The landed file disks/${run}/${first} is missing.`);
    const warehouse = await openWarehouse(join(root, "data", "warehouse.duckdb"), {
      memoryLimit: "256MB",
      threads: 1,
    });
    try {
      expect(
        await warehouse.all(
          "select status from raw.read_windows where stream = 'disks' and status = 'failed'",
        ),
      ).toHaveLength(1);
    } finally {
      warehouse.close();
    }
  }, 60_000);
});
