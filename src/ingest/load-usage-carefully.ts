import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects, misreadSql } from "./column-sql.ts";
import { csvRows, rejected } from "./csv-rows.ts";
import type { Landing } from "./land.ts";
import { quarantineRows } from "./quarantine.ts";
import { openItems } from "./row-source.ts";
import type { Stream } from "./streams.ts";
import { insertDifferences } from "./usage-differences.ts";
import { clippedSql, type LoadedUsage, nothingLoaded, scopeOf, type UsageLoad } from "./usage-load.ts";

/**
 * Loads a window of usage, within the usageTransaction that is open, with every row judged: what can't be read is
 * put aside, a row that is identical to another in all that came with it is one, and rows of one key that differ
 * are summed.
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

function summedSql(stream: Stream, rowsSql: string): string {
  const select = stream.columns.map(({ name, kind, isKey, scope }) => {
    if (kind === "quantity" || kind === "amount") return `cast(sum(${name}) as decimal(28,12)) as ${name}`;
    return isKey || scope ? name : `max(${name}) as ${name}`;
  });
  const keys = stream.columns.filter(({ isKey, scope }) => isKey || scope).map(({ name }) => name);
  return `select ${select.join(", ")} from (${rowsSql}) group by ${keys.join(", ")}`;
}
