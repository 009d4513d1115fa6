import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import type { AttachedTarget } from "./attach.ts";
import type { SharedReading } from "./read.ts";
import type { WarehouseTarget } from "./target.ts";

/** A workspace that writes to the shared warehouse, as that knows it. */
export interface Writer {
  workspace: string;
  id: string;
  tallyVersion: string;
  /** When it wrote last. */
  committedAt: Date;
}

// Of a DuckLake duckdb_columns() is quick, and duckdb_tables() reads the statistics of each table first.
/** The workspaces that wrote to the shared warehouse; none where no tally ever wrote there. */
export async function readWriters(
  connection: Warehouse,
  { catalog }: Pick<AttachedTarget, "catalog">,
): Promise<Writer[]> {
  const there = await connection.first(
    `select 1 from duckdb_columns() where database_name = ${sqlText(unquoted(catalog))} and schema_name = 'main' and table_name = 'meta_writer'`,
  );
  if (!there) return [];
  const rows = await connection.all<{ workspace: string; id: string; version: string; at: string }>(`
    select
      workspace,
      workspace_id as id,
      tally_version as version,
      strftime(committed_at, '%Y-%m-%dT%H:%M:%S.%gZ') as at
    from ${catalog}.main.meta_writer
    order by workspace
  `);
  return rows.map(({ workspace, id, version, at }) => ({
    workspace,
    id,
    tallyVersion: version,
    committedAt: new Date(at),
  }));
}

/**
 * The workspace that is meant: the one that is named, by --of or in tally.toml; else the one that is this very workspace,
 * or is called like its folder; else the only one.
 *
 * @param ids this workspace's own
 * @throws UsageError that lists those that there are
 */
export function chooseWorkspace(
  writers: readonly Writer[],
  ids: readonly string[],
  {
    target,
    attached,
    reading,
    hint = "Name one with --of, or as writer under [warehouse].",
  }: {
    target: Pick<WarehouseTarget, "writer" | "isNamed">;
    attached: Pick<AttachedTarget, "shown">;
    reading: SharedReading;
    hint?: string;
  },
): Writer {
  const when = reading.at === undefined ? "" : ` of ${reading.at.toISOString()}`;
  if (writers.length === 0) {
    throw new UsageError(`No workspace of tally is in ${attached.shown}${when}.`, {
      hint: "One that names it as target under [warehouse] writes to it by `tally run` or `tally export --copies`.",
    });
  }
  const called = (name: string) => writers.find((writer) => writer.workspace === name);
  const named = reading.of ?? (target.isNamed ? target.writer : undefined);
  const found =
    named !== undefined
      ? called(named)
      : (writers.find((writer) => ids.includes(writer.id)) ??
        called(target.writer) ??
        (writers.length === 1 ? writers[0] : undefined));
  if (found) return found;
  const names = writers.map((writer) => writer.workspace).join(", ");
  throw new UsageError(
    named === undefined
      ? `${attached.shown} has ${writers.length} workspaces${when}, and none is this one: ${names}.`
      : `${attached.shown} has no workspace ${JSON.stringify(named)}${when}: it has ${names}.`,
    { hint },
  );
}

/** What tells this workspace from any other, whatever they are called; it moves with the workspace's data. */
export async function workspaceIds(path: string): Promise<readonly [string, ...string[]]> {
  const [known, ...others] = await ownIds(path);
  if (known !== undefined) return [known, ...others];
  const id = randomUUID();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${id}\n`);
  return [id];
}

/** Its own id, and those of the workspaces that it takes the place of. */
export async function ownIds(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => line.trim() || []);
}

/**
 * Refuses to write under the name of another workspace. One that was restored from there may: from its first commit on
 * the name is its own, and the machine that it replaces is refused.
 *
 * @throws TallyError where the name of this workspace is another's
 */
export function refuseAnother(writers: readonly Writer[], name: string, ids: readonly string[]): void {
  const writer = writers.find(({ workspace }) => workspace === name);
  if (!writer || ids.includes(writer.id)) return;
  throw new TallyError(`Another workspace is called ${name} in the shared warehouse.`, {
    hint: `Give this one a name of its own with writer under [warehouse]. Where it is to take the place of that one, whose machine is gone, see \`tally restore\`.`,
  });
}

/** A name as it is, of one that is quoted. */
export const unquoted = (name: string): string => name.replace(/^"|"$/g, "").replaceAll('""', '"');
