import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { JournalEntry, JournalLoad } from "./journal.ts";
import { journalPath, unitOfJournal } from "./journal.ts";
import type { LandedFile } from "./land.ts";
import { type Load, type LoadContext, type Loaded, loadTogether, loadUsage, windowLoad } from "./load.ts";
import { landedFileOf, type ManifestEntry } from "./manifest.ts";
import { entriesOf, lastEntryOf } from "./ndjson.ts";
import { noteNothingOffered } from "./nothing-offered.ts";
import { NeedsCare, type UsageLoad } from "./usage-load.ts";

/** An entry that tells of a transaction. */
type CommittedEntry = Exclude<JournalEntry, { kind: "pruned" }>;

/** A load of the journal that could not be done again, and why. */
export interface Damage {
  load: JournalLoad;
  message: string;
}

/** What came of doing an entry of the journal again. */
export interface Redone {
  loaded: { load: JournalLoad; loaded: Loaded }[];
  damaged: Damage[];
}

/** The landed files that the manifest lists, by path; only those asked for, where any are. */
export async function landedFiles(
  root: string,
  wanted?: ReadonlySet<string>,
): Promise<Map<string, LandedFile>> {
  const files = new Map<string, LandedFile>();
  for await (const entry of entriesOf<ManifestEntry>(join(root, "manifest.ndjson"))) {
    if (!wanted || wanted.has(entry.path)) files.set(entry.path, landedFileOf(entry));
  }
  return files;
}

/**
 * Does an entry of the journal again, into the tables as they are now, from the landed files alone. A load
 * whose files are damaged or missing is recorded as failed, so that it is read again; the rest goes on.
 */
export async function redo(
  context: LoadContext,
  entry: JournalEntry,
  files: ReadonlyMap<string, LandedFile>,
): Promise<Redone> {
  const redone: Redone = { loaded: [], damaged: [] };
  if (entry.kind === "pruned") return redone;
  const accounts = entry.kind === "loads" ? (entry.accounts ?? []) : [];
  const own = { ...context, runId: entry.run_id, now: new Date(entry.now), accounts };
  if (entry.kind === "nothing_offered") {
    const { stream, organization_id: organizationId, window, projects } = entry;
    const journal = { write: async () => undefined };
    await noteNothingOffered({ ...own, journal }, stream, organizationId, window, projects);
    return redone;
  }
  const loads: { journaled: JournalLoad; load: Load }[] = [];
  for (const journaled of entry.loads) {
    const found = await filesOf(context, journaled, files);
    const failure = typeof found === "string" ? { status: "failed" as const, message: found } : null;
    if (failure) redone.damaged.push({ load: journaled, message: failure.message });
    loads.push({ journaled, load: loadOf(journaled, typeof found === "string" ? [] : found, failure) });
  }
  const noted = async () => undefined;
  const windows = loads.filter(({ load }) => windowLoad(load));
  const others = loads.filter(({ load }) => !windowLoad(load));
  const results = [
    ...(await loadWindows(
      own,
      windows.flatMap(({ load }) => windowLoad(load) ?? []),
    )),
    ...(others.length > 0
      ? await loadTogether(
          own,
          others.map(({ load }) => load),
          noted,
        )
      : []),
  ];
  for (const [index, { journaled }] of [...windows, ...others].entries()) {
    const loaded = results[index];
    if (loaded) redone.loaded.push({ load: journaled, loaded });
  }
  return redone;
}

/** Together, as they were loaded; one by one if what was pruned or damaged in between makes that impossible. */
async function loadWindows(context: LoadContext, windows: readonly UsageLoad[]): Promise<Loaded[]> {
  const noted = async () => undefined;
  if (windows.length === 0) return [];
  try {
    return await loadUsage(context, windows, noted);
  } catch (error) {
    if (!(error instanceof NeedsCare)) throw error;
    const loaded: Loaded[] = [];
    for (const window of windows) loaded.push(...(await loadUsage(context, [window], noted)));
    return loaded;
  }
}

function loadOf(journaled: JournalLoad, files: readonly LandedFile[], failure: Load["failure"]): Load {
  return {
    unit: unitOfJournal(journaled),
    loadId: journaled.load_id,
    files,
    settles: { rows: true, values: true, pages: true },
    isWhole: journaled.is_whole !== false,
    hasPages: false,
    failure: failure ?? journaled.failure ?? null,
  };
}

/** The files of a load, or what is wrong with one of them. */
async function filesOf(
  { landing }: LoadContext,
  { files }: JournalLoad,
  known: ReadonlyMap<string, LandedFile>,
): Promise<LandedFile[] | string> {
  const found: LandedFile[] = [];
  for (const path of files) {
    const file = known.get(path);
    if (!file) return `The landed file ${path} has no line in the manifest.`;
    const sha256 = await hashOf(landing.absolute(path));
    if (sha256 === null) return `The landed file ${path} is missing.`;
    if (sha256 !== file.sha256)
      return `The landed file ${path} is damaged: its sha256 is not the manifest's.`;
    found.push(file);
  }
  return found;
}

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return hash.digest("hex");
}

/**
 * Finishes what a killed process had written down and not committed. Only its last transaction can be such: the
 * next is not begun before it is committed.
 */
export async function redoLast(context: LoadContext, root: string): Promise<void> {
  const entry = await lastEntryOf<JournalEntry>(journalPath(root));
  if (!entry || entry.kind === "pruned" || (await isCommitted(context, root, entry))) return;
  const wanted =
    entry.kind === "loads" ? new Set(entry.loads.flatMap(({ files }) => files)) : new Set<string>();
  await redo(context, entry, wanted.size > 0 ? await landedFiles(root, wanted) : new Map());
}

async function isCommitted(
  { warehouse }: LoadContext,
  root: string,
  entry: CommittedEntry,
): Promise<boolean> {
  const any = await warehouse.first("select 1 from raw.read_windows limit 1");
  if (!any) {
    // Not even the first transaction was committed; else the warehouse was lost, and that is for --replay.
    let entries = 0;
    for await (const _ of entriesOf<JournalEntry>(journalPath(root))) if (++entries > 1) return true;
    return false;
  }
  const [load] = entry.kind === "loads" ? entry.loads : [];
  const found = await warehouse.first(
    `select 1
     from raw.read_windows
     where run_id = $runId
       and load_id is not distinct from $loadId
       and ($stream is null or stream = $stream)
     limit 1`,
    {
      runId: entry.run_id,
      loadId: load?.load_id ?? null,
      stream: entry.kind === "nothing_offered" ? entry.stream : null,
    },
  );
  return found !== undefined;
}
