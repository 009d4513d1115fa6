import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { PublishedTable } from "./published-tables.ts";

/** A day or a month of a table, or all of one without days, and what tells its rows from others. */
export interface Part {
  part: string;
  fingerprint: string;
}

/** What is to be written of a table. */
export interface ChangedParts {
  /** The parts whose rows are written. */
  written: Part[];
  /** The parts that the target has, and that have no rows any more. */
  gone: string[];
}

/** The part of a table that has no days. */
export const whole = "all";
/** The part of the rows whose usage_date is null. */
export const withoutDay = "none";

/** What a part is of the tables that have days. */
export type PartSize = "day" | "month";

const partOf: Record<PartSize, string> = {
  day: "usage_date::varchar",
  month: "strftime(usage_date, '%Y-%m')",
};

/** The parts of a table that has rows, and of one without days that has none. */
export async function partsOf(
  analytics: Warehouse,
  { relation, columns, hasDays }: PublishedTable,
  size: PartSize,
): Promise<Part[]> {
  const row = `hash(${columns.map(({ name }) => sqlName(name)).join(", ")})`;
  return analytics.all<Part & Record<string, string>>(`
    select
      ${hasDays ? `coalesce(${partOf[size]}, ${sqlText(withoutDay)})` : sqlText(whole)} as part,
      count(*) || ' ' || coalesce(sum(${row}::hugeint), 0) as fingerprint
    from ${relation}
    ${hasDays ? "group by part" : ""}
    order by part
  `);
}

/** Compares what there is with what was copied. */
export function changedParts(now: readonly Part[], before: readonly Part[]): ChangedParts {
  const known = new Map(before.map(({ part, fingerprint }) => [part, fingerprint]));
  const there = new Set(now.map(({ part }) => part));
  return {
    written: now.filter(({ part, fingerprint }) => known.get(part) !== fingerprint),
    gone: [...known.keys()].filter((part) => !there.has(part)),
  };
}

/** The rows of the parts that change, where they are days, as a condition that DuckDB and PostgreSQL take. */
export function rowsOf({ written, gone }: ChangedParts): string {
  const parts = [...written.map(({ part }) => part), ...gone];
  if (parts.includes(whole)) return "true";
  const days = parts.filter((part) => part !== withoutDay).map((day) => `date ${sqlText(day)}`);
  const conditions = [
    ...(days.length === 0 ? [] : [`usage_date in (${days.join(", ")})`]),
    ...(days.length === parts.length ? [] : ["usage_date is null"]),
  ];
  return conditions.length === 0 ? "false" : `(${conditions.join(" or ")})`;
}
