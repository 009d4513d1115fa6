import { resolve } from "node:path";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { copyToSharedWarehouse } from "../shared-warehouse/commit.ts";
import { copyToObjectStore } from "./object-store.ts";
import { exportParquet } from "./parquet.ts";
import { copyToPostgres } from "./postgres.ts";
import type { ExportContext } from "./published.ts";

/** What was written, and where to. */
export interface CopySummary {
  place: string;
  rows: number;
  /** How many tables something was written of. */
  tables: number;
}

/** A place beside analytics.duckdb where the published tables are to be, too. */
export interface Copy {
  /** The setting that names it: under `[publish]`, or target under `[warehouse]`. */
  setting: "parquet" | "postgres" | "object_store" | "target";
  write(): Promise<CopySummary>;
}

/** Every place that tally.toml names. */
export function copiesOf(context: ExportContext): Copy[] {
  const { config, workspace } = context;
  const { parquet, postgres, objectStore } = config.publish;
  const copies: Copy[] = [];
  if (parquet !== undefined) {
    const place = resolve(workspace.root, parquet);
    copies.push({
      setting: "parquet",
      write: async () => {
        const { tables } = await exportParquet(context, { folder: place });
        return { place, rows: tables.reduce((sum, { rows }) => sum + rows, 0), tables: tables.length };
      },
    });
  }
  if (postgres !== undefined) {
    copies.push({
      setting: "postgres",
      write: async () => {
        const { place, rows, changed } = await copyToPostgres(context, postgres);
        return { place, rows, tables: changed.length };
      },
    });
  }
  if (objectStore !== undefined) {
    copies.push({
      setting: "object_store",
      write: async () => {
        const { rows, changed } = await copyToObjectStore(context, objectStore);
        return { place: objectStore, rows, tables: changed.length };
      },
    });
  }
  const { target } = config;
  if (target !== undefined) {
    copies.push({
      setting: "target",
      write: async () => {
        const { place, rows, changed } = await copyToSharedWarehouse(context, target);
        return { place, rows, tables: changed.length };
      },
    });
  }
  return copies;
}

/**
 * One error of several; a single one is told as it is, save that nothing of it means that nothing was begun, as exit 2
 * does.
 */
export function copiesFailed(errors: readonly unknown[]): unknown {
  const [first, ...others] = errors;
  if (others.length === 0 && !(first instanceof ConfigError)) return first;
  const hint = others.length === 0 && first instanceof ConfigError ? first.hint : undefined;
  return new TallyError(
    errors.map((error) => (error instanceof Error ? error.message : String(error))).join(" "),
    {
      hint:
        hint ??
        "What was there stays. Mend each place; the next run copies what this one could not, and `tally export --copies` does it now.",
      cause: first,
    },
  );
}
