import { sqlName, type Warehouse } from "../warehouse.ts";
import { applyOutcome, type Counts, compareRows, noCounts } from "./diff.ts";
import { declaredColumns, historyColumns, rawTable } from "./raw-tables.ts";
import type { Stream } from "./streams.ts";
import { inList, knownSql, NeedsCare, type RowsOf, type UsageLoad } from "./usage-load.ts";

interface Differences {
  counts: Counts;
  rowsOf: RowsOf;
  doubt?: "pages";
}

/**
 * Brings the rows of a window into the history of what is known of it, within the usageTransaction that is
 * open: what differs is closed and opened anew.
 *
 * @throws NeedsCare where two rows have the same key
 */
export async function insertDifferences(
  warehouse: Warehouse,
  load: UsageLoad,
  rowsSql: string,
  now: string,
  care: boolean | "judged",
): Promise<Differences> {
  // Each window's tables are gone before the next: given back at once, they don't add up to another 100 MB.
  await warehouse.run("set allocator_bulk_deallocation_flush_threshold = '32MB'");
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

/** Those of whose days and projects something is known already. */
export async function loadsWithKnownRows(
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
export async function requireDistinct(
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
