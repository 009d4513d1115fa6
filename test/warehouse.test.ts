import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openWarehouse } from "../src/warehouse.ts";
import { bundled } from "./bundled.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const program = JSON.stringify(await bundled("src/warehouse.ts"));
const settings = { memoryLimit: "128MB", threads: 1 };

/** Makes one warehouse after the other, each in a folder of its own, until it is killed. */
const makeMany = (root: string) => `
  import { openWarehouse } from ${program};
  for (let i = 0; ; i++) {
    const warehouse = await openWarehouse(${JSON.stringify(root)} + "/" + i + "/warehouse.duckdb", ${JSON.stringify(settings)});
    warehouse.close();
    if (i === 3) console.log("up");
  }
`;

it("a warehouse whose making was killed is made again, and is never left as a file that is none", async () => {
  for (let kill = 0; kill < 6; kill++) {
    const root = temporaryFolder();
    const child = spawn(process.execPath, ["--input-type=module", "--eval", makeMany(root)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 3 * kill));
    child.kill("SIGKILL");
    await once(child, "exit");
    const last = String(Math.max(...readdirSync(root).map(Number)));
    const path = join(root, last, "warehouse.duckdb");
    const warehouse = await openWarehouse(path, settings);
    expect(await warehouse.first("select 1 as one")).toEqual({ one: 1 });
    warehouse.close();
    expect(readdirSync(join(root, last))).toEqual(["warehouse.duckdb"]);
  }
});

it("what a killed process left of a new warehouse is no hindrance", async () => {
  const path = join(temporaryFolder(), "warehouse.duckdb");
  writeFileSync(`${path}.new`, "half of a header");
  const warehouse = await openWarehouse(path, settings);
  await warehouse.run("create table kept as select 1 as one");
  warehouse.close();
  const again = await openWarehouse(path, settings);
  expect(await again.all("select one from kept")).toEqual([{ one: 1 }]);
  again.close();
});

it("what was written ahead into a warehouse that somebody removed is not read into the next", async () => {
  const path = join(temporaryFolder(), "warehouse.duckdb");
  const script = `
    import { openWarehouse } from ${program};
    const warehouse = await openWarehouse(${JSON.stringify(path)}, ${JSON.stringify(settings)});
    await warehouse.run("create table old as select 1");
    process.kill(process.pid, "SIGKILL");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  await once(child, "exit");
  expect(readdirSync(join(path, "..")).sort()).toEqual(["warehouse.duckdb", "warehouse.duckdb.wal"]);
  rmSync(path);
  const warehouse = await openWarehouse(path, settings);
  expect(await warehouse.all("select table_name from duckdb_tables()")).toEqual([]);
  warehouse.close();
});
