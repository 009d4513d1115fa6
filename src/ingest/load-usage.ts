import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects, strictChecks } from "./column-sql.ts";
import { applyDiff, type Counts } from "./diff.ts";
import type { LandedFile, Landing } from "./land.ts";
import { declaredColumns, historyColumns, rawTable } from "./raw-tables.ts";
import { openRows, type RowSource } from "./row-source.ts";
import type { Stream } from "./streams.ts";
import type { Unit, UsageScope } from "./units.ts";

export interface UsageLoad {
  unit: Unit;
  usage: UsageScope;
  files: readonly LandedFile[];
  landing: Landing;
  now: string;
  loadId: string;
}

/** A key came twice, so that rows have to be told apart with more care. */
class RepeatedKey extends Error {}

/**
 * Loads one window of usage in one transaction, and does `inTransaction` in the same with the table or
 * subquery that holds the rows read.
 */
export async function loadUsage(
  warehouse: Warehouse,
  load: UsageLoad,
  inTransaction: (counts: Counts, rowsRead: string) => Promise<void>,
): Promise<Counts> {
  try {
    return await attemptLoad(warehouse, load, false, inTransaction);
  } catch (error) {
    if (!(error instanceof RepeatedKey)) throw error;
    return attemptLoad(warehouse, load, true, inTransaction);
  }
}

async function attemptLoad(
  warehouse: Warehouse,
  load: UsageLoad,
  isExact: boolean,
  inTransaction: (counts: Counts, rowsRead: string) => Promise<void>,
): Promise<Counts> {
  const { unit, files, landing } = load;
  const source = await openRows(unit.stream, files, landing, isExact);
  try {
    await requireAllRows(warehouse, source);
    return await warehouse.transaction(async () => {
      const isFirst = !(await hasKnownRows(warehouse, load));
      const { counts, rowsRead } = isFirst
        ? await insertAll(warehouse, load, source, isExact)
        : await insertDifferences(warehouse, load, source, isExact);
      await inTransaction(counts, rowsRead);
      await warehouse.run("drop table if exists incoming_usage");
      return counts;
    });
  } catch (error) {
    if (error instanceof RepeatedKey || error instanceof LoadError) throw error;
    throw (await unreadableValues(warehouse, unit.stream, source)) ?? error;
  } finally {
    await source.release();
  }
}

/** Nothing is known of these days yet: what was read goes straight in. */
async function insertAll(warehouse: Warehouse, load: UsageLoad, source: RowSource, isExact: boolean) {
  const { stream } = load.unit;
  const { from, to } = historyColumns(stream);
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  await warehouse.run(`
    insert into ${rawTable(stream)} (${names}, ${from}, ${to}, _load_id)
    select ${names}, ${sqlText(load.now)}::timestamp, null, ${sqlText(load.loadId)}
    from (${rowsSql(load, source, isExact)})`);
  const inserted = `(select * from ${rawTable(stream)} where _load_id = ${sqlText(load.loadId)})`;
  const rows = await countRows(warehouse, stream, inserted, isExact);
  return { counts: { rows, new: rows, changed: 0, gone: 0, unchanged: 0 }, rowsRead: inserted };
}

async function insertDifferences(warehouse: Warehouse, load: UsageLoad, source: RowSource, isExact: boolean) {
  const { stream } = load.unit;
  const { usage } = load;
  const incoming = "incoming_usage";
  const names = stream.columns.map((column) => sqlName(column.name)).join(", ");
  await warehouse.run(
    `create or replace temp table ${incoming} (${declaredColumns(stream).join(", ")});
     insert into ${incoming} (${names}) ${rowsSql(load, source, isExact)}`,
  );
  await countRows(warehouse, stream, incoming, isExact);
  // The read covers what was asked for, and what came without having been asked for.
  const covers = (column: string, asked: readonly string[]) =>
    `(${inList(`known.${column}`, asked)} or coalesce(known.${column}, '') in
       (select coalesce(${column}, '') from ${incoming}))`;
  const counts = await applyDiff(warehouse, {
    stream,
    incoming,
    coveredSql: [
      knownSql(load, "known"),
      covers("project_id", usage.projects),
      covers("resource_type", usage.resourceTypes),
      covers("region", usage.regions),
    ].join(" and "),
    now: load.now,
    loadId: load.loadId,
  });
  return { counts, rowsRead: incoming };
}

