import { existsSync } from "node:fs";
import type { DuckDBResult } from "@duckdb/node-api";
import type { Config } from "../config.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { openReadOnly } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";

// What a query from anywhere must not do: reach a file or the network, load code, or undo these lines.
const lockDown = `
  set enable_external_access = false;
  set allow_community_extensions = false;
  set lock_configuration = true;
`;

/**
 * Runs one query of a user's on the published tables, and hands its result to `read` while the file is open.
 * The file is read-only, and the query can reach no other file, no network and no setting.
 *
 * @throws ConfigError where nothing is published yet
 * @throws UsageError that points at the place in the query, where it can't be run
 */
export async function runQuery<T>(
  { workspace, config }: { workspace: Workspace; config: Config },
  query: string,
  read: (result: DuckDBResult) => Promise<T>,
): Promise<T> {
  if (!existsSync(workspace.analytics)) {
    throw new ConfigError(`Nothing is published yet: there is no ${workspace.analytics}.`, {
      hint: `Make it with \`tally run --workspace ${workspace.root}\`.`,
    });
  }
  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  try {
    await analytics.run(lockDown);
    return await read(await analytics.stream(query));
  } catch (error) {
    throw error instanceof TallyError ? error : queryError(error);
  } finally {
    analytics.close();
  }
}

function queryError(error: unknown): unknown {
  const message = error instanceof Error ? error.message.replace(/^Failed to extract statements: /, "") : "";
  if (!/^[A-Z][A-Za-z ]* Error: /.test(message)) return error;
  return new UsageError(message.trimEnd(), {
    hint: "`tally sql 'show tables'` lists what can be queried.",
    cause: error,
  });
}
