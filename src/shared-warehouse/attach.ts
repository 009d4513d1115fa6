import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Effects } from "../effects.ts";
import { NoSharedWarehouseError } from "../errors/no-shared-warehouse-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { loadExtension } from "../extensions.ts";
import { openObjectStore } from "../object-store.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { addressOfTarget, type TargetAddress, type WarehouseTarget } from "./target.ts";

/** What opening a shared warehouse takes. */
export interface TargetContext {
  effects: Pick<Effects, "env">;
  workspace: Pick<Workspace, "root">;
}

/** A shared warehouse that is attached. */
export interface AttachedTarget extends Pick<TargetAddress, "kind" | "shown" | "catalog"> {
  /** An error as it may be told, with what was being done. */
  explain(error: unknown, what: string): TallyError;
}

/**
 * Attaches the shared warehouse to write to it. Written to for the first time, a DuckLake is made.
 *
 * @throws ExtensionError where a part of DuckDB that it takes is not installed
 * @throws TallyError where it can't be reached
 */
export async function attachToWrite(
  connection: Warehouse,
  context: TargetContext,
  target: WarehouseTarget,
): Promise<AttachedTarget> {
  const { attached, attach } = await prepare(connection, context, target);
  await attach({ isReadOnly: false });
  return attached;
}

/**
 * Attaches the shared warehouse to read it. Of a DuckLake that is one snapshot, for as long as it is attached: whatever is
 * asked meanwhile, a night that others commit is in none of the answers.
 *
 * @param at the instant as of which it is read; not given for now
 * @throws ExtensionError where a part of DuckDB that it takes is not installed
 * @throws NoSharedWarehouseError where there is none yet
 * @throws UsageError where nothing was in it at that instant
 * @throws TallyError where it can't be reached
 */
export async function attachToRead(
  connection: Warehouse,
  context: TargetContext,
  target: WarehouseTarget,
  at?: Date,
): Promise<AttachedTarget> {
  const { attached, attach } = await prepare(connection, context, target);
  if (attached.kind !== "ducklake" && at !== undefined) {
    throw new UsageError("Only a DuckLake can be read as of an instant.", { hint: "Leave --at away." });
  }
  await attach({ isReadOnly: true });
  if (attached.kind !== "ducklake") return attached;
  let snapshot: string;
  try {
    snapshot = await snapshotAt(connection, attached, at);
    await connection.run(`detach ${attached.catalog}`);
  } catch (error) {
    throw attached.explain(error, "can't be read");
  }
  await attach({ isReadOnly: true, snapshot });
  return attached;
}

async function prepare(
  connection: Warehouse,
  { effects, workspace }: TargetContext,
  target: WarehouseTarget,
): Promise<{ attached: AttachedTarget; attach(how: AttachOptions): Promise<void> }> {
  const address = addressOfTarget({ effects, root: workspace.root }, target);
  const { kind, shown, catalog } = address;
  for (const needed of address.needs) await loadExtension(connection, needed);
  const { dataPath } = target;
  const redactors = [address.redact];
  if (dataPath?.startsWith("s3://")) {
    redactors.push(
      await openObjectStore(connection, dataPath, { effects, setting: "data_path under [warehouse]" }),
    );
  }
  const redact = (text: string) => redactors.reduce((kept, each) => each(kept), text);
  const explain = (error: unknown, what: string) => targetError(error, what, shown, redact);
  return {
    attached: { kind, shown, catalog, explain },
    async attach(how) {
      const file = catalogFile(address);
      if (how.isReadOnly && file !== undefined && !existsSync(file)) throw new NoSharedWarehouseError(shown);
      try {
        if (!how.isReadOnly && file !== undefined) mkdirSync(dirname(file), { recursive: true });
        await connection.run(attachStatement(address, dataPath, how));
      } catch (error) {
        // A database in which no DuckLake was made.
        const isNone = error instanceof Error && /Existing DuckLake at .* does not exist/.test(error.message);
        throw how.isReadOnly && isNone
          ? new NoSharedWarehouseError(shown)
          : explain(error, "can't be opened");
      }
    },
  };
}

interface AttachOptions {
  isReadOnly: boolean;
  /** The snapshot of a DuckLake that is read; not given for the last one at any time. */
  snapshot?: string;
}

/** What DuckDB is told to attach it; MotherDuck keeps the data itself. */
export function attachStatement(
  { kind, text, catalog }: Pick<TargetAddress, "kind" | "text" | "catalog">,
  dataPath: string | undefined,
  { isReadOnly, snapshot }: AttachOptions,
): string {
  const options = isReadOnly ? ["read_only"] : [];
  if (kind === "ducklake") {
    // Where the data lie is in the catalog; a machine that has them at another place says so itself.
    if (dataPath !== undefined) options.push(`data_path ${sqlText(dataPath)}`, "override_data_path true");
    if (snapshot !== undefined) options.push(`snapshot_version ${snapshot}`);
  }
  // MotherDuck's databases keep their names.
  const name = kind === "ducklake" ? ` as ${catalog}` : "";
  return `attach ${sqlText(text)}${name}${options.length > 0 ? ` (${options.join(", ")})` : ""}`;
}

/** The file that has the catalog, where it is in one. */
const catalogFile = ({ text }: Pick<TargetAddress, "text">) =>
  /^ducklake:(?:sqlite:)?(\/.*)$/.exec(text)?.[1];

/** The last snapshot of a DuckLake, or the last one up to an instant. */
async function snapshotAt(
  connection: Warehouse,
  { catalog, shown }: AttachedTarget,
  at: Date | undefined,
): Promise<string> {
  const row = await connection.first<{ snapshot: string | null; first_at: string | null }>(
    `
    select
      max(snapshot_id) filter ($at::varchar is null or snapshot_time::timestamptz <= $at::varchar::timestamptz) as snapshot,
      strftime(min(snapshot_time::timestamptz) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') as first_at
    from __ducklake_metadata_${catalog}.ducklake_snapshot
    `,
    { at: at?.toISOString() ?? null },
  );
  if (row?.snapshot) return row.snapshot;
  throw new UsageError(`Nothing of ${at?.toISOString() ?? "now"} is in the shared warehouse ${shown}.`, {
    hint: row?.first_at
      ? `Its first snapshot that is kept is of ${row.first_at}; name an instant after that with --at.`
      : "It has no snapshot at all: see with a DuckDB of your own what is there.",
  });
}

function targetError(
  error: unknown,
  what: string,
  shown: string,
  redact: (text: string) => string,
): TallyError {
  if (error instanceof TallyError) return error;
  const text = redact(error instanceof Error ? error.message : String(error));
  const reason = text.replace(/\s*\n\s*/g, " ").replace(/\.?\s*$/, "");
  return new TallyError(`The shared warehouse ${shown} ${what}: ${reason}.`, {
    hint: "What is there stays as it was. See that it can be reached from here and, to write, that its user may write to the catalog and to the data.",
    cause: new Error(redact(error instanceof Error ? (error.stack ?? text) : text)),
  });
}
