import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { gunzipSync } from "node:zlib";
import { type Account as ReadAccount, soleAccount } from "../../src/accounts.ts";
import type { Config } from "../../src/config.ts";
import type { Effects } from "../../src/effects.ts";
import { type IngestOptions, ingest, replayLanded } from "../../src/ingest/ingest.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { type Workspace, workspaceAt } from "../../src/workspace.ts";
import { type Account, accessKeyId, secretKey } from "./contract-server.ts";

export interface Setup {
  workspace: Workspace;
  warehouse: Warehouse;
  config: Config;
  effects: Effects;
  /** Every line that was logged. */
  log: string[];
  /** How long each wait between attempts would have been. */
  waits: number[];
  credentials: { accessKeyId: string; secretKey: string };
  at(instant: string): void;
  /** Reads with the one account of the settings, or with others that differ from it. */
  run(options?: IngestOptions, ...others: Partial<ReadAccount>[]): ReturnType<typeof ingest>;
  replay(): ReturnType<typeof replayLanded>;
  all<T extends object = Record<string, unknown>>(sql: string): Promise<T[]>;
  close(): Promise<void>;
}

export interface SetupOptions {
  endpoint: string;
  now?: string;
  api?: Partial<Config["api"]>;
  lookbackDays?: number;
  env?: Record<string, string>;
}

/** The settings of a workspace that a test has not changed. */
export function testConfig(
  endpoint: string,
  { lookbackDays = 7, api = {} }: { lookbackDays?: number; api?: Partial<Config["api"]> | undefined } = {},
): Config {
  return {
    api: { endpoint, organization: undefined, timeoutMs: 5_000, maxInFlight: 8, maxAttempts: 6, ...api },
    organizations: [],
    ingest: { lookbackDays },
    raw: { keepDays: 400, keepBytes: 10 * 2 ** 30 },
    warehouse: { memoryLimit: "384MB", threads: 1 },
    target: undefined,
    prices: { label: "prices.csv", currency: "USD", billing: "compare", billingCurrency: "USD" },
    sharedCosts: [],
    reports: { formats: ["html", "csv"], hasCsvBom: false, paper: "A4", locale: "en-US" },
    reportSelections: [],
    publish: { parquet: undefined, postgres: undefined, objectStore: undefined },
    schedule: { cron: "30 2 * * *", timeZone: "UTC", jitterMs: 0, listen: undefined },
    status: { staleAfterMs: 36 * 3_600_000 },
    notify: [],
    idle: [],
  };
}

/** A workspace of its own with an open warehouse, and an ingest that waits for nothing. */
export async function setUp({
  endpoint,
  now = "2026-11-10T06:00:00Z",
  api,
  lookbackDays = 7,
  env = {},
}: SetupOptions): Promise<Setup> {
  const root = await mkdtemp(join(tmpdir(), "tally-ingest-"));
  const workspace = workspaceAt(root);
  const log: string[] = [];
  const waits: number[] = [];
  let clock = new Date(now);
  const line = (message: string) => void log.push(message);
  const effects: Effects = {
    env,
    cwd: root,
    now: () => clock,
    wallClock: () => new Date(),
    fetch: globalThis.fetch,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    log: { info: line, detail: line, warn: line },
  };
  const config = testConfig(endpoint, { lookbackDays, api });
  const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
  const pace = {
    sleep: async (ms: number) => void waits.push(ms),
    random: () => 0.5,
  };
  const setup: Setup = {
    workspace,
    warehouse,
    config,
    effects,
    log,
    waits,
    credentials: { accessKeyId, secretKey },
    at: (instant) => {
      clock = new Date(instant);
    },
    run: (options, ...others) => {
      const sole = soleAccount(config, setup.credentials);
      const accounts = others.length === 0 ? [sole] : others.map((other) => ({ ...sole, ...other }));
      return ingest({ effects, config, accounts, workspace, warehouse, pace }, options);
    },
    replay: () => replayLanded({ effects, config, workspace, warehouse }),
    all: (sql) => warehouse.all(sql),
    async close() {
      warehouse.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  return setup;
}

/** Every row of every raw table, by table, as text and in order. */
export async function dumpRaw(
  all: Setup["all"],
  without: readonly string[] = [],
): Promise<Record<string, unknown[]>> {
  const columns = await all<{ table_name: string; column_name: string }>(
    `select table_name, column_name
     from duckdb_columns()
     where schema_name = 'raw' and database_name = current_database() and table_name <> 'replays'
     order by table_name, column_name`,
  );
  const dump: Record<string, unknown[]> = {};
  for (const table of new Set(columns.map((each) => each.table_name))) {
    const names = columns
      .filter((each) => each.table_name === table && !without.includes(each.column_name))
      .map((each) => `"${each.column_name}"::varchar as "${each.column_name}"`);
    dump[table] = await all(`select ${names.join(", ")} from raw."${table}" order by all`);
  }
  return dump;
}

/** The bytes of every file below a folder, unpacked where gzipped, by path. */
export async function filesBelow(root: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    files.set(path.slice(root.length + 1), path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
  }
  return files;
}

/** Two projects, three days of usage around the end of a month, and one of each kind of resource. */
export function smallAccount(): Account {
  const row = { region: "us-east1", type: "h100.8x", metric: "gpu-hours" };
  return {
    organizations: [{ id: "org-1", name: "Robinson AI" }],
    projects: [
      { id: "p-1", name: "training", organization: "org-1" },
      { id: "p-2", organization: "org-1" },
    ],
    usage: [
      { ...row, project: "p-1", date: "2026-10-30", quantity: "100.5" },
      { ...row, project: "p-1", date: "2026-10-31", quantity: "120" },
      { ...row, project: "p-1", date: "2026-11-01", quantity: "96.25" },
      { ...row, project: "p-2", date: "2026-11-01", quantity: "8", reservation: "r-1" },
    ],
    options: { start: "2026-10-15", end: "2026-11-10" },
    vmTypes: [
      {
        product_name: "h100.8x",
        gpu_type: "H100",
        num_gpu: 8,
        cpu_cores: 176,
        memory_gb: 960,
        disk_gb: 7680,
      },
    ],
    vms: {
      "p-1": [
        {
          id: "vm-1",
          name: "trainer",
          type: "h100.8x",
          state: "STATE_RUNNING",
          location: "us-east1-a",
          created_at: "2026-10-15T10:00:00Z",
          updated_at: "2026-10-15T10:00:00Z",
          disks: [{ id: "d-1", attachment_type: "os", updated_at: "2026-10-15T10:00:00Z" }],
          network_interfaces: [],
          startup_script: "export TOKEN=hunter2",
        },
      ],
    },
    disks: {
      "p-1": [
        {
          id: "d-1",
          name: "root",
          type: "persistent-ssd",
          size: "128GiB",
          block_size: 4096,
          location: "us-east1-a",
          attached_to: [{ vm_id: "vm-1", attachment_type: "os", mode: "read-write" }],
          serial_number: "S1",
          created_at: "2026-10-15T10:00:00Z",
          updated_at: "2026-10-15T10:00:00Z",
        },
      ],
    },
    snapshots: {
      "p-1": [
        {
          id: "s-1",
          name: "before",
          size: "10457 bytes",
          block_size: 4096,
          created_from: "d-1",
          created_at: "2026-10-20T10:00:00+02:00",
          updated_at: "2026-10-20T10:00:00Z",
        },
      ],
      "p-2": [],
    },
    reservations: null,
  };
}
