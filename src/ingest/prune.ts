import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import { type JournalEntry, journalPath } from "./journal.ts";
import type { ManifestEntry } from "./manifest.ts";
import { entriesOf } from "./ndjson.ts";
import { timestampText } from "./records.ts";
import { storing } from "./storing.ts";

export interface PruneContext {
  warehouse: Warehouse;
  /** The folder of landed files. */
  root: string;
  now: Date;
  limits: Config["raw"];
}

/** What was pruned, and from when on a replay still has the files. */
export interface Pruned {
  runs: number;
  files: number;
  bytes: number;
  since: string;
}

interface LandedRun {
  run_id: string;
  files: string;
  bytes: string;
  loaded_at: string;
}

const dayMs = 86_400_000;

/**
 * Removes the landed files of the oldest runs, as far as they are older than is kept or all together larger.
 * Only whole runs go, and oldest first, so that what is left is a history without holes; the last run stays
 * whatever its size. Files that were never loaded stay until they are as old as is kept. What
 * the pruned runs brought stays in the warehouse, where a replay leaves it as it is.
 *
 * @returns null where nothing was pruned
 */
export async function pruneLanded({ warehouse, root, now, limits }: PruneContext): Promise<Pruned | null> {
  const runs = await warehouse.all<LandedRun>(
    `select
       split_part(load_id, '/', 1) as run_id,
       count(*) as files,
       sum(bytes)::bigint as bytes,
       max(loaded_at) as loaded_at
     from raw.landed_files
     group by all
     order by loaded_at, run_id`,
  );
  const oldest = new Date(now.getTime() - limits.keepDays * dayMs);
  const gone = runsToPrune(runs, timestampText(oldest).replace("T", " "), limits.keepBytes);
  const since = runs[gone.length];
  const isGone = new Set(gone.map((run) => run.run_id));
  if (gone.length > 0 && since) {
    await storing(root, async () => {
      // First what tells of the files, then the files: what a kill leaves in between is removed the next time.
      await rewrite<JournalEntry>(
        journalPath(root),
        (entry) => entry.kind !== "pruned" && !isGone.has(entry.run_id),
        { kind: "pruned", now: `${since.loaded_at.replace(" ", "T")}Z`, runs: [...isGone] },
      );
      await rewrite<ManifestEntry>(join(root, "manifest.ndjson"), (entry) => !isGone.has(entry.run_id));
    });
    await warehouse.run(
      `delete from raw.landed_files where split_part(load_id, '/', 1) in (${[...isGone].map(sqlText).join(", ")})`,
    );
  }
  await storing(root, () => removeFiles(root, new Set(runs.map((run) => run.run_id)), oldest));
  if (gone.length === 0 || !since) return null;
  return {
    runs: gone.length,
    files: gone.reduce((sum, run) => sum + Number(run.files), 0),
    bytes: gone.reduce((sum, run) => sum + Number(run.bytes), 0),
    since: since.loaded_at,
  };
}

/** The first of the runs, in order of time, that have to go. */
function runsToPrune(runs: readonly LandedRun[], oldest: string, keepBytes: number): LandedRun[] {
  let bytes = runs.reduce((sum, run) => sum + Number(run.bytes), 0);
  let count = 0;
  for (const run of runs.slice(0, -1)) {
    if (run.loaded_at >= oldest && bytes <= keepBytes) break;
    bytes -= Number(run.bytes);
    count++;
  }
  // Runs of one instant can't be told apart by when something was known, so they go or stay together.
  while (count > 0 && runs[count - 1]?.loaded_at === runs[count]?.loaded_at) count--;
  return runs.slice(0, count);
}

/** Writes the file anew with only some of its entries, by one rename. */
async function rewrite<T extends object>(
  path: string,
  keeps: (entry: T) => boolean,
  first?: T,
): Promise<void> {
  const aside = `${path}.new`;
  const handle = await open(aside, "w");
  try {
    if (first) await handle.appendFile(`${JSON.stringify(first)}\n`);
    for await (const entry of entriesOf<T>(path)) {
      if (keeps(entry)) await handle.appendFile(`${JSON.stringify(entry)}\n`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, path);
}

/**
 * Removes the files of the runs that the journal says were pruned, and of those that left nothing in the
 * warehouse once they are too old: killed before they could load, they were read again long since.
 */
async function removeFiles(root: string, loaded: ReadonlySet<string>, oldest: Date): Promise<void> {
  const pruned = new Set<string>();
  for await (const entry of entriesOf<JournalEntry>(journalPath(root))) {
    if (entry.kind === "pruned") for (const run of entry.runs) pruned.add(run);
    break;
  }
  // The name of a run begins with its time.
  const age = oldest.toISOString().replace(/[:.]/g, "");
  for (const stream of await readdir(root, { withFileTypes: true })) {
    if (!stream.isDirectory() || stream.name.startsWith(".")) continue;
    for (const run of await readdir(join(root, stream.name))) {
      if (pruned.has(run) || (!loaded.has(run) && run < age)) {
        await rm(join(root, stream.name, run), { recursive: true, force: true });
      }
    }
  }
}
