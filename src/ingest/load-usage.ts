import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects, misreadSql, type ScopeSql } from "./column-sql.ts";
import { csvRows, rejected } from "./csv-rows.ts";
import { applyOutcome, type Counts, compareRows, noCounts } from "./diff.ts";
import type { Landing } from "./land.ts";
import type { Load, Loaded } from "./load.ts";
import { quarantineRows } from "./quarantine.ts";
import { declaredColumns, historyColumns, rawTable } from "./raw-tables.ts";
import { openItems, openUsage } from "./row-source.ts";
import type { Stream } from "./streams.ts";
import type { UsageScope } from "./units.ts";

export interface UsageLoad extends Load {
  usage: UsageScope;
}

export interface LoadedUsage extends Loaded {
  /** The table or subquery that holds the rows read. */
  rowsRead: string;
}

/** The rows have to be read with more care: a key came twice, or something can't be read. */
export class NeedsCare extends Error {}

/**
 * Loads one window of usage, within the transaction that is open, as fast as DuckDB can read it.
 *
 * @throws NeedsCare where that is not good enough; the transaction is spoilt then
 */
export async function loadUsageFast(
  warehouse: Warehouse,
  landing: Landing,
  load: UsageLoad,
  now: string,
): Promise<LoadedUsage> {
  const { stream } = load.unit;
  if (load.files.some((file) => file.misshape || file.oddRows > 0 || file.isIrregular)) throw new NeedsCare();
  const source = await openUsage(stream, load.files, landing);
  try {
    const rows = clippedSql(
      load,
      `select ${columnSelects(stream, source, scopeOf(load), "cast").join(", ")} from ${source.relation}`,
    );
    const hasKnown = await hasKnownRows(warehouse, load);
    // Nothing is known to tell by whether a row slipped between two pages.
    if (!hasKnown && load.hasPages && !load.settles.pages) return { ...nothingLoaded, doubt: "pages" };
    const counts = hasKnown
      ? await insertDifferences(warehouse, load, rows, now)
      : await insertAll(warehouse, load, rows, now);
    return { doubt: null, isOdd: false, quarantined: 0, first: null, ...counts };
  } catch (error) {
    if (error instanceof LoadError || isOutOfRoom(error)) throw error;
    throw new NeedsCare(undefined, { cause: error });
  } finally {
    await source.release();
  }
}

/** What reading with more care would not mend. */
const isOutOfRoom = (error: unknown): boolean =>
  error instanceof Error && /out of memory|no space left|read-only file system/i.test(error.message);

/**
 * The same with every row judged: what can't be read is put aside, a row that is identical to another in all
 * that came with it is one, and rows of one key that differ are summed.
 */
export async function loadUsageCarefully(
  warehouse: Warehouse,
  landing: Landing,
  load: UsageLoad,
  now: string,
): Promise<LoadedUsage> {
  const { stream } = load.unit;
  const source =
    stream.format === "csv"
      ? csvRows(stream, load.files, landing, true)
      : await openItems(stream, load.files, landing);
  const names = stream.columns.map(({ name }) => sqlName(name)).join(", ");
  try {
    await warehouse.run(`
      create or replace temp table judged_usage as
      select
        ${source.file} as "_file",
        ${source.position} as "_position",
        ${source.whole} as "_whole",
        ${misreadSql(stream, source, source.rowKind)} as misread,
        ${columnSelects(stream, source, scopeOf(load), "try_cast").join(", ")}
      from ${source.relation}`);
  } finally {
    await source.release();
  }
  if (stream.format === "csv") await judgeRejected(warehouse, load);
  const misread = await warehouse.first<{ rows: string; fatal: string }>(
    `select count(misread) as rows, count(*) filter (misread.is_fatal) as fatal from judged_usage`,
  );
  const isFatal = misread?.fatal !== "0";
  if (isFatal && !load.settles.rows) return { ...nothingLoaded, doubt: "rows" };
  if (misread?.rows !== "0" && !load.settles.values) return { ...nothingLoaded, doubt: "values" };
  const aside = isFatal
    ? await quarantineRows(warehouse, stream, load, "judged_usage", "true", now)
    : { quarantined: 0, first: null };
  const distinct = `select ${names} from (select distinct "_whole", ${names} from judged_usage where not coalesce(misread.is_fatal, false))`;
  const rows = summedSql(stream, clippedSql(load, distinct));
  const isWhole = load.isWhole && aside.quarantined === 0;
  const result = await insertDifferences(warehouse, { ...load, isWhole }, rows, now, true);
  await warehouse.run("drop table judged_usage");
  return { doubt: null, isOdd: misread?.rows !== "0", ...aside, ...result };
}

