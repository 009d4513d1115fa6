/** One task of a bench, in a process of its own: `node task.js '{"kind": …}'`; prints what it came to as JSON. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LandedFile } from "../src/ingest/land.ts";
import { openWarehouse, type Warehouse, type WarehouseSettings } from "../src/warehouse.ts";
import { loadLanded, prepareWarehouse, type UsageStream } from "./landed-usage.ts";
import { type Measured, measured } from "./measured.ts";
import type { UsageData } from "./usage-data.ts";

export interface LandedStream {
  name: UsageStream;
  files: readonly LandedFile[];
}

export type Task = { settings: WarehouseSettings; root: string; data: UsageData } & (
  | { kind: "tally"; streams: readonly LandedStream[]; isAgain: boolean }
  | { kind: "bare"; stream: UsageStream; sql: string }
);

async function run(task: Task): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "tally-bench-"));
  const open = () => openWarehouse(join(folder, "warehouse.duckdb"), task.settings);
  try {
    const warehouse = await open();
    await prepareWarehouse(warehouse);
    if (task.kind === "bare") {
      await warehouse.run(`create table bare_usage as from raw.${task.stream} limit 0;
        alter table bare_usage alter usage_date set not null;
        alter table bare_usage alter quantity set not null`);
      const result = await measured(async () => {
        await warehouse.run(task.sql);
        warehouse.close();
        return { rows: 0, quantity: "" };
      });
      return { ...result, ...(await totals(open, ["bare_usage"])) };
    }
    const load = async (pass: string) => {
      for (const { name, files } of task.streams) {
        await loadLanded(warehouse, task.root, name, task.data, files, pass);
      }
    };
    if (task.isAgain) await load("first");
    const result = await measured(async () => {
      await load(task.isAgain ? "again" : "first");
      warehouse.close();
      return { rows: 0, quantity: "" };
    });
    const tables = task.streams.map(({ name }) => `raw.${name}`);
    return { ...result, ...(await totals(open, tables)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function totals(open: () => Promise<Warehouse>, tables: readonly string[]) {
  const warehouse = await open();
  const union = tables.map((table) => `select quantity from ${table}`).join(" union all ");
  const found = await warehouse.first<{ rows: string; quantity: string }>(
    `select count(*) as rows, sum(quantity)::decimal(38,6)::varchar as quantity from (${union})`,
  );
  warehouse.close();
  return { rows: Number(found?.rows), quantity: found?.quantity ?? "" };
}

const task = JSON.parse(process.argv[2] ?? "{}") as Task;
for (const stream of task.kind === "tally" ? task.streams : []) {
  // A time does not outlast being sent as JSON.
  for (const file of stream.files) file.requestedAt = new Date(file.requestedAt);
}
process.stdout.write(JSON.stringify(await run(task)));
