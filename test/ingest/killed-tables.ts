import { PassThrough } from "node:stream";
import { expect } from "vitest";
import type { Effects } from "../../src/effects.ts";
import { replayLanded } from "../../src/ingest/ingest.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { dumpRaw, smallAccount, testConfig } from "./ingest-setup.ts";

/** The instant of every run that is killed, and of those that end what it began. */
export const now = "2026-11-10T06:00:00Z";

/** One of each kind: lists of the account's projects, versions, events, and usage of both formats. */
export const streams = [
  "projects",
  "usage_options",
  "usage",
  "resource_usage",
  "vms",
  "disks",
  "vm_operations",
];

/** A server with a hundred days of usage of two projects, one project without any, and a few of everything else. */
export async function startServer(): Promise<ContractServer> {
  const account = smallAccount();
  account.options.start = "2026-08-01";
  account.projects.push({ id: "p-3", name: "without usage", organization: "org-1" });
  account.usage = Array.from({ length: 600 }, (_, index) => ({
    project: `p-${1 + (index % 2)}`,
    date: new Date(Date.parse("2026-08-01") + (index % 100) * 86_400_000).toISOString().slice(0, 10),
    region: "us-east1",
    type: `type-${Math.floor(index / 100)}`,
    metric: "gpu-hours",
    resource: `vm-${index}`,
    quantity: `${index}.25`,
  }));
  const server = await startContractServer(account);
  // Operations that the API tells of, so that there are events among what is killed.
  server.fault = ({ path }) =>
    path.endsWith("/instances/operations")
      ? { status: 200, body: `{"items":[{"operation_id":"op of ${path}","state":"SUCCEEDED"}]}` }
      : undefined;
  return server;
}

export const openIn = (root: string): Promise<Warehouse> =>
  openWarehouse(workspaceAt(root).warehouse, { memoryLimit: "256MB", threads: 1 });

/** What was read, without what names a run or a load, or counts in how many runs it was. */
export async function tablesOf(warehouse: Warehouse): Promise<Record<string, unknown[]>> {
  const { read_windows, landed_files, ...tables } = await dumpRaw((sql) => warehouse.all(sql), ["_load_id"]);
  const reads = await warehouse.all(
    // The days and not the windows: a run that begins where another was killed asks for fewer at once.
    `select distinct
       stream,
       project_id,
       status,
       unnest(coalesce(generate_series(window_from, window_to, interval 1 day), [null]))::date::varchar as day
     from raw.read_windows
     order by all`,
  );
  return { ...tables, reads };
}

/** What a run touches the world by, with nothing to see of it. */
export function silentEffects(root: string, fetch: Effects["fetch"]): Effects {
  const silent = () => undefined;
  return {
    env: {},
    cwd: root,
    now: () => new Date(now),
    wallClock: () => new Date(),
    fetch,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    log: { info: silent, detail: silent, warn: silent },
  };
}

/** Rebuilds the tables from what landed, which has to change nothing at all. */
export async function replaysToItself(warehouse: Warehouse, root: string): Promise<void> {
  const all = <T extends object>(sql: string) => warehouse.all<T>(sql);
  const before = await dumpRaw(all);
  await replayLanded({
    effects: silentEffects(root, () => Promise.reject(new Error("A replay makes no request."))),
    config: testConfig(""),
    workspace: workspaceAt(root),
    warehouse,
  });
  expect(await dumpRaw(all)).toEqual(before);
}
