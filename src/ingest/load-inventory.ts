import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { columnSelects } from "./column-sql.ts";
import { applyDiff, type Counts } from "./diff.ts";
import type { LandedFile, Landing } from "./land.ts";
import { historyColumns, rawTable } from "./raw-tables.ts";
import { openRows, type RowSource } from "./row-source.ts";
import { type Stream, streams } from "./streams.ts";
import type { Unit } from "./units.ts";

export interface InventoryLoad {
  unit: Unit;
  files: readonly LandedFile[];
  landing: Landing;
  now: string;
  loadId: string;
}

/** Loads one list of the inventory in one transaction, and does `inTransaction` in the same. */
export async function loadInventory(
  warehouse: Warehouse,
  load: InventoryLoad,
  inTransaction: (counts: Counts) => Promise<void>,
): Promise<Counts> {
  const { unit, files, landing, now, loadId } = load;
  const { stream } = unit;
  const source = await openRows(stream, files, landing, false);
  const incoming = "incoming_inventory";
  const keys = stream.columns.filter((column) => column.isKey);
  const keyNames = keys.map((column) => sqlName(column.name)).join(", ");
  const newestFirst = [
    ...stream.columns
      .filter((column) => column.name === "updated_at")
      .map(() => "updated_at desc nulls last"),
    ...stream.columns.map((column) => `${sqlName(column.name)}::varchar`),
  ].join(", ");
  try {
    return await warehouse.transaction(async () => {
      await warehouse.run(`
        create or replace temp table ${incoming} as
        select ${columnSelects(stream, source, unit).join(", ")}
        from ${source.relation}
        where ${isOwnRow(unit, source.text)}`);
      await requireKeys(warehouse, incoming, keys);
      // A list that shifted while it was paged through gives a row twice: the newest counts.
      await warehouse.run(`
        create or replace temp table ${incoming} as
        select *
        from ${incoming}
        qualify row_number() over (partition by ${keyNames} order by ${newestFirst}) = 1`);
      const counts = await applyDiff(warehouse, {
        stream,
        incoming,
        coveredSql: scopeSql(unit),
        now,
        loadId,
      });
      await inTransaction(counts);
      await warehouse.run(`drop table ${incoming}`);
      return counts;
    });
  } finally {
    await source.release();
  }
}

/** A server may answer with more than it was asked for; another organisation's rows are not for this scope. */
function isOwnRow({ stream, organizationId }: Unit, text: RowSource["text"]): string {
  if (organizationId === null || stream.rowsKey === null || stream.scope !== "organization") return "true";
  const value = `unquoted(${text({ name: "organization_id", kind: "text" })})`;
  return `coalesce(${value}, ${sqlText(organizationId)}) = ${sqlText(organizationId)}`;
}

function scopeSql({ stream, organizationId, projectId }: Unit): string {
  const conditions = ["true"];
  const has = (scope: "organization" | "project") => stream.columns.some((column) => column.scope === scope);
  if (organizationId !== null && has("organization")) {
    conditions.push(`known.organization_id = ${sqlText(organizationId)}`);
  }
  if (projectId !== null && has("project")) conditions.push(`known.project_id = ${sqlText(projectId)}`);
  return conditions.join(" and ");
}

async function requireKeys(warehouse: Warehouse, table: string, keys: Stream["columns"]): Promise<void> {
  for (const { name } of keys) {
    const found = await warehouse.first<{ missing: string; rows: string }>(
      `select count(*) filter (${sqlName(name)} is null) as missing, count(*) as rows from ${table}`,
    );
    if (found && found.missing !== "0") {
      throw new LoadError(`${found.missing} of ${found.rows} rows have no ${name}`);
    }
  }
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
  for (const stream of streams.filter((each) => each.scope === "project")) {
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
