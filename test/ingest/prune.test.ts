import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { dumpRaw, filesBelow, type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

/** A run each on three days, each with another state of the VM. */
async function threeRuns(): Promise<void> {
  server = await startContractServer(smallAccount());
  setup = await setUp({ endpoint: server.endpoint });
  for (const [day, state] of [
    ["2026-11-10", "STATE_RUNNING"],
    ["2026-11-11", "STATE_SHUTOFF"],
    ["2026-11-12", "STATE_RUNNING"],
  ] as const) {
    const [vm] = server.account.vms["p-1"] ?? [];
    server.account.vms["p-1"] = [{ ...vm, state }];
    setup.at(`${day}T06:00:00Z`);
    await setup.run();
  }
}

afterEach(async () => {
  await setup.close();
  await server.close();
});

const runsOnDisk = async (): Promise<string[]> =>
  [...new Set(await readdir(join(setup.workspace.raw, "vms")))].sort();

const runsKnown = () =>
  setup.all<{ run: string }>(
    "select distinct split_part(load_id, '/', 1) as run from raw.landed_files order by all",
  );

describe("landed files", () => {
  test("older than is kept are pruned with all that tells of them; the rest and the tables stay", async () => {
    await threeRuns();
    const before = await runsOnDisk();
    expect(before).toHaveLength(3);
    setup.config.raw.keepDays = 2;
    setup.at("2026-11-13T05:00:00Z");
    await setup.run();
    // The 10th is more than two days before the 13th, the 11th is not.
    const after = await runsOnDisk();
    expect(after.slice(0, 2)).toEqual(before.slice(1));
    expect(after).toHaveLength(3);
    expect((await runsKnown()).map(({ run }) => run)).toEqual(after);
    for (const name of ["manifest.ndjson", "loads.ndjson"]) {
      const text = String((await filesBelow(setup.workspace.raw)).get(name));
      expect(text.match(new RegExp(`"run_id":"${before[0]}`))).toBeNull();
      expect(text).toContain(`"run_id":"${before[1]}"`);
    }
    expect(setup.log.filter((line) => line.startsWith("data/raw:"))).toEqual([
      expect.stringMatching(
        /^data\/raw: \d+ files of 1 run pruned .* a replay has those since 2026-11-11 06:00:00 UTC/,
      ),
    ]);
  });

  test("that are pruned cost a replay nothing that the warehouse knows", async () => {
    await threeRuns();
    setup.config.raw.keepDays = 2;
    setup.at("2026-11-13T07:00:00Z");
    await setup.run();
    expect(await runsOnDisk()).toHaveLength(2);
    const expected = await dumpRaw(setup.all);
    expect(expected.vms).toHaveLength(3);
    expect((await setup.replay()).failures).toEqual([]);
    expect(await dumpRaw(setup.all)).toEqual(expected);
  });

  test("are pruned to a size, oldest first, but never the last run", async () => {
    await threeRuns();
    const before = await runsOnDisk();
    const [last] = await setup.all<{ bytes: number }>(
      `select sum(bytes)::int as bytes
       from raw.landed_files
       where split_part(load_id, '/', 1) = '${before[2]}'`,
    );
    setup.config.raw.keepBytes = Math.floor((last?.bytes ?? 0) * 2.5);
    setup.at("2026-11-13T06:00:00Z");
    await setup.run();
    expect((await runsOnDisk()).slice(0, -1)).toEqual(before.slice(2));
    setup.config.raw.keepBytes = 1;
    await setup.run();
    // The two runs of that instant go or stay together.
    expect(await runsOnDisk()).toHaveLength(2);
  });

  test("that never were loaded stay until they are too old", async () => {
    await threeRuns();
    const put = async (run: string) => {
      const folder = join(setup.workspace.raw, "vms", run);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "00001-p-1-p1.json.gz"), "landed and not loaded");
    };
    await put("2026-11-05T060000000Z-aaaaaa");
    await put("2026-11-12T060000000Z-bbbbbb");
    setup.config.raw.keepDays = 5;
    await setup.run();
    const left = await runsOnDisk();
    expect(left).toContain("2026-11-12T060000000Z-bbbbbb");
    expect(left).not.toContain("2026-11-05T060000000Z-aaaaaa");
  });
});