const nothingLoaded: LoadedUsage = {
  counts: { ...noCounts },
  doubt: null,
  isOdd: false,
  quarantined: 0,
  first: null,
  rowsRead: "(select null as project_id where false)",
};

/** The lines of an export that DuckDB could not take apart; they have no columns, only a place. */
async function judgeRejected(warehouse: Warehouse, { files }: UsageLoad): Promise<void> {
  const [{ rejects } = { rejects: "0" }] = await warehouse.all<{ rejects: string }>(
    `select count(*) as rejects from duckdb_tables() where table_name = ${sqlText(rejected.lines)}`,
  );
  if (rejects !== "0") {
    await warehouse.run(`
      insert into judged_usage ("_file", "_position", misread)
      select
        parse_path(scans.file_path)[-1],
        lines.line - 1,
        {
          'field': '',
          'reason': 'is no row of the table: ' || lower(replace(first(lines.error_type::varchar), '_', ' ')),
          'is_fatal': true
        }
      from ${rejected.lines} as lines
      inner join ${rejected.scans} as scans
        on scans.scan_id = lines.scan_id and scans.file_id = lines.file_id
      group by scans.file_path, lines.line;
      drop table ${rejected.lines};
      drop table ${rejected.scans}`);
    for (const { path } of files) {
      const name = path.split("/").at(-1) ?? "";
      await warehouse.run(`update judged_usage set "_file" = $path where "_file" = $name`, { path, name });
    }
  }
  const expected = files.reduce((sum, file) => sum + file.rows, 0);
  const found = await warehouse.first<{ rows: string }>("select count(*) as rows from judged_usage");
  if (Number(found?.rows) !== expected) {
    throw new LoadError(`the answer has ${expected} rows, but only ${found?.rows} of them can be told apart`);
  }
}

const scopeOf = ({ unit }: UsageLoad): ScopeSql => ({
  organization: unit.organizationId === null ? "null::varchar" : `${sqlText(unit.organizationId)}::varchar`,
  project: "null::varchar",
  from: "null::date",
  to: "null::date",
});

/** Nothing is known of these days yet: what was read goes straight in. */
async function insertAll(warehouse: Warehouse, load: UsageLoad, rowsSql: string, now: string) {
  const { stream } = load.unit;
  const { from, to } = historyColumns(stream);
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  await warehouse.run(`
    insert into ${rawTable(stream)} (${names}, ${from}, ${to}, _load_id)
    select ${names}, ${sqlText(now)}::timestamp, null, ${sqlText(load.loadId)}
    from (${rowsSql})`);
  const rowsRead = `(select * from ${rawTable(stream)} where _load_id = ${sqlText(load.loadId)})`;
  const rows = await countRows(warehouse, stream, rowsRead);
  return { counts: { ...noCounts, rows, new: rows }, rowsRead };
}

