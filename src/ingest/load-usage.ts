import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects, misreadSql, type ScopeSql } from "./column-sql.ts";
import { csvRows, rejected } from "./csv-rows.ts";
import { applyOutcome, type Counts, compareRows, noCounts } from "./diff.ts";
import type { Landing } from "./land.ts";
import type { Load, Loaded } from "./load.ts";
import { quarantineRows } from "./quarantine.ts";
import { declaredColumns, historyColumns, rawTable } from "./raw-tables.ts";
import { openItems, openUsage, type RowSource } from "./row-source.ts";
import type { Stream } from "./streams.ts";
import type { UsageScope } from "./units.ts";

export interface UsageLoad extends Load {
  usage: UsageScope;
}

export interface LoadedUsage extends Loaded {
  /** How many rows were read of each project. */
  rowsOf: RowsOf;
}

type RowsOf = ReadonlyMap<string | null, number>;

/** The rows have to be read with more care: a key came twice, or something can't be read. */
export class NeedsCare extends Error {}

/**
 * Loads windows of usage of one stream, within the transaction that is open, as fast as DuckDB can read them.
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
  const sources = new Map<UsageLoad, RowSource>();
  try {
    const opening = loads.map(async (load) => {
      sources.set(load, await openUsage(load.unit.stream, load.files, landing));
    });
    // All of them, since what is being written aside has to be removed too.
    const failed = (await Promise.allSettled(opening)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    const known = await loadsWithKnownRows(warehouse, loads);
    const results = new Map<UsageLoad, LoadedUsage>();
    const fresh: OpenedLoad[] = [];
    for (const [load, source] of sources) {
      if (known.has(load)) {
        const rows = readSql({ load, source });
        const inserted = await insertDifferences(warehouse, load, rows, now, !source.isPlain);
        results.set(load, { ...nothingLoaded(), ...inserted });
      } else if (load.hasPages && !load.settles.pages) {
        // Nothing is known to tell by whether a row slipped between two pages.
        results.set(load, { ...nothingLoaded(), doubt: "pages" });
      } else fresh.push({ load, source });
    }
    for (const [load, loaded] of await insertAll(warehouse, fresh, now)) results.set(load, loaded);
    return loads.map((load) => results.get(load) ?? nothingLoaded());
  } catch (error) {
    if (error instanceof LoadError || isOutOfRoom(error)) throw error;
    throw new NeedsCare(undefined, { cause: error });
  } finally {
    for (const source of sources.values()) await source.release();
  }
}

interface OpenedLoad {
  load: UsageLoad;
  source: RowSource;
}

/** What was read, typed and clipped; what can't be read fails. */
const readSql = ({ load, source }: OpenedLoad): string =>
  clippedSql(
    load,
    `select ${columnSelects(load.unit.stream, source, scopeOf(load), "cast").join(", ")} from ${source.relation}`,
  );

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
      ? csvRows(stream, load.files, landing, { skipsRejected: true })
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
  if (isFatal && !load.settles.rows) return { ...nothingLoaded(), doubt: "rows" };
  if (misread?.rows !== "0" && !load.settles.values) return { ...nothingLoaded(), doubt: "values" };
  const aside = isFatal
    ? await quarantineRows(warehouse, stream, load, "judged_usage", "true", now)
    : { quarantined: 0, first: null };
  const distinct = `select ${names} from (select distinct "_whole", ${names} from judged_usage where not coalesce(misread.is_fatal, false))`;
  const rows = summedSql(stream, clippedSql(load, distinct));
  const isWhole = load.isWhole && aside.quarantined === 0;
  const result = await insertDifferences(warehouse, { ...load, isWhole }, rows, now, "judged");
  await warehouse.run("drop table judged_usage");
  return { doubt: null, isOdd: misread?.rows !== "0", ...aside, ...result };
}

