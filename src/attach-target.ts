import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Effects } from "./effects.ts";
import { TallyError } from "./errors/tally-error.ts";
import { loadExtension } from "./extensions.ts";
import { openObjectStore } from "./object-store.ts";
import { sqlText, type Warehouse } from "./warehouse.ts";
import { addressOfTarget, type TargetAddress, type WarehouseTarget } from "./warehouse-target.ts";
import type { Workspace } from "./workspace.ts";

/** What opening a shared warehouse takes. */
export interface TargetContext {
  effects: Pick<Effects, "env">;
  workspace: Workspace;
}

/** A shared warehouse that is attached. */
export interface AttachedTarget extends Pick<TargetAddress, "kind" | "shown" | "catalog"> {
  /** An error as it may be told, with what was being done. */
  explain(error: unknown, what: string): TallyError;
}

/**
 * Attaches the shared warehouse. Written to for the first time, a DuckLake is made.
 *
 * @param at the instant as of which a DuckLake is read
 * @throws ExtensionError where a part of DuckDB that it takes is not installed
 * @throws TallyError where it can't be reached
 */
export async function attachTarget(
  connection: Warehouse,
  { effects, workspace }: TargetContext,
  target: WarehouseTarget,
  { isReadOnly, at }: { isReadOnly: boolean; at?: Date },
): Promise<AttachedTarget> {
  const address = addressOfTarget({ effects, root: workspace.root }, target);
  for (const needed of address.needs) await loadExtension(connection, needed);
  const { dataPath } = target;
  const redactors = [address.redact];
  if (dataPath?.startsWith("s3://")) {
    redactors.push(
      await openObjectStore(connection, dataPath, { effects, setting: "data_path under [warehouse]" }),
    );
  }
  const redact = (text: string) => redactors.reduce((kept, each) => each(kept), text);
  const explain = (error: unknown, what: string) => targetError(error, what, address.shown, redact);
  try {
    await connection.run(attachStatement(address, dataPath, isReadOnly, at));
  } catch (error) {
    throw explain(error, "can't be opened");
  }
  return { kind: address.kind, shown: address.shown, catalog: address.catalog, explain };
}

/** What DuckDB is told to attach it; MotherDuck keeps the data itself, and the time travel too. */
export function attachStatement(
  { kind, text, catalog }: Pick<TargetAddress, "kind" | "text" | "catalog">,
  dataPath: string | undefined,
  isReadOnly: boolean,
  at: Date | undefined,
): string {
  const options = isReadOnly ? ["read_only"] : [];
  if (kind === "ducklake") {
    // Where the data lie is in the catalog; a machine that has them at another place says so itself.
    if (dataPath !== undefined) options.push(`data_path ${sqlText(dataPath)}`, "override_data_path true");
    if (at !== undefined) options.push(`snapshot_time ${sqlText(at.toISOString())}`);
    const file = /^ducklake:(?:sqlite:)?(\/.*)$/.exec(text)?.[1];
    if (!isReadOnly && file !== undefined) mkdirSync(dirname(file), { recursive: true });
  } else if (at !== undefined) {
    throw new TallyError("Only a DuckLake can be read as of an instant.", {
      hint: "Leave --at away.",
    });
  }
  // MotherDuck's databases keep their names.
  const name = kind === "ducklake" ? ` as ${catalog}` : "";
  return `attach ${sqlText(text)}${name}${options.length > 0 ? ` (${options.join(", ")})` : ""}`;
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
