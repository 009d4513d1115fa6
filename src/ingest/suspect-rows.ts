import type { Column, Stream } from "./streams.ts";

/** What a list was found to hold while it landed. */
export interface RowsOutline {
  /** What tells its rows apart, each once. */
  ids: string[];
  /** Rows without what a row needs. */
  brokenRows: number;
  /** Rows with a value that is odd, such as a size that is a word. */
  unusualRows: number;
  /** Whether an id among them is a UUID. */
  hasUuids: boolean;
}

const uuid = /^"?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"?$/i;

/** Looks through the rows of a list, so that a page that went wrong can be asked for again by itself. */
export function outlineRows(stream: Stream, answer: unknown): RowsOutline {
  const rows = stream.rowsKey === null || !isObject(answer) ? [] : answer[stream.rowsKey];
  const columns = stream.columns.filter((column) => !column.scope);
  const keys = columns.filter((column) => column.isKey);
  const outline = { ids: new Set<string>(), brokenRows: 0, unusualRows: 0 };
  let uuids = 0;
  let others = 0;
  for (const row of Array.isArray(rows) ? rows : []) {
    if (!isObject(row)) continue;
    outline.ids.add(JSON.stringify(keys.map((column) => cellOf(row, column))));
    if (keys.some((column) => isBroken(cellOf(row, column), column))) outline.brokenRows++;
    else if (columns.some((column) => isUnusual(cellOf(row, column), column))) outline.unusualRows++;
    if (typeof row.id === "string") uuid.test(row.id) ? uuids++ : others++;
  }
  return {
    ...outline,
    ids: [...outline.ids],
    // Where ids are UUIDs, one that is not is odd.
    unusualRows: outline.unusualRows + (uuids > 0 ? others : 0),
    hasUuids: uuids > 0,
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function cellOf(row: Record<string, unknown>, { name, from }: Column): unknown {
  return (from ?? name)
    .split(".")
    .reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), row);
}

const isLeftOut = (value: unknown) => value === undefined || value === null || value === "";

const isBroken = (value: unknown, { isRequired }: Column): boolean =>
  (isRequired !== false && isLeftOut(value)) || (typeof value === "object" && value !== null);

function isUnusual(value: unknown, { kind, isPromised }: Column): boolean {
  if (isLeftOut(value)) return isPromised === true;
  switch (kind) {
    case "integer":
      return Number.isNaN(Number(String(value).replaceAll('"', "")));
    case "size":
      return !/[0-9]/.test(String(value));
    default:
      return false;
  }
}
