import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects } from "./column-sql.ts";
import { noCounts } from "./diff.ts";
import type { Landing } from "./land.ts";
import { arePlain, formOf, openPlain } from "./plain-rows.ts";
import { historyColumns, rawTable } from "./raw-tables.ts";
import { openUsage, type RowSource } from "./row-source.ts";
import { insertDifferences, loadsWithKnownRows, requireDistinct } from "./usage-differences.ts";
import {
  clippedSql,
  isOwnProject,
  type LoadedUsage,
  NeedsCare,
  nothingLoaded,
  scopeOf,
  type UsageLoad,
} from "./usage-load.ts";

/**
 * Loads windows of usage of one stream, within the usageTransaction that is open, as fast as DuckDB can read them.
 *
 * @throws NeedsCare where that is not good enough for one of them; the transaction is spoilt then
 */
export async function loadUsageFast(
  warehouse: Warehouse,
  landing: Landing,
  loads: readonly UsageLoad[],
  now: string,
): Promise<LoadedUsage[]> {
  const isOdd = ({ files }: UsageLoad) =>
    files.some((file) => file.misshape || file.oddRows > 0 || file.isIrregular);
  if (loads.some(isOdd)) throw new NeedsCare();
  try {
    const known = await loadsWithKnownRows(warehouse, loads);
    const results = new Map<UsageLoad, LoadedUsage>();
    const fresh: UsageLoad[] = [];
    for (const load of loads) {
      if (known.has(load)) results.set(load, await loadDifferences(warehouse, landing, load, now));
      // Nothing is known to tell by whether a row slipped between two pages.
      else if (load.hasPages && !load.settles.pages)
        results.set(load, { ...nothingLoaded(), doubt: "pages" });
      else fresh.push(load);
    }
    for (const [load, loaded] of await loadAll(warehouse, landing, fresh, now)) results.set(load, loaded);
    return loads.map((load) => results.get(load) ?? nothingLoaded());
  } catch (error) {
    if (error instanceof LoadError || isOutOfRoom(error)) throw error;
    throw new NeedsCare(undefined, { cause: error });
  }
}

/** What reading with more care would not mend. */
const isOutOfRoom = (error: unknown): boolean =>
  error instanceof Error && /out of memory|no space left|read-only file system/i.test(error.message);

async function loadDifferences(
  warehouse: Warehouse,
  landing: Landing,
  load: UsageLoad,
  now: string,
): Promise<LoadedUsage> {
  const source = await openUsage(load.unit.stream, load.files, landing);
  try {
    const typed = `select ${typedColumns(load, source)} from ${source.relation}`;
    const rows = clippedSql(load, typed);
    return {
      ...nothingLoaded(),
      ...(await insertDifferences(warehouse, load, rows, now, !source.isPlain)),
    };
  } finally {
    await source.release();
  }
}

/** What can't be read fails. */
const typedColumns = (load: UsageLoad, source: RowSource): string =>
  columnSelects(load.unit.stream, source, scopeOf(load), "cast").join(", ");

/** Rows on their way into the raw table, each with its `_load_id`. */
interface FreshRows {
  sql: string;
  isPlain: boolean;
  release(): Promise<void>;
}

/** Nothing is known of these days yet: what was read goes straight in. */
async function loadAll(
  warehouse: Warehouse,
  landing: Landing,
  loads: readonly UsageLoad[],
  now: string,
): Promise<Map<UsageLoad, LoadedUsage>> {
  const [first] = loads;
  if (!first) return new Map();
  const { stream } = first.unit;
  const opening = groupsOf(loads).map((group) => openFresh(group, landing));
  // All of them, since what is being written aside has to be removed too.
  const settled = await Promise.allSettled(opening);
  const opened = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  try {
    const failed = settled.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    const { from, to } = historyColumns(stream);
    const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
    const selects = opened.map(
      ({ sql }) => `select ${names}, ${sqlText(now)}::timestamp, null, _load_id from (${sql})`,
    );
    // In whatever order they come: to keep that of the files costs DuckDB a tenth more.
    await warehouse.run(`
      set preserve_insertion_order = false;
      insert into ${rawTable(stream)} (${names}, ${from}, ${to}, _load_id)
      ${selects.join(" union all ")}`);
  } finally {
    for (const { release } of opened) await release();
  }
  const ids = loads.map(({ loadId }) => sqlText(loadId)).join(", ");
  const inserted = `(select * from ${rawTable(stream)} where _load_id in (${ids}))`;
  await requireDistinct(warehouse, stream, inserted, !opened.every(({ isPlain }) => isPlain));
  const counted = await warehouse.all<{ _load_id: string; project_id: string | null; rows: string }>(
    `select _load_id, project_id, count(*) as rows from ${inserted} group by all`,
  );
  return new Map(
    loads.map((load) => {
      const own = counted.filter((each) => each._load_id === load.loadId);
      const rowsOf = new Map(own.map(({ project_id: project, rows }) => [project, Number(rows)]));
      const rows = own.reduce((sum, each) => sum + Number(each.rows), 0);
      return [load, { ...nothingLoaded(), counts: { ...noCounts, rows, new: rows }, rowsOf }];
    }),
  );
}

/** Loads that can be read in one scan: plain, of one form, and with the same projects to leave out. */
function groupsOf(loads: readonly UsageLoad[]): UsageLoad[][] {
  const groups = new Map<unknown, UsageLoad[]>();
  for (const load of loads) {
    const { files, unit, usage } = load;
    const [file] = files;
    const key =
      file && arePlain(files)
        ? JSON.stringify([unit.organizationId, formOf(file), usage.otherProjects])
        : load;
    groups.set(key, [...(groups.get(key) ?? []), load]);
  }
  return [...groups.values()];
}

async function openFresh(loads: readonly UsageLoad[], landing: Landing): Promise<FreshRows> {
  const [first] = loads;
  if (!first) throw new Error("A group of loads is never empty.");
  const { stream } = first.unit;
  if (!arePlain(first.files)) {
    const source = await openUsage(stream, first.files, landing);
    const typed = `select ${typedColumns(first, source)}, ${sqlText(first.loadId)} as _load_id from ${source.relation}`;
    return { sql: clippedSql(first, typed), isPlain: source.isPlain === true, release: source.release };
  }
  const source = await openPlain(
    stream,
    loads.flatMap(({ files }) => files),
    landing,
  );
  const windows = loads.flatMap(({ files, loadId, usage: { window } }) =>
    files.map((file) => {
      const [name, load, from, to] = [source.nameOf(file), loadId, window.from, window.to].map(sqlText);
      return `(${name}, ${load}, ${from}::date, ${to}::date)`;
    }),
  );
  const sql = `
    select rows.* exclude (_from, _to)
    from (
      select ${typedColumns(first, source)}, windows._load_id, windows._from, windows._to
      from ${source.relation}
      inner join (values ${windows.join(", ")}) as windows(file, _load_id, _from, _to)
        on windows.file = ${source.file}
    ) as rows
    where coalesce(usage_date between _from and _to, true)
      and ${isOwnProject("project_id", first.usage)}`;
  return { sql, isPlain: true, release: source.release };
}
