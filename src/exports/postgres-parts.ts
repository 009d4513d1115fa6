import { sqlText } from "../warehouse.ts";
import { type ChangedParts, whole, withoutDay } from "./copied-parts.ts";

/** The rows of the parts that change, as a condition that DuckDB and PostgreSQL take. */
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

/** Remembers in the table `copied` of the target that these parts of a table were written. */
export function recordParts(copied: string, table: string, { written, gone }: ChangedParts): string[] {
  const names = [...written.map(({ part }) => part), ...gone];
  if (names.length === 0) return [];
  const values = written.map(
    ({ part, fingerprint }) => `(${sqlText(table)}, ${sqlText(part)}, ${sqlText(fingerprint)})`,
  );
  return [
    `delete from ${copied} where table_name = ${sqlText(table)} and part in (${names.map(sqlText).join(", ")})`,
    ...(values.length === 0
      ? []
      : [`insert into ${copied} (table_name, part, fingerprint) values ${values.join(", ")}`]),
  ];
}
