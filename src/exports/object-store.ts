import { createHash } from "node:crypto";
import { TallyError } from "../errors/tally-error.ts";
import { openObjectStore, type Redact } from "../object-store.ts";
import { inMemory, openWarehouse, sqlText, type Warehouse } from "../warehouse.ts";
import { changedParts, type Part, partsOf, whole, withoutDay } from "./copied-parts.ts";
import { parquetValues } from "./parquet-types.ts";
import { type ExportContext, withPublished } from "./published.ts";
import { monthColumn, type PublishedTable, publishedTables } from "./published-tables.ts";

export interface ObjectStoreCopy {
  /** How many rows were written; months that did not change are not. */
  rows: number;
  /** The tables of which something was written. */
  changed: string[];
}

export const objectStoreSetting = "object_store under [publish]";

/** The object that says what was copied. */
const copiedName = "meta_copy/meta_copy.parquet";

/** What is known of one object. */
interface CopiedPart extends Part {
  table: string;
}

/**
 * Copies the published tables to an object store as Parquet, by month, as `<table>/month=2026-10/<table>.parquet`, those
 * without days as `<table>/<table>.parquet`. Only months that changed are written. Each object is replaced at once, so
 * that nobody reads half of one; of several, a reader may meanwhile see some of the last night.
 *
 * @throws ExtensionError where DuckDB's part for object stores is not installed
 * @throws TallyError where the store can't be reached or written; the next copy writes what this one could not
 */
export async function copyToObjectStore(context: ExportContext, url: string): Promise<ObjectStoreCopy> {
  return withPublished(context, async (analytics) => {
    const { effects } = context;
    const redact = await openObjectStore(analytics, url, { effects, setting: objectStoreSetting });
    try {
      return await copyTables(analytics, url.replace(/\/+$/, ""));
    } catch (error) {
      throw copyError(error, url, redact);
    }
  });
}

async function copyTables(analytics: Warehouse, base: string): Promise<ObjectStoreCopy> {
  const objects = await objectsBelow(analytics, base);
  const known = objects.has(`${base}/${copiedName}`) ? await readCopied(analytics, base) : [];
  const next: CopiedPart[] = [];
  const changed: string[] = [];
  let rows = 0;
  for (const table of await publishedTables(analytics)) {
    const before = known.filter(
      // What somebody has removed since is written again.
      (each) => each.table === table.table && objects.has(nameOf(base, table, each.part)),
    );
    const wanted = await wantedParts(analytics, table, before);
    const { written } = changedParts(wanted, before);
    for (const { part } of written) rows += await writePart(analytics, base, table, part);
    if (written.length > 0) changed.push(table.table);
    next.push(...wanted.map((each) => ({ ...each, table: table.table })));
  }
  if (changed.length > 0) await writeCopied(analytics, base, next);
  return { rows, changed };
}

/**
 * What the objects of a table are to be. One whose rows are gone is to be empty, which needs no right to remove any; and
 * a table of days that has none has an empty one, too, so that its columns can be read.
 */
async function wantedParts(
  analytics: Warehouse,
  table: PublishedTable,
  before: readonly Part[],
): Promise<Part[]> {
  const columns = table.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
  const shape = createHash("sha256").update(columns).digest("hex").slice(0, 16);
  const full = await partsOf(analytics, table, "month");
  const there = new Set(full.map(({ part }) => part));
  const empty = [...before.map(({ part }) => part), ...(there.size === 0 ? [withoutDay] : [])];
  return [
    ...full.map(({ part, fingerprint }) => ({ part, fingerprint: `${shape} ${fingerprint}` })),
    ...[...new Set(empty)]
      .filter((part) => !there.has(part))
      .map((part) => ({ part, fingerprint: `${shape} empty` })),
  ];
}

async function objectsBelow(analytics: Warehouse, base: string): Promise<Set<string>> {
  const rows = await analytics.all<{ file: string }>(
    `select file from glob(${sqlText(`${base}/**/*.parquet`)})`,
  );
  return new Set(rows.map(({ file }) => file));
}

function nameOf(base: string, table: PublishedTable, part: string): string {
  const file = `${table.table}.parquet`;
  if (part === whole) return `${base}/${table.table}/${file}`;
  const month = part === withoutDay ? "__HIVE_DEFAULT_PARTITION__" : part;
  return `${base}/${table.table}/${monthColumn(table)}=${month}/${file}`;
}

async function writePart(
  analytics: Warehouse,
  base: string,
  table: PublishedTable,
  part: string,
): Promise<number> {
  const rows =
    part === whole
      ? "true"
      : part === withoutDay
        ? "usage_date is null"
        : `usage_date between date '${part}-01' and last_day(date '${part}-01')`;
  const row = await analytics.first<{ Count: string }>(`
    copy (select ${parquetValues(table)} from ${table.relation} where ${rows})
    to ${sqlText(nameOf(base, table, part))} (format parquet, compression zstd)
  `);
  return Number(row?.Count ?? 0);
}

async function readCopied(analytics: Warehouse, base: string): Promise<CopiedPart[]> {
  return analytics.all<CopiedPart>(`
    select table_name as "table", part, fingerprint from read_parquet(${sqlText(`${base}/${copiedName}`)})
  `);
}

/** Written last: what is not in it counts as not copied. */
async function writeCopied(analytics: Warehouse, base: string, parts: readonly CopiedPart[]): Promise<void> {
  const values = parts.map(
    ({ table, part, fingerprint }) => `(${sqlText(table)}, ${sqlText(part)}, ${sqlText(fingerprint)})`,
  );
  await analytics.run(`
    copy (select * from (values ${values.join(", ")}) as copied (table_name, part, fingerprint))
    to ${sqlText(`${base}/${copiedName}`)} (format parquet, compression zstd)
  `);
}

/**
 * Sees whether the store answers and lists what is there, and changes nothing.
 *
 * @throws TallyError that says what is in the way
 */
export async function checkObjectStore(
  { effects, config }: Pick<ExportContext, "effects" | "config">,
  url: string,
): Promise<void> {
  const memory = await openWarehouse(inMemory, config.warehouse);
  try {
    const redact = await openObjectStore(memory, url, { effects, setting: objectStoreSetting });
    await objectsBelow(memory, url.replace(/\/+$/, "")).catch((error: unknown) => {
      throw copyError(error, url, redact);
    });
  } finally {
    memory.close();
  }
}

function copyError(error: unknown, url: string, redact: Redact): TallyError {
  if (error instanceof TallyError) return error;
  const text = redact(error instanceof Error ? error.message : String(error));
  const reason = (text.split("\n", 1)[0] ?? "").replace(/\.$/, "");
  return new TallyError(`The tables can't be copied to ${url}: ${reason}.`, {
    hint: "See that the bucket is there, and that the key may read, list and write below that address; AWS_REGION and AWS_ENDPOINT_URL_S3 say where it is. The next copy writes what this one could not.",
    cause: new Error(redact(error instanceof Error ? (error.stack ?? text) : text)),
  });
}
