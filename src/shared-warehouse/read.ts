import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import type { PublishedTables } from "../open-published.ts";
import { inMemory, openWarehouse, sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { type AttachedTarget, attachToRead } from "./attach.ts";
import type { WarehouseTarget } from "./target.ts";
import { showWorkspace } from "./views.ts";
import { chooseWorkspace, ownIds, readWriters } from "./writers.ts";

/** What is read of a shared warehouse. */
export interface SharedReading {
  /** The workspace whose tables are read, by its name there; not given for this one's own, or the only one. */
  of?: string;
  /** Whether the tables are read as they lie there: the rows of all, with a column `workspace` that tells whose. */
  isOfAll?: boolean;
  /** The instant as of which a DuckLake is read; not given for now. */
  at?: Date;
}

/** What was opened of a shared warehouse. */
export interface SharedFacts {
  /** Its address, without what opens it. */
  place: string;
  /** The workspace whose tables they are; null for those of all. */
  workspace: string | null;
  /** When that workspace wrote there last, UTC, and by which version of tally; null for those of all. */
  committedAt: Date | null;
  tallyVersion: string | null;
}

/**
 * Opens the published tables of one workspace in the shared warehouse: by their bare names, with the columns that they
 * have in its own file. Nothing can be written there, and nothing is written here but what DuckDB spills into a folder
 * that is gone once it is closed.
 *
 * @throws ConfigError where tally.toml names no shared warehouse, or there is none yet
 * @throws UsageError where it has no such workspace, or none at that instant
 */
export async function openShared(
  { workspace, config, effects }: { workspace: Workspace; config: Config; effects: Pick<Effects, "env"> },
  reading: SharedReading,
): Promise<PublishedTables> {
  const target = requireTarget(config, workspace);
  const spill = mkdtempSync(join(tmpdir(), "tally-"));
  const connection = await openWarehouse(inMemory, config.warehouse);
  const close = () => {
    connection.close();
    rmSync(spill, { recursive: true, force: true });
  };
  try {
    // Who only reads has no folder of data here to spill to, and rows of usage are nobody else's on this machine.
    await connection.run(`set temp_directory = ${sqlText(spill)}`);
    const attached = await attachToRead(connection, { effects, workspace }, target, reading.at);
    try {
      await allowData(connection, attached, target);
      if (reading.isOfAll) {
        await connection.run(`use ${attached.catalog}`);
        const facts = { place: attached.shown, workspace: null, committedAt: null, tallyVersion: null };
        return { ...connection, close, path: attached.shown, shared: facts };
      }
      const writers = await readWriters(connection, attached);
      const writer = chooseWorkspace(writers, await ownIds(workspace.id), { target, attached, reading });
      await showWorkspace(connection, attached.catalog, writer.workspace);
      const { workspace: name, committedAt, tallyVersion } = writer;
      return {
        ...connection,
        close,
        path: `${name} in ${attached.shown}`,
        shared: { place: attached.shown, workspace: name, committedAt, tallyVersion },
      };
    } catch (error) {
      throw attached.explain(error, "can't be read");
    }
  } catch (error) {
    close();
    throw error;
  }
}

/** @throws ConfigError where tally.toml names no shared warehouse */
export function requireTarget({ target }: Config, { tallyToml }: Workspace): WarehouseTarget {
  if (target !== undefined) return target;
  throw new ConfigError(`${tallyToml} names no warehouse that is shared.`, {
    hint: "Set target under [warehouse], or leave --shared away.",
  });
}

/** Where a sandbox lets DuckDB reach nothing, it still has to reach the data. */
async function allowData(
  connection: Warehouse,
  { kind, catalog }: AttachedTarget,
  { dataPath }: WarehouseTarget,
): Promise<void> {
  const data =
    kind === "ducklake"
      ? await connection.first<{ value: string }>(
          `select value from __ducklake_metadata_${catalog}.ducklake_metadata where key = 'data_path'`,
        )
      : undefined;
  const place = dataPath ?? data?.value;
  if (place !== undefined) await connection.run(`set allowed_directories = [${sqlText(place)}]`);
}
