import type { Stream } from "./streams.ts";

/** What tells each row of a list from the others, in order, to see whether its pages shifted while it was read. */
export function rowIds(stream: Stream, answer: unknown): string[] {
  if (stream.rowsKey === null || typeof answer !== "object" || answer === null) return [];
  const rows = (answer as Record<string, unknown>)[stream.rowsKey];
  if (!Array.isArray(rows)) return [];
  const keys = stream.columns.filter((column) => column.isKey && !column.scope);
  return rows.map((row) =>
    JSON.stringify(keys.map(({ name, from }) => (row as Record<string, unknown> | null)?.[from ?? name])),
  );
}
