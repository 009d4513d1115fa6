import type { Answer } from "../answer.ts";
import { parameter, parseQuery } from "../query.ts";
import { drawn } from "./hit.ts";
import { fieldOf, type Listing, type Row } from "./rows.ts";

/** Faults in what a list holds: whole and well-formed as far as HTTP and JSON go, and wrong all the same. */

export const shapes = ["items-object", "items-missing", "bare-list", "word", "missing", "null-row"] as const;
export type Shape = (typeof shapes)[number];

/** Null where the list has nothing that could be of that shape. */
export function misshapen(
  listing: Listing,
  form: Shape | undefined,
  { field, row, random }: { field: string | undefined; row: number | undefined; random: () => number },
): Answer | null {
  const { rows, format, withBody, withRows } = listing;
  // Of a CSV file and of an empty list only some shapes can be had.
  const possible = shapes.filter((shape) =>
    shape === "word" || shape === "missing"
      ? rows.length > 0
      : format === "json" && (shape !== "null-row" || rows.length > 0),
  );
  const chosen = form ?? (possible.length > 0 ? drawn(possible, random) : undefined);
  if (chosen === undefined || !possible.includes(chosen)) return null;
  const number = row ?? Math.floor(random() * rows.length);
  const changed = (change: (one: Row) => Row | null) =>
    withRows(rows.map((one, position) => (position === number ? change(one) : one)));
  switch (chosen) {
    case "items-object":
      return withBody((body, key) => ({ ...body, [key]: { ...rows } }));
    case "items-missing":
      return withBody((body, key) =>
        Object.fromEntries(Object.entries(body).filter(([name]) => name !== key)),
      );
    case "bare-list":
      return withBody(() => rows);
    case "null-row":
      return changed(() => null);
    case "word":
    case "missing": {
      const struck = rows[number];
      const name = struck ? fieldOf(struck, field) : null;
      if (name === null) return null;
      return changed((one) =>
        chosen === "word"
          ? { ...one, [name]: "many" }
          : Object.fromEntries(Object.entries(one).filter(([key]) => key !== name)),
      );
    }
  }
}

/** At least one row comes more than once. */
export function repeated(
  { rows, withRows }: Listing,
  { share, copies, random }: { share: number; copies: number; random: () => number },
): Answer | null {
  if (rows.length === 0) return null;
  const certain = Math.floor(random() * rows.length);
  const again = rows.filter((_, position) => random() < share || position === certain);
  return withRows([...rows, ...Array.from({ length: copies }, () => again).flat()]);
}

const tokenIn = (target: string): string | undefined =>
  parameter(parseQuery(target.split("?")[1] ?? ""), "next_token") || undefined;

/** The token of the page that begins a list: after a place that is before every other. */
const firstPageToken = Buffer.from(JSON.stringify(["", ""])).toString("base64url");

/** The page of a list that can't be read to its end. */
export function loopingPage(
  { format, withBody }: Listing,
  form: "same" | "around",
  target: string,
): Answer | null {
  if (format === "csv") return null;
  const here = tokenIn(target) ?? firstPageToken;
  return withBody((body) => {
    const next = form === "around" && typeof body.next_page_token === "string" ? body.next_page_token : null;
    return { ...body, next_page_token: next ?? (form === "same" ? here : firstPageToken) };
  });
}

/**
 * A page after the first, as a server answers it that counts rows: where one appeared before it, the last row
 * of the page before comes again; where one went, the page's first row is missed. Pages that come before are
 * remembered by the token that they gave out.
 */
export function shiftedPage(
  { rows, withRows, withBody, format }: Listing,
  form: () => "appears" | "disappears",
  target: string,
  memory: Map<string, unknown>,
): Answer | null {
  if (format === "csv") return null;
  withBody((body) => {
    const next = body.next_page_token;
    if (typeof next === "string" && rows.length > 0) memory.set(next, rows.at(-1));
    return body;
  });
  const token = tokenIn(target);
  const before = token === undefined ? undefined : (memory.get(token) as Row | undefined);
  if (before === undefined || rows.length === 0) return null;
  return withRows(form() === "appears" ? [before, ...rows] : rows.slice(1));
}
