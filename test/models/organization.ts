import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type BuildOptions, type BuildSummary, build } from "../../src/models/build.ts";
import type { ModelContext } from "../../src/models/context.ts";
import { type PublishSummary, publish } from "../../src/models/publish.ts";
import { openReadOnly, openWarehouse, type Row } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { createRawTables, insertRaw, type RawRow } from "./raw-tables.ts";

/** What a test says of an organisation: rows of raw tables, and files of the workspace. */
export interface TestOrganization {
  now?: string;
  rows?: Partial<Record<Parameters<typeof insertRaw>[1], readonly RawRow[]>>;
  /** By name in the workspace, such as prices.csv, tally.toml or sql/marts/mine.sql. */
  files?: Record<string, string>;
}

export interface Analytics {
  context: ModelContext & { effects: ReturnType<typeof testEffects> };
  build(options?: BuildOptions): Promise<BuildSummary>;
  publish(): Promise<PublishSummary>;
  /** Rows of the warehouse, after build. */
  all(sql: string): Promise<Row[]>;
  /** Rows of analytics.duckdb, after publish. */
  published(sql: string): Promise<Row[]>;
  insert: (table: Parameters<typeof insertRaw>[1], rows: readonly RawRow[]) => Promise<void>;
}

/** A workspace with a real warehouse that holds these rows; nothing is built yet. */
export const openOrganization = (organization: TestOrganization): Promise<Analytics> => open(organization);

/** The same, of a warehouse file that holds what others do already, where one is given. */
async function open({ now, rows = {}, files = {} }: TestOrganization, from?: string): Promise<Analytics> {
  const root = temporaryFolder();
  const workspace = workspaceAt(root);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, ".."), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const effects = testEffects({ cwd: root, ...(now === undefined ? {} : { now }) });
  const { warehouse: settings, ...others } = loadConfig(effects, workspace.tallyToml);
  // Several threads gain nothing on a few rows; a test of what they may change asks for them.
  const config = { ...others, warehouse: { ...settings, threads: settings.threads ?? 1 } };
  if (from !== undefined) {
    await mkdir(dirname(workspace.warehouse));
    await copyFile(from, workspace.warehouse);
  }
  const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
  onTestFinished(() => warehouse.close());
  if (from === undefined) await createRawTables(warehouse);
  for (const [table, tableRows] of Object.entries(rows)) {
    await insertRaw(warehouse, table as Parameters<typeof insertRaw>[1], tableRows);
  }
  const context = { effects, config, workspace, warehouse };
  return {
    context,
    build: (options) => build(context, options),
    publish: () => publish(context),
    all: (sql) => warehouse.all(sql),
    async published(sql) {
      const reader = await openReadOnly(workspace.analytics, config.warehouse);
      try {
        return await reader.all(sql);
      } finally {
        reader.close();
      }
    },
    insert: (table, tableRows) => insertRaw(warehouse, table, tableRows),
  };
}

/** The same, built, as a whole or as far as the test looks. */
export async function buildOrganization(
  organization: TestOrganization,
  options?: BuildOptions,
): Promise<Analytics> {
  const analytics = await openOrganization(organization);
  await analytics.build(options);
  return analytics;
}

/**
 * The same as `buildOrganization`, from one build for all tests that say the same: each has a copy of its own, into
 * which more rows may go.
 */
export async function copyOfBuilt(
  organization: TestOrganization,
  options: BuildOptions = {},
  more: TestOrganization["rows"] = {},
): Promise<Analytics> {
  const said = createHash("sha256")
    .update(JSON.stringify([organization, options]))
    .digest("hex");
  const file = join(inject("builtFolder"), `${said}.duckdb`);
  if (!existsSync(file)) {
    const { context } = await buildOrganization(organization, options);
    // All of it is in the one file then, and nothing beside it.
    await context.warehouse.run("checkpoint");
    // The other worker finds all of it or nothing.
    await copyFile(context.workspace.warehouse, `${file}.${process.pid}`);
    await rename(`${file}.${process.pid}`, file);
  }
  const { rows, ...others } = organization;
  return open({ ...others, rows: more }, file);
}
