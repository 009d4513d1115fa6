import type { Column, Stream } from "./streams.ts";

/**
 * Of an answer only what the stream's columns name, with lists that are only counted as their length. What is
 * of another shape keeps its shape and loses its contents, so that it is found out as such.
 */
export function onlyColumns(stream: Stream, answer: unknown): unknown {
  const columns = stream.columns.filter((column) => !column.scope);
  const row = (value: unknown) => (isObject(value) ? picked(columns, value) : emptied(value));
  if (!isObject(answer)) return emptied(answer);
  if (stream.rowsKey === null) return row(answer);
  const rows = answer[stream.rowsKey];
  const token = answer.next_page_token;
  return {
    ...(stream.rowsKey in answer
      ? { [stream.rowsKey]: Array.isArray(rows) ? rows.map(row) : emptied(rows) }
      : Object.fromEntries(Object.keys(answer).map((key) => [key, null]))),
    ...(typeof token === "string" && { next_page_token: token }),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function emptied(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (isObject(value)) return {};
  return typeof value === "string" ? "" : value === null ? null : 0;
}

function picked(columns: readonly Column[], row: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const column of columns) {
    const path = (column.from ?? column.name).split(".");
    const last = path.pop() ?? "";
    let source: unknown = row;
    let target = kept;
    for (const part of path) {
      source = isObject(source) ? source[part] : undefined;
      if (!isObject(target[part])) target[part] = {};
      target = target[part] as Record<string, unknown>;
    }
    const value = isObject(source) ? source[last] : undefined;
    if (value === undefined) continue;
    target[last] = column.kind === "count" ? countOf(value) : isScalar(value) ? value : emptied(value);
  }
  return kept;
}

const isScalar = (value: unknown) => typeof value !== "object" || value === null;

function countOf(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}
