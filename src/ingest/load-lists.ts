import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects, misreadSql } from "./column-sql.ts";
import { applyOutcome, type Counts, compareRows, noCounts } from "./diff.ts";
import type { Landing } from "./land.ts";
import type { Load, Loaded } from "./load.ts";
import { quarantineRows } from "./quarantine.ts";
import { historyColumns, rawTable } from "./raw-tables.ts";
import { openItems } from "./row-source.ts";
import { type ScopeColumn, type Stream, streams } from "./streams.ts";

const incoming = "incoming_rows";

/**
 * Loads lists of one stream, each for a scope of its own, within the transaction that is open. A load that
 * leaves doubts, and may still be read again, is left out and says so.
 */
export async function loadLists(
  { warehouse, landing, accounts }: { warehouse: Warehouse; landing: Landing; accounts: readonly string[] },
  stream: Stream,
  loads: readonly Load[],
  now: string,
): Promise<Loaded[]> {
  const results = loads.map(
    (): Loaded => ({ counts: { ...noCounts }, doubt: null, isOdd: false, quarantined: 0, first: null }),
  );
  const source = await openItems(
    stream,
    loads.flatMap(({ files }) => files),
    landing,
  );
  try {
    await warehouse.run(`
      create or replace temp table read_rows as
      with loads as (
        ${loadsSql(loads)}
      ),
      files as (
        ${filesSql(loads)}
      )
      select
        loads._load,
        files.file_order,
        ${source.file} as "_file",
        ${source.position} as "_position",
        ${misreadSql(stream, source, source.rowKind)} as misread,
        ${columnSelects(stream, source, scopeColumns, "try_cast").join(", ")}
      from ${source.relation}
      inner join files
        on files.path = ${source.file}
      inner join loads
        on loads._load = files._load
      where ${isOwnRow(stream, source.text({ name: "organization_id", kind: "text" }))}`);
  } finally {
    await source.release();
  }
  await putAside(warehouse, stream, loads, results, now);
  // A list that shifted while it was read gives a row twice: the newest counts.
  const names = stream.columns.map((column) => sqlName(column.name));
  const keys = stream.columns.filter((column) => column.isKey).map(({ name }) => sqlName(name));
  const newestFirst = [
    ...names.filter((name) => name === '"updated_at"').map((name) => `${name} desc nulls last`),
    "file_order desc",
    ...names.map((name) => `${name}::varchar`),
  ];
  await warehouse.run(`
    create or replace temp table ${incoming} as
    select _load, ${names.join(", ")}
    from read_rows
    where not coalesce(misread.is_fatal, false)
    qualify row_number() over (partition by ${["_load", ...keys].join(", ")} order by ${newestFirst.join(", ")}) = 1`);
  const diff = {
    stream,
    incoming,
    loads: loads.map(({ loadId, isWhole }, index) => ({
      loadId,
      closes: stream.history === "inventory" && isWhole && results[index]?.quarantined === 0,
    })),
  };
  const counts = await compareRows(warehouse, { ...diff, knownSql: knownSql(stream, loads, accounts) });
  await leaveOutDoubted(warehouse, loads, counts, results);
  await applyOutcome(warehouse, diff, counts, now);
  await warehouse.run(`drop table ${incoming}; drop table read_rows`);
  for (const [index, result] of results.entries()) result.counts = counts[index] ?? result.counts;
  return results;
}

const scopeColumns = {
  account: "loads.account",
  organization: "loads.organization_id",
  project: "loads.project_id",
  from: "loads.from_date",
  to: "loads.to_date",
};

const text = (value: string | null): string => (value === null ? "null" : sqlText(value));

const loadsSql = (loads: readonly Load[]): string =>
  `select _load, account::varchar as account, organization_id::varchar as organization_id, project_id::varchar as project_id,
     from_date::date as from_date, to_date::date as to_date
   from (values ${loads
     .map(
       ({ unit }, index) =>
         `(${index}, ${text(unit.account)}, ${text(unit.organizationId)}, ${text(unit.projectId)}, ${text(unit.span?.from ?? null)}, ${text(unit.span?.to ?? null)})`,
     )
     .join(", ")}) as loads(_load, account, organization_id, project_id, from_date, to_date)`;

