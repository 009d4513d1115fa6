import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { TallyError } from "../errors/tally-error.ts";
import { removeDatabase, sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { defineMacros } from "./column-sql.ts";
import type { IngestContext } from "./ingest.ts";
import { type JournalEntry, journalPath, unitOfJournal } from "./journal.ts";
import { type Landing, openLanding } from "./land.ts";
import { messageOf } from "./load.ts";
import { entriesOf } from "./ndjson.ts";
import { bookkeepingTables, createRawTables, historyColumns } from "./raw-tables.ts";
import { timestampText } from "./records.ts";
import { type Damage, landedFiles, redo, redoLast } from "./redo.ts";
import { streams } from "./streams.ts";
import { createSummary, type IngestSummary, type SummaryKeeper } from "./summary.ts";
import { windowOf } from "./units.ts";

/** The database that a replay fills before it takes the place of what is there. */
const replayed = "replayed";

const tables = [...streams.map(({ name }) => name), ...bookkeepingTables];

/**
 * Builds every raw table anew from the landed files, without a network: what the journal of loads tells, in the
 * order in which it was known. It takes the place of what is there in one transaction, at the end. A load whose
 * files are damaged or missing is named and marked as failed, so that the next run reads it again. What the
 * warehouse knows of loads whose files were pruned is kept as it is.
 *
 * @throws TallyError where there is nothing to replay
 */
export async function replay(
  context: Omit<IngestContext, "accounts">,
  runId: string,
): Promise<IngestSummary> {
  const { workspace, effects } = context;
  if (!existsSync(journalPath(workspace.raw))) throw nothingToReplay(workspace.raw);
  await createRawTables(context.warehouse);
  await defineMacros(context.warehouse);
  const landing = await openLanding(workspace.raw, runId);
  const aside = join(dirname(workspace.warehouse), `${replayed}.duckdb`);
  const warehouse = await context.warehouse.connect();
  try {
    // What a killed run left half done belongs to what is known.
    await redoLast(
      { warehouse: context.warehouse, landing, runId, now: effects.now(), accounts: [] },
      workspace.raw,
    );
    await removeDatabase(aside);
    const main = (await warehouse.first<{ name: string }>("select current_database() as name"))?.name ?? "";
    await defineMacros(warehouse);
    await warehouse.run(`attach ${sqlText(aside)} as ${replayed}; use ${replayed}`);
    await createRawTables(warehouse);
    const summary = createSummary(runId);
    const damaged = await redoAll({ ...context, warehouse }, landing, runId, main, summary);
    await noteDamage(warehouse, damaged, summary, effects.log.warn);
    await warehouse.run(`use ${sqlName(main)}`);
    await takePlace(warehouse, runId, effects.now());
    await warehouse.run(`detach ${replayed}`);
    return summary.done();
  } finally {
    warehouse.close();
    await landing.close();
    await removeDatabase(aside);
  }
}

async function redoAll(
  { workspace, warehouse, effects }: Omit<IngestContext, "accounts">,
  landing: Landing,
  runId: string,
  main: string,
  summary: SummaryKeeper,
): Promise<Damage[]> {
  const files = await landedFiles(workspace.raw);
  const path = journalPath(workspace.raw);
  const runs = new Set<string>();
  const instants: string[] = [];
  for await (const entry of entriesOf<JournalEntry>(path)) {
    if (entry.kind === "pruned") continue;
    runs.add(entry.run_id);
    instants.push(entry.now);
  }
  // A text is enough to tell instants apart: all are written the same way.
  const [since] = instants.sort();
  if (since === undefined) throw nothingToReplay(workspace.raw);
  await keepOthers(warehouse, main, runs, since);
  const damaged: Damage[] = [];
  const context = { warehouse, landing, runId, now: effects.now(), accounts: [] };
  for await (const entry of entriesOf<JournalEntry>(path)) {
    const redone = await redo(context, entry, files);
    damaged.push(...redone.damaged);
    for (const { load, loaded } of redone.loaded) {
      summary.add(load.stream, loaded.counts, loaded.quarantined);
      for (const [name, gone] of loaded.closed ?? []) summary.of(name).gone += gone;
      const message = messageOf(loaded);
      if (message !== null) effects.log.detail(`${load.stream}: ${message}`);
    }
  }
  return damaged;
}

/** Rows that came with runs the journal does not tell of, as they were before the first that it does. */
async function keepOthers(
  warehouse: Warehouse,
  main: string,
  runs: ReadonlySet<string>,
  since: string,
): Promise<void> {
  const ids = `(${[...runs].map(sqlText).join(", ")})`;
  const isOther = `split_part(_load_id, '/', 1) not in ${ids}`;
  for (const stream of streams) {
    const { to } = historyColumns(stream);
    const table = `raw.${sqlName(stream.name)}`;
    const at = `${sqlText(since.replace("Z", ""))}::timestamp`;
    await warehouse.run(
      `insert into ${table} by name
       select * replace (case when ${to} < ${at} then ${to} end as ${to})
       from ${sqlName(main)}.${table}
       where ${isOther}`,
    );
  }
  await warehouse.run(`
    insert into raw.read_windows by name
    select * from ${sqlName(main)}.raw.read_windows where run_id not in ${ids};
    insert into raw.landed_files by name
    select * from ${sqlName(main)}.raw.landed_files where split_part(load_id, '/', 1) not in ${ids};
    insert into raw.quarantine by name
    select * from ${sqlName(main)}.raw.quarantine where split_part(load_id, '/', 1) not in ${ids}`);
}

/** Puts what is damaged into the summary, but for what was read again since. */
async function noteDamage(
  warehouse: Warehouse,
  damaged: readonly Damage[],
  summary: SummaryKeeper,
  warn: (message: string) => void,
): Promise<void> {
  for (const { load, message } of damaged) {
    const unit = unitOfJournal(load);
    const missing = await warehouse.first(
      `select 1
       from raw.read_windows as damaged
       where damaged.load_id = $loadId
         and not exists (
           select 1
           from raw.read_windows as later
           where later.stream = damaged.stream
             and later.organization_id is not distinct from damaged.organization_id
             and later.project_id is not distinct from damaged.project_id
             and later.status = 'complete'
             and later.load_id > damaged.load_id
             and (
               damaged.window_from is null
               or (later.window_from <= damaged.window_from and later.window_to >= damaged.window_to)
             )
         )
       limit 1`,
      { loadId: load.load_id },
    );
    warn(message);
    if (!missing) continue;
    summary.fail({
      stream: load.stream,
      organization: null,
      organizationId: load.organization_id,
      projectId: load.project_id,
      window: windowOf(unit),
      message,
      hint: "The next run reads again what it held, as the API knows it now.",
      isPartial: false,
    });
  }
}

async function takePlace(warehouse: Warehouse, runId: string, now: Date): Promise<void> {
  await warehouse.transaction(async () => {
    // The same loads may read otherwise than they did: whoever goes by them has to look at all anew.
    await warehouse.run(`insert into raw.replays values (${sqlText(runId)}, ${sqlText(timestampText(now))})`);
    for (const name of tables) {
      const table = `raw.${sqlName(name)}`;
      await warehouse.run(
        `delete from ${table}; insert into ${table} by name select * from ${replayed}.${table}`,
      );
    }
  });
}

const nothingToReplay = (root: string): TallyError =>
  new TallyError(`There is nothing to replay in ${root}.`, {
    hint: "Read the API first, with `tally ingest`; what it answers lands there.",
  });
