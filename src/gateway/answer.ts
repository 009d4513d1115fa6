import type { Refusal } from "./refusal.ts";

/** What the gateway sends back. A body in parts is sent as it is made, no faster than the client reads. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Iterable<string>;
}

export const json = (body: unknown, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** Done, and nothing to say about it. */
export const nothing: Answer = { status: 200, headers: {}, body: "" };

/** `{"items": […]}`, or a list under another key and with what comes after it, made from pages of items. */
export const jsonItems = (
  pages: Iterable<readonly unknown[]>,
  key = "items",
  rest: Readonly<Record<string, unknown>> = {},
): Answer => jsonParts(itemsText(pages, key, rest));

function* itemsText(
  pages: Iterable<readonly unknown[]>,
  key: string,
  rest: Readonly<Record<string, unknown>>,
): Generator<string> {
  yield `{${JSON.stringify(key)}:[`;
  let separator = "";
  for (const page of pages) {
    if (page.length === 0) continue;
    yield separator + page.map((item) => JSON.stringify(item)).join(",");
    separator = ",";
  }
  const after = Object.entries(rest).map(
    ([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  yield `]${after.join("")}}`;
}

/** JSON that is made part by part. */
export const jsonParts = (parts: Iterable<string>): Answer => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: parts,
});

/** A CSV file (RFC 4180), made row by row. */
export const csv = (header: readonly string[], pages: Iterable<readonly (readonly string[])[]>): Answer => ({
  status: 200,
  headers: {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="usage.csv"',
  },
  body: csvText(header, pages),
});

function* csvText(
  header: readonly string[],
  pages: Iterable<readonly (readonly string[])[]>,
): Generator<string> {
  yield csvRow(header);
  for (const page of pages) if (page.length > 0) yield page.map(csvRow).join("");
}

const csvRow = (cells: readonly string[]): string => `${cells.map(csvCell).join(",")}\r\n`;
const csvCell = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The API's body for an error: its status as text, and a message. */
export const refused = ({ status, message }: Refusal): Answer =>
  json({ code: String(status), message }, status);
