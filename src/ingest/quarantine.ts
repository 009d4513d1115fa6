import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Load } from "./load.ts";
import type { Stream } from "./streams.ts";

/** What was put aside of one load. */
export interface PutAside {
  quarantined: number;
  /** Where the first of it stood, and what is wrong with it, as a sentence without its stop. */
  first: string | null;
}

/**
 * Notes in raw.quarantine the rows of a table that can't be read: it has `_file`, `_position` and `misread`.
 * The rows themselves stay in the landed file alone, since what is wrong with them may be anything.
 */
export async function quarantineRows(
  warehouse: Warehouse,
  stream: Stream,
  { unit, loadId }: Load,
  table: string,
  condition: string,
  now: string,
): Promise<PutAside> {
  const project = unit.usage ? "project_id" : unit.projectId === null ? "null" : sqlText(unit.projectId);
  await warehouse.run(`
    insert into raw.quarantine (
      load_id, stream, organization_id, project_id, path, reason, file, quarantined_at
    )
    select
      ${sqlText(loadId)},
      ${sqlText(stream.name)},
      ${unit.organizationId === null ? "null" : sqlText(unit.organizationId)},
      ${project},
      ${pathSql(stream)},
      misread.reason,
      _file,
      ${sqlText(now)}::timestamp
    from ${table}
    where misread.is_fatal and ${condition}
    order by _file, _position`);
  return quarantinedOf(warehouse, loadId);
}

/** How many rows of a load are in quarantine, and the first of them. */
export async function quarantinedOf(warehouse: Warehouse, loadId: string): Promise<PutAside> {
  const found = await warehouse.first<{ rows: string; first: string | null }>(
    `select count(*) as rows, first(path || ' ' || reason) as first
     from raw.quarantine
     where load_id = $loadId`,
    { loadId },
  );
  return { quarantined: Number(found?.rows ?? 0), first: found?.first ?? null };
}

function pathSql({ format, rowsKey }: Stream): string {
  if (format === "csv")
    return "'row ' || _position || case misread.field when '' then '' else ', ' || misread.field end";
  const row = rowsKey === null ? "'$'" : `${sqlText(rowsKey)} || '[' || _position || ']'`;
  return `${row} || case misread.field when '' then '' else '.' || misread.field end`;
}
