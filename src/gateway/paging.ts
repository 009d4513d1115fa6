import { type Answer, json } from "./answer.ts";
import { parameter } from "./query.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";

/** Where something stands in a list: its sort key, then its id, which no two share. */
export type Position = readonly [key: string, id: string];

interface Paged<T> {
  items: T[];
  next_page_token?: string;
  prev_page_token?: string;
}

/**
 * One page of a sorted list. A token says after (or before) which item a page begins, not how many were
 * skipped, so nothing is lost or doubled when items come and go between pages.
 */
export function pageOf<T>(
  sorted: readonly T[],
  positionOf: (item: T) => Position,
  isDescending: boolean,
  limit: number,
  tokens: { next: string | undefined; prev: string | undefined },
): Paged<T> {
  const order = (item: T, position: Position) =>
    comparePositions(positionOf(item), position) * (isDescending ? -1 : 1);
  let begin = 0;
  let end = Math.min(limit, sorted.length);
  if (tokens.next) {
    const after = readToken(tokens.next);
    const found = sorted.findIndex((item) => order(item, after) > 0);
    begin = found < 0 ? sorted.length : found;
    end = Math.min(begin + limit, sorted.length);
  } else if (tokens.prev) {
    const before = readToken(tokens.prev);
    const found = sorted.findIndex((item) => order(item, before) >= 0);
    end = found < 0 ? sorted.length : found;
    begin = Math.max(0, end - limit);
  }
  const items = sorted.slice(begin, end);
  const [first, last] = [items[0], items.at(-1)];
  return {
    items,
    ...(last !== undefined && end < sorted.length && { next_page_token: writeToken(positionOf(last)) }),
    ...(first !== undefined && begin > 0 && { prev_page_token: writeToken(positionOf(first)) }),
  };
}

export const comparePositions = ([aKey, aId]: Position, [bKey, bId]: Position): number =>
  aKey < bKey ? -1 : aKey > bKey ? 1 : aId < bId ? -1 : aId > bId ? 1 : 0;

const writeToken = (position: Position): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

function readToken(token: string): Position {
  try {
    const position: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (
      Array.isArray(position) &&
      position.length === 2 &&
      position.every((part) => typeof part === "string")
    ) {
      return [String(position[0]), String(position[1])];
    }
  } catch {
    // Not JSON: no token of ours.
  }
  throw new Refusal(400, "that page token is not one that was given out");
}

/** An item as the API sends it, with what the quirks take away and add. */
export function shaped(
  call: Call,
  item: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { omittedFields, extraFields } = call.quirks;
  if (omittedFields.length === 0 && Object.keys(extraFields).length === 0) return item;
  const kept = Object.entries({ ...item, ...extraFields }).filter(
    ([field]) => !omittedFields.includes(field),
  );
  return Object.fromEntries(kept);
}

/** A list that the API sends whole; in pages where the gateway was told so. */
export const listOf = (call: Call, items: readonly Readonly<Record<string, unknown>>[]): Answer =>
  listOfEach(call, items, (item) => item);

/** The same of items whose bodies take a while: they are made of those that are on the page. */
export function listOfEach<T>(
  call: Call,
  items: readonly T[],
  bodyOf: (item: T) => Readonly<Record<string, unknown>>,
): Answer {
  const size = call.quirks.pageSizeOfOtherLists;
  if (size === null) return json({ items: items.map((item) => shaped(call, bodyOf(item))) });
  const tokens = { next: parameter(call.query, "next_token"), prev: parameter(call.query, "prev_token") };
  const numbered = items.map((item, number) => ({ item, number: String(number).padStart(9, "0") }));
  const { items: page, ...links } = pageOf(numbered, ({ number }) => [number, ""], false, size, tokens);
  return json({ items: page.map(({ item }) => shaped(call, bodyOf(item))), ...links });
}