/** What was read, typed and clipped to the unit's days and projects. */
function rowsSql({ unit, usage }: UsageLoad, source: RowSource, isExact: boolean): string {
  const { stream } = unit;
  const { window } = usage;
  // A day that can't be read is let through here, so that the table refuses it aloud.
  const clipped = `
    select *
    from (select ${columnSelects(stream, source, unit).join(", ")} from ${source.relation})
    where coalesce(usage_date between ${sqlText(window.from)}::date and ${sqlText(window.to)}::date, true)
      and ${isOwnProject("project_id", usage)}`;
  if (!isExact) return clipped;
  const select = stream.columns.map(({ name, kind, isKey, scope }) => {
    if (kind === "quantity") return `cast(sum(${name}) as decimal(28,12)) as ${name}`;
    return isKey || scope ? name : `max(${name}) as ${name}`;
  });
  const keys = stream.columns.filter(({ isKey, scope }) => isKey || scope).map(({ name }) => name);
  return `select ${select.join(", ")} from (${clipped}) group by ${keys.join(", ")}`;
}

const inList = (expression: string, texts: readonly string[]): string =>
  texts.length > 0 ? `coalesce(${expression}, '') in (${texts.map(sqlText).join(", ")})` : "false";

const isOwnProject = (expression: string, { otherProjects }: UsageScope): string =>
  `not ${inList(expression, otherProjects)}`;

function knownSql({ unit, usage }: UsageLoad, table: string): string {
  return [
    `${table}.organization_id is not distinct from ${unit.organizationId === null ? "null" : sqlText(unit.organizationId)}`,
    `${table}.usage_date between ${sqlText(usage.window.from)}::date and ${sqlText(usage.window.to)}::date`,
    isOwnProject(`${table}.project_id`, usage),
  ].join(" and ");
}

async function hasKnownRows(warehouse: Warehouse, load: UsageLoad): Promise<boolean> {
  const { stream } = load.unit;
  const found = await warehouse.first(
    `select 1 as found
     from ${rawTable(stream)} as known
     where known.${historyColumns(stream).to} is null and ${knownSql(load, "known")}
     limit 1`,
  );
  return found !== undefined;
}

/** How many rows there are; throws RepeatedKey where two have the same key. */
async function countRows(
  warehouse: Warehouse,
  stream: Stream,
  table: string,
  isExact: boolean,
): Promise<number> {
  const keys = stream.columns.filter((column) => column.isKey).map((column) => sqlName(column.name));
  // A collision of hashes only means that the rows are told apart with more care than needed.
  const distinct = isExact ? "count(*)" : `count(distinct hash(${keys.join(", ")}))`;
  const counted = await warehouse.first<{ rows: string; keys: string }>(
    `select count(*) as rows, ${distinct} as keys from ${table}`,
  );
  if (counted && counted.rows !== counted.keys) throw new RepeatedKey();
  return Number(counted?.rows ?? 0);
}

async function requireAllRows(warehouse: Warehouse, source: RowSource): Promise<void> {
  if (source.expectedRows === null) return;
  const counted = await warehouse.first<{ rows: string }>(`select count(*) as rows from ${source.relation}`);
  if (Number(counted?.rows) !== source.expectedRows) {
    throw new LoadError(
      `the answer has ${source.expectedRows} rows, but only ${counted?.rows} of them can be told apart`,
    );
  }
}

/** The reason why a load failed, where it is that a day or a quantity can't be read. */
async function unreadableValues(
  warehouse: Warehouse,
  stream: Stream,
  source: RowSource,
): Promise<LoadError | null> {
  for (const { column, text, readable } of strictChecks(stream, source)) {
    const found = await warehouse
      .first<{ rows: string; unreadable: string; example: string | null }>(
        `select
           count(*) as rows,
           count(*) filter (${readable} is null) as unreadable,
           first(left(${text}, 60)) filter (${readable} is null) as example
         from ${source.relation}`,
      )
      .catch(() => undefined);
    if (!found || found.unreadable === "0") continue;
    const shown = found.example === null ? "missing" : JSON.stringify(found.example);
    return new LoadError(
      `${found.unreadable} of ${found.rows} rows have a ${column.from ?? column.name} that can't be read, the first is ${shown}`,
    );
  }
  return null;
}
