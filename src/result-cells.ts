import type { Json } from "@duckdb/node-api";

/** Whether a column of that type, as DuckDB writes it, holds numbers. */
export function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type);
}

/**
 * A value as JSON. DECIMAL and BIGINT come as text, and are numerals in JSON: exact there, and it is the reader who
 * rounds.
 */
export function jsonOf(value: Json, isNumber: boolean): string {
  return isNumber && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)
    ? value
    : JSON.stringify(value);
}

/** A value as text: null is none, lists and structs are JSON. */
export function textOf(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
