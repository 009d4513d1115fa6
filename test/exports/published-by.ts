import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { ExportContext } from "../../src/exports/published.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { testConfig } from "../ingest/ingest-setup.ts";
import { testExtensions } from "../services/extensions.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** A published file of a few tables, written by a test: what it holds can be counted by hand. */
export async function publishedBy(
  sql: string,
  more: { env?: Record<string, string> } = {},
): Promise<ExportContext> {
  const workspace = workspaceAt(temporaryFolder());
  mkdirSync(dirname(workspace.analytics));
  const context = {
    effects: testEffects(more),
    workspace,
    config: {
      ...testConfig("http://127.0.0.1:1"),
      warehouse: { memoryLimit: "256MB", threads: 1, extensionDirectory: testExtensions },
    },
  };
  await changePublished(
    context,
    `create table meta_build as select timestamp '2026-11-03 06:00:00' as built_at, null::timestamp as as_of, '0.1.0' as tally_version;
     ${sql}`,
  );
  return context;
}

/** Writes the next published file, of the last one. */
export async function changePublished({ workspace, config }: ExportContext, sql: string): Promise<void> {
  const file = await openWarehouse(workspace.analytics, config.warehouse);
  await file.run(sql);
  file.close();
}