const nothingLoaded = (): LoadedUsage => ({
  counts: { ...noCounts },
  doubt: null,
  isOdd: false,
  quarantined: 0,
  first: null,
  rowsOf: new Map(),
});

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
    // The rows after a line that was left out stand one further down than they were counted.
    await warehouse.run(`
      update judged_usage
      set "_position" = "_position" + (
        select count(*)
        from (
          select
            "_file",
            "_position" - row_number() over (partition by "_file" order by "_position") + 1 as counted_position
          from judged_usage
          where misread.reason like 'is no row of the table%'
        ) as lines
        where lines."_file" = judged_usage."_file" and lines.counted_position <= judged_usage."_position"
      )
      where misread.is_fatal and misread.field <> ''`);
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
async function insertAll(
  warehouse: Warehouse,
  opened: readonly OpenedLoad[],
  now: string,
): Promise<Map<UsageLoad, LoadedUsage>> {
  const [first] = opened;
  if (!first) return new Map();
  const { stream } = first.load.unit;
  const { from, to } = historyColumns(stream);
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  const selects = opened.map(
    (each) => `
      select ${names}, ${sqlText(now)}::timestamp, null, ${sqlText(each.load.loadId)}
      from (${readSql(each)})`,
  );
  await warehouse.run(`
    insert into ${rawTable(stream)} (${names}, ${from}, ${to}, _load_id)
    ${selects.join(" union all ")}`);
  const ids = opened.map(({ load }) => sqlText(load.loadId)).join(", ");
  const inserted = `(select * from ${rawTable(stream)} where _load_id in (${ids}))`;
  await requireDistinct(warehouse, stream, inserted, !opened.every(({ source }) => source.isPlain));
  const counted = await warehouse.all<{ _load_id: string; project_id: string | null; rows: string }>(
    `select _load_id, project_id, count(*) as rows from ${inserted} group by all`,
  );
  return new Map(
    opened.map(({ load }) => {
      const own = counted.filter((each) => each._load_id === load.loadId);
      const rowsOf = new Map(own.map(({ project_id: project, rows }) => [project, Number(rows)]));
      const rows = own.reduce((sum, each) => sum + Number(each.rows), 0);
      return [load, { ...nothingLoaded(), counts: { ...noCounts, rows, new: rows }, rowsOf }];
    }),
  );
}

async function insertDifferences(
  warehouse: Warehouse,
  load: UsageLoad,
  rowsSql: string,
  now: string,
  care: boolean | "judged",
): Promise<{ counts: Counts; rowsOf: RowsOf; doubt?: "pages" }> {
  const { stream } = load.unit;
  const { usage } = load;
  const incoming = "incoming_usage";
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  await warehouse.run(
    `create or replace temp table ${incoming} (_load integer default 0, ${declaredColumns(stream).join(", ")});
     insert into ${incoming} (${names}) ${rowsSql}`,
  );
  if (care !== "judged") await requireDistinct(warehouse, stream, incoming, care);
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
    return { counts: { ...noCounts }, rowsOf: new Map(), doubt: "pages" };
  }
  await applyOutcome(warehouse, diff, counted, now);
  const byProject = await warehouse.all<{ project_id: string | null; rows: string }>(
    `select project_id, count(*) as rows from ${incoming} group by project_id`,
  );
  await warehouse.run(`drop table ${incoming}`);
  return { counts, rowsOf: new Map(byProject.map(({ project_id: id, rows }) => [id, Number(rows)])) };
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

/** Those of whose days and projects something is known already. */
async function loadsWithKnownRows(
  warehouse: Warehouse,
  loads: readonly UsageLoad[],
): Promise<Set<UsageLoad>> {
  const found = await warehouse.all<{ load: number }>(
    loads
      .map(
        (load, index) => `
          (
            select ${index} as load
            from ${rawTable(load.unit.stream)} as known
            where known.${historyColumns(load.unit.stream).to} is null and ${knownSql(load)}
            limit 1
          )`,
      )
      .join(" union all "),
  );
  return new Set(found.flatMap(({ load }) => loads[load] ?? []));
}

/** Throws NeedsCare where two rows have the same key, or, if that is to be looked for, a key is no text. */
async function requireDistinct(
  warehouse: Warehouse,
  stream: Stream,
  table: string,
  findsNested: boolean,
): Promise<void> {
  const keys = stream.columns.filter((column) => column.isKey || column.scope === "organization");
  const names = keys.map((column) => sqlName(column.name));
  const nested = keys
    .filter(({ kind, scope }) => findsNested && stream.format === "json" && kind === "text" && !scope)
    .map(({ name }) => `(${name}[1] in ('{', '[') and json_valid(${name}))`);
  // A collision of hashes only means that the rows are told apart with more care than needed.
  const counted = await warehouse.first<{ rows: string; keys: string; nested: string }>(
    `select
       count(*) as rows,
       count(distinct hash(${names.join(", ")})) as keys,
       ${nested.length > 0 ? `count(*) filter (${nested.join(" or ")})` : 0} as nested
     from ${table}`,
  );
  if (counted && (counted.rows !== counted.keys || Number(counted.nested) > 0)) throw new NeedsCare();
}