const filesSql = (loads: readonly Load[]): string =>
  `select path, _load, file_order
   from (values ${loads
     .flatMap(({ files }, index) => files.map(({ path }, order) => `(${sqlText(path)}, ${index}, ${order})`))
     .join(", ")}) as files(path, _load, file_order)`;

/** A server may answer with more than it was asked for; another organisation's rows are not for this scope. */
const isOwnRow = ({ rowsKey, scope }: Stream, organization: string): string =>
  rowsKey === null || scope !== "organization"
    ? "true"
    : `coalesce(unquoted(${organization}), loads.organization_id) = loads.organization_id`;

/** What is known within the loads' scopes. What an account brought that is read no more is any other's to go by. */
function knownSql(stream: Stream, loads: readonly Load[], accounts: readonly string[]): string {
  const has = (scope: ScopeColumn) => stream.columns.some((column) => column.scope === scope);
  const isForsaken = `coalesce(known.account, '') not in (${(accounts.length > 0 ? accounts : [""]).map(sqlText).join(", ")})`;
  const conditions = [
    ...(has("account") ? [`(known.account is not distinct from loads.account or ${isForsaken})`] : []),
    ...(has("organization") ? ["known.organization_id = loads.organization_id"] : []),
    ...(has("project") ? ["known.project_id = loads.project_id"] : []),
  ];
  const names = stream.columns.map(({ name }) => `known.${sqlName(name)}`);
  return `
    select known.rowid as row_id, loads._load, ${names.join(", ")}
    from ${rawTable(stream)} as known
    inner join (${loadsSql(loads)}) as loads
      on ${conditions.join(" and ") || "true"}
    where known.${historyColumns(stream).to} is null`;
}

/** Puts aside what can't be read. Its page was asked for again as it landed, so there is no doubt. */
async function putAside(
  warehouse: Warehouse,
  stream: Stream,
  loads: readonly Load[],
  results: readonly Loaded[],
  now: string,
): Promise<void> {
  const misread = await warehouse.all<{ _load: number }>(
    "select distinct _load::integer as _load from read_rows where misread.is_fatal",
  );
  for (const { _load: index } of misread) {
    const [load, result] = [loads[index], results[index]];
    if (!load || !result) continue;
    const condition = `_load = ${index}`;
    Object.assign(result, await quarantineRows(warehouse, stream, load, "read_rows", condition, now));
  }
}

/** What is gone from a list of several pages may only have slipped between them: that is believed the second time. */
async function leaveOutDoubted(
  warehouse: Warehouse,
  loads: readonly Load[],
  counts: readonly Counts[],
  results: Loaded[],
): Promise<void> {
  const left: number[] = [];
  for (const [index, load] of loads.entries()) {
    const [count, result] = [counts[index], results[index]];
    if (!count || !result) continue;
    const isFirst = count.unchanged + count.changed === 0;
    if (!load.settles.pages && load.hasPages && (count.gone > 0 || isFirst)) result.doubt ??= "pages";
    if (result.doubt === null) continue;
    Object.assign(count, noCounts);
    left.push(index);
  }
  if (left.length > 0) await warehouse.run(`delete from outcome where _load in (${left.join(", ")})`);
}

/**
 * Closes what is known of projects that the organisation no longer has. To be called in the transaction that
 * loads its list of projects, so that only a list that was read can make anything disappear.
 *
 * @returns how many rows were closed, by stream
 */
export async function closeGoneProjects(
  warehouse: Warehouse,
  organizationId: string,
  now: string,
): Promise<Map<string, number>> {
  const closed = new Map<string, number>();
  for (const stream of streams.filter((each) => each.scope === "project" && each.history === "inventory")) {
    const { from, to } = historyColumns(stream);
    const isGone = `
      ${to} is null
      and organization_id = ${sqlText(organizationId)}
      and project_id not in (
        select id
        from raw.projects
        where _valid_to is null and organization_id = ${sqlText(organizationId)}
      )`;
    const counted = await warehouse.first<{ rows: string }>(
      `select count(*) as rows from ${rawTable(stream)} where ${isGone}`,
    );
    if (!counted || counted.rows === "0") continue;
    await warehouse.run(
      `update ${rawTable(stream)} set ${to} = greatest($now::timestamp, ${from}) where ${isGone}`,
      { now },
    );
    closed.set(stream.name, Number(counted.rows));
  }
  return closed;
}