async function insertDifferences(
  warehouse: Warehouse,
  load: UsageLoad,
  rowsSql: string,
  now: string,
  isJudged = false,
): Promise<{ counts: Counts; rowsRead: string; doubt?: "pages" }> {
  const { stream } = load.unit;
  const { usage } = load;
  const incoming = "incoming_usage";
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  await warehouse.run(
    `create or replace temp table ${incoming} (_load integer default 0, ${declaredColumns(stream).join(", ")});
     insert into ${incoming} (${names}) ${rowsSql}`,
  );
  await countRows(warehouse, stream, incoming, isJudged);
  // The read covers what was asked for, and what came without having been asked for.
  const covers = (column: string, asked: readonly string[]) =>
    `(${inList(`known.${column}`, asked)} or coalesce(known.${column}, '') in
       (select coalesce(${column}, '') from ${incoming}))`;
  const byLists = stream.filters === "lists";
  const covered = [
    knownSql(load),
    ...(byLists
      ? [
          covers("project_id", usage.projects),
          covers("resource_type", usage.resourceTypes),
          covers("region", usage.regions),
        ]
      : []),
  ];
  const diff = { stream, incoming, loads: [{ loadId: load.loadId, closes: load.isWhole }] };
  const counted = await compareRows(warehouse, {
    ...diff,
    knownSql: `
      select known.rowid as row_id, 0 as _load, ${names}
      from ${rawTable(stream)} as known
      where known.${historyColumns(stream).to} is null and ${covered.join(" and ")}`,
  });
  const [counts = { ...noCounts }] = counted;
  // What is gone from an answer of several pages may only have slipped between them.
  if (load.hasPages && !load.settles.pages && counts.gone > 0) {
    return { counts: { ...noCounts }, rowsRead: incoming, doubt: "pages" };
  }
  await applyOutcome(warehouse, diff, counted, now);
  return { counts, rowsRead: incoming };
}

/** What was read, clipped to the unit's days and projects. A day that can't be read is refused by the table. */
function clippedSql({ usage }: UsageLoad, rowsSql: string): string {
  const { from, to } = usage.window;
  return `
    select *
    from (${rowsSql})
    where coalesce(usage_date between ${sqlText(from)}::date and ${sqlText(to)}::date, true)
      and ${isOwnProject("project_id", usage)}`;
}

function summedSql(stream: Stream, rowsSql: string): string {
  const select = stream.columns.map(({ name, kind, isKey, scope }) => {
    if (kind === "quantity" || kind === "amount") return `cast(sum(${name}) as decimal(28,12)) as ${name}`;
    return isKey || scope ? name : `max(${name}) as ${name}`;
  });
  const keys = stream.columns.filter(({ isKey, scope }) => isKey || scope).map(({ name }) => name);
  return `select ${select.join(", ")} from (${rowsSql}) group by ${keys.join(", ")}`;
}

const inList = (expression: string, texts: readonly string[]): string =>
  texts.length > 0 ? `coalesce(${expression}, '') in (${texts.map(sqlText).join(", ")})` : "false";

const isOwnProject = (expression: string, { otherProjects }: UsageScope): string =>
  `not ${inList(expression, otherProjects)}`;

function knownSql({ unit, usage }: UsageLoad): string {
  return [
    `known.organization_id is not distinct from ${unit.organizationId === null ? "null" : sqlText(unit.organizationId)}`,
    `known.usage_date between ${sqlText(usage.window.from)}::date and ${sqlText(usage.window.to)}::date`,
    isOwnProject("known.project_id", usage),
  ].join(" and ");
}

async function hasKnownRows(warehouse: Warehouse, load: UsageLoad): Promise<boolean> {
  const { stream } = load.unit;
  const found = await warehouse.first(
    `select 1 as found
     from ${rawTable(stream)} as known
     where known.${historyColumns(stream).to} is null and ${knownSql(load)}
     limit 1`,
  );
  return found !== undefined;
}

/** How many rows there are; throws NeedsCare where two have the same key, or a key is no text. */
async function countRows(
  warehouse: Warehouse,
  stream: Stream,
  table: string,
  isJudged = false,
): Promise<number> {
  const keys = stream.columns.filter((column) => column.isKey);
  const names = keys.map((column) => sqlName(column.name));
  const nested = keys
    .filter(({ kind }) => stream.format === "json" && kind === "text")
    .map(({ name }) => `(${name}[1] in ('{', '[') and json_valid(${name}))`);
  // A collision of hashes only means that the rows are told apart with more care than needed.
  const counted = await warehouse.first<{ rows: string; keys: string; nested: string }>(
    `select
       count(*) as rows,
       count(distinct hash(${names.join(", ")})) as keys,
       count(*) filter (${nested.join(" or ") || "false"}) as nested
     from ${table}`,
  );
  if (counted && !isJudged && (counted.rows !== counted.keys || counted.nested !== "0"))
    throw new NeedsCare();
  return Number(counted?.rows ?? 0);
}
