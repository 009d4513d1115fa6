import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { PublishedTable } from "./published-tables.ts";

/** A day of a table, or all of one without days, and what tells its rows from others. */
export interface Part {
  part: string;
  fingerprint: string;
}

/** What is to be written of a table. */
export interface ChangedParts {
  /** The parts whose rows are written. */
  written: Part[];
  /** The parts that have rows in the target and none any more. */
  gone: string[];
  /** The rows of all of them, as a condition that both databases take. */
  isAmong: string;
}

/** The part of a table that has no days. */
const whole = "all";
/** The part of the rows whose usage_date is null. */
const withoutDay = "none";

/**
 * Compares a table with what was copied of it.
 *
 * @param known what was copied; nothing where all of it is to be written
 */
export async function changedParts(
  analytics: Warehouse,
  table: PublishedTable,
  known: readonly Part[],
): Promise<ChangedParts> {
  const before = new Map(known.map(({ part, fingerprint }) => [part, fingerprint]));
  const now = await partsOf(analytics, table);
  const written = now.filter(({ part, fingerprint }) => before.get(part) !== fingerprint);
  const names = new Set(now.map(({ part }) => part));
  const gone = [...before.keys()].filter((part) => !names.has(part));
  const isAll = before.size === 0 || !table.hasDays;
  return {
    written,
    gone,
    isAmong: isAll ? "true" : isOneOf([...written.map(({ part }) => part), ...gone]),
  };
}

/** Remembers in the table `copied` of the target that these parts of a table were written. */
export function recordParts(copied: string, table: string, parts: ChangedParts): string[] {
  const names = [...parts.written.map(({ part }) => part), ...parts.gone];
  if (names.length === 0) return [];
  const values = parts.written.map(
    ({ part, fingerprint }) => `(${sqlText(table)}, ${sqlText(part)}, ${sqlText(fingerprint)})`,
  );
  return [
    `delete from ${copied} where table_name = ${sqlText(table)} and part in (${names.map(sqlText).join(", ")})`,
    ...(values.length === 0
      ? []
      : [`insert into ${copied} (table_name, part, fingerprint) values ${values.join(", ")}`]),
  ];
}

async function partsOf(analytics: Warehouse, { table, columns, hasDays }: PublishedTable): Promise<Part[]> {
  const row = `hash(${columns.map(({ name }) => sqlName(name)).join(", ")})`;
  return analytics.all<Part & Record<string, string>>(`
    select
      ${hasDays ? `coalesce(usage_date::varchar, ${sqlText(withoutDay)})` : sqlText(whole)} as part,
      count(*) || ' ' || coalesce(sum(${row}::hugeint), 0) as fingerprint
    from ${sqlName(table)}
    ${hasDays ? "group by usage_date" : ""}
    order by part
  `);
}

function isOneOf(parts: readonly string[]): string {
  const days = parts.filter((part) => part !== withoutDay).map((day) => `date ${sqlText(day)}`);
  const conditions = [
    ...(days.length === 0 ? [] : [`usage_date in (${days.join(", ")})`]),
    ...(days.length === parts.length ? [] : ["usage_date is null"]),
  ];
  return conditions.length === 0 ? "false" : `(${conditions.join(" or ")})`;
}
