import type { Misshape } from "./shape.ts";

/** What a whole JSON answer was found to hold, without ever having been in memory at once. */
export interface JsonOutline {
  /** How many rows stand under the rows' key. */
  rows: number;
  /** The strings at the top of the answer, by key, such as next_page_token. */
  strings: ReadonlyMap<string, string>;
  /** Whether a number has more digits than a double keeps. */
  hasLongNumbers: boolean;
  /** The keys at the top of the answer. */
  keys: ReadonlySet<string>;
  /** Why its rows can't be got at: it is no object, or what stands under the rows' key is no list. */
  misshape: Misshape | null;
  /** How many of the rows are no objects. */
  oddRows: number;
  /** Where its rows stand, if they are plain. */
  plainRows: PlainRows | null;
}

/**
 * Rows that DuckDB can be trusted with as they stand: objects of texts without a backslash, so without a quote,
 * and of numbers that a double keeps. Given as the part of the unpacked body that holds them, from the byte at
 * `from` to the one before `to`.
 */
export interface PlainRows {
  from: number;
  to: number;
  /** JSON: whether no value but a number reads as one, so that none is lost by reading it as a double. */
  hasBareNumbers?: boolean;
}
