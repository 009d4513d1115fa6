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

/** `{"items": […]}` of items that are JSON already, with what comes after the list. */
export const jsonList = (items: readonly string[], rest: Readonly<Record<string, unknown>>): Answer => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: `{"items":[${items.join(",")}]${afterList(rest)}`,
});

/** The same, or a list under another key, made from pages of items. */
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
  yield `]${afterList(rest)}`;
}

/** What ends an object that began with a list. */
const afterList = (rest: Readonly<Record<string, unknown>>): string => {
  const text = JSON.stringify(rest);
  return text === "{}" ? "}" : `,${text.slice(1)}`;
};

/** JSON that is made part by part. */
export const jsonParts = (parts: Iterable<string>): Answer => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: parts,
});

/** A CSV file (RFC 4180), made from its rows' texts. */
export const csv = (header: readonly string[], pages: Iterable<string>): Answer => ({
  status: 200,
  headers: {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="usage.csv"',
  },
  body: csvText(header, pages),
});

function* csvText(header: readonly string[], pages: Iterable<string>): Generator<string> {
  yield csvRow(header);
  yield* pages;
}

export const csvRow = (cells: readonly string[]): string => `${cells.map(csvCell).join(",")}\r\n`;
export const csvCell = (cell: string): string =>
  /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** The API's body for an error: its status as text, and a message. */
export const refused = ({ status, message }: Refusal): Answer =>
  json({ code: String(status), message }, status);
