import { join } from "node:path";
import { defineMacros } from "../src/ingest/column-sql.ts";
import { openJournal } from "../src/ingest/journal.ts";
import { type LandedFile, openLanding } from "../src/ingest/land.ts";
import { createLoader } from "../src/ingest/loader.ts";
import { createRawTables } from "../src/ingest/raw-tables.ts";
import { streamNamed, streamRequest } from "../src/ingest/streams.ts";
import type { Unit } from "../src/ingest/units.ts";
import type { Warehouse } from "../src/warehouse.ts";
import {
  monthsOf,
  organizationId,
  projectsOf,
  regions,
  resourceTypes,
  type UsageData,
  usageCsv,
  usageJson,
} from "./usage-data.ts";

export const usageStreams = ["usage", "resource_usage"] as const;
export type UsageStream = (typeof usageStreams)[number];

/** A window of a stream, and the landed answer to it. */
export interface LandedUnit {
  unit: Unit;
  file: LandedFile;
}

const runId = "bench";
export const benchNow = new Date("2026-11-03T06:00:00Z");

const rawFolder = (root: string): string => join(root, "raw");

/** Where a landed file lies. */
export const landedPath = (root: string, { path }: LandedFile): string => join(rawFolder(root), path);

function unitsOf(streamName: UsageStream, data: UsageData): Unit[] {
  const stream = streamNamed(streamName);
  const scope = { account: null, organizationId, projectId: null };
  const { path, query } = streamRequest(stream, scope);
  const projects = projectsOf(data);
  return monthsOf(data).map(({ from, to }) => ({
    ...scope,
    stream,
    path,
    queries: [query],
    usage: { window: { from, to }, projects, otherProjects: [], resourceTypes, regions },
    span: null,
  }));
}

/** Lands every month of a stream, newest first, as ingest does: checked, packed and hashed on its way to disk. */
export async function landUsage(
  root: string,
  streamName: UsageStream,
  data: UsageData,
): Promise<LandedFile[]> {
  const landing = await openLanding(rawFolder(root), runId);
  const files: LandedFile[] = [];
  const units = unitsOf(streamName, data);
  for (const [index, month] of monthsOf(data).entries()) {
    const unit = units[index];
    if (!unit) continue;
    const request = {
      loadId: loadIdOf(streamName, index),
      stream: unit.stream,
      label: month.from.slice(0, 7),
      part: 1,
      requestedAt: benchNow,
      method: "GET",
      path: unit.path,
      query: {},
      listForm: null,
      organizationId,
      projectId: null,
      windowFrom: month.from,
      windowTo: month.to,
    } as const;
    const body = streamName === "usage" ? usageJson(data, month) : usageCsv(data, month);
    files.push(await landing.land(request, body));
  }
  await landing.close();
  return files;
}

const loadIdOf = (streamName: string, index: number): string =>
  `${runId}/${streamName}-${String(index).padStart(5, "0")}`;

/** Makes the warehouse ready, which is no part of a load. */
export async function prepareWarehouse(warehouse: Warehouse): Promise<void> {
  await createRawTables(warehouse);
  await defineMacros(warehouse);
}

/** Brings landed files into the warehouse by the loader that ingest uses, with its journal and transactions. */
export async function loadLanded(
  warehouse: Warehouse,
  root: string,
  streamName: UsageStream,
  data: UsageData,
  files: readonly LandedFile[],
  pass: string,
): Promise<{ rows: number; new: number; unchanged: number }> {
  const landing = await openLanding(rawFolder(root), runId);
  const journal = await openJournal(rawFolder(root));
  const loader = createLoader({ warehouse, landing, journal, runId, now: benchNow, accounts: [] });
  const outcomes = await Promise.all(
    unitsOf(streamName, data).map((unit, index) =>
      loader.load({
        unit,
        loadId: `${pass}-${loadIdOf(streamName, index)}`,
        files: files.slice(index, index + 1),
        settles: { rows: true, values: true, pages: true },
        isWhole: true,
        hasPages: false,
        failure: null,
      }),
    ),
  );
  await journal.close();
  await landing.close();
  const sum = { rows: 0, new: 0, unchanged: 0 };
  for (const { loaded, error } of outcomes) {
    if (!loaded) throw error;
    sum.rows += loaded.counts.rows;
    sum.new += loaded.counts.new;
    sum.unchanged += loaded.counts.unchanged;
  }
  return sum;
}
