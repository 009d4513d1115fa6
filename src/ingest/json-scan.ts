import { BodyError } from "./body-error.ts";
import { kindOfJson, type Misshape } from "./shape.ts";

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
}

export interface JsonScanner {
  push(chunk: Uint8Array): void;
  /** @throws BodyError where the answer ended early */
  end(): JsonOutline;
}

/** Takes the rows as they are found, each on a line of its own. */
export interface RowSink {
  write(bytes: Uint8Array): void;
  /** Whether numbers that stand directly in a row are quoted, so that every digit survives. */
  quotesNumbers: boolean;
}

/** A double keeps every number of so many digits, and of those with more up to the second count, some. */
const digitsAlwaysKept = 15;
const digitsEverKept = 17;
const longestString = 64 * 1024;
const mostKeys = 1_000;

// What may come next.
const value = 0;
const valueOrEnd = 1;
const keyOrEnd = 2;
const key = 3;
const colon = 4;
const commaOrEnd = 5;
const nothing = 6;

// What is being read.
const structure = 0;
const string = 1;
const escaped = 2;
const bare = 3;

const quoteByte = new Uint8Array([0x22]);
const lineBreak = new Uint8Array([0x0a]);

/**
 * Scans a JSON answer, an object that has its rows under `rowsKey`, chunk by chunk: checks that it is whole
 * and well-formed, counts the rows, keeps the strings at its top, and says where it is of another shape. With a `sink` it also hands on the rows,
 * and to spare copies changes the chunks as it does.
 *
 * @throws BodyError from push, where the bytes are no JSON
 */
export function createJsonScanner(rowsKey: string | null, sink?: RowSink): JsonScanner {
  const objects: boolean[] = [];
  let expected = value;
  let mode = structure;
  let offset = 0;
  let isKey = false;
  let topKey = "";
  let captured: Uint8Array[] | null = null;
  let capturedBytes = 0;
  let rows = 0;
  let isInRows = false;
  let isHanding = false;
  let digits = 0;
  let hasExponent = false;
  let hasLongNumbers = false;
  let isQuoting = false;
  const strings = new Map<string, string>();
  const keys = new Set<string>();
  let misshape: Misshape | null = null;
  let oddRows = 0;
  let rowsFrom = -1;
  let rowsTo = -1;
  let arePlain = true;

  const fail = (index: number): never => {
    throw new BodyError(`it is not JSON, from byte ${offset + index} on`);
  };

  function push(chunk: Uint8Array): void {
    // Where the part of this chunk begins that the sink has not had.
    let from = 0;
    // Where a number or word began; -1 where that was in an earlier chunk.
    let bareStart = -1;
    const hand = (to: number) => {
      if (sink && isHanding && to > from) sink.write(chunk.subarray(from, to));
      from = to;
    };
    const startValue = (index: number, byte: number) => {
      if (expected !== value && expected !== valueOrEnd) fail(index);
      const depth = objects.length;
      if (depth === 0 && byte !== 0x7b) {
        misshape = { path: "$", reason: `is ${kindOfJson(byte)}, not an object` };
      }
      if (depth === 1 && topKey === rowsKey && objects[0] && byte !== 0x5b && byte !== 0x6e) {
        misshape = { path: topKey, reason: `is ${kindOfJson(byte)}, not a list` };
      }
      if (depth === 2 && isInRows) {
        if (byte !== 0x7b) oddRows++;
        if (rows++ === 0 && sink) {
          isHanding = true;
          from = index;
        }
      }
    };
    const endValue = () => {
      expected = objects.length === 0 ? nothing : commaOrEnd;
    };
    const endRows = (index: number) => {
      hand(index);
      if (isHanding) sink?.write(lineBreak);
      isHanding = false;
      isInRows = false;
      rowsTo = offset + index + 1;
    };
    const endBare = (end: number) => {
      if (digits > digitsAlwaysKept && !hasLongNumbers) {
        const token = bareStart === -1 ? "" : Buffer.from(chunk.subarray(bareStart, end)).toString();
        hasLongNumbers = digits > digitsEverKept || !isKeptByDouble(token);
      }
      if (isQuoting) {
        hand(end);
        sink?.write(quoteByte);
        isQuoting = false;
      }
      mode = structure;
      endValue();
    };
    const capture = (start: number, end: number) => {
      if (!captured) return;
      capturedBytes += end - start;
      if (capturedBytes > longestString) captured = null;
      else captured.push(chunk.slice(start, end));
    };
    const endString = () => {
      mode = structure;
      if (isKey) {
        if (objects.length === 1) {
          topKey = textOf(captured) ?? "";
          if (keys.size < mostKeys) keys.add(topKey);
        }
        expected = colon;
      } else {
        if (objects.length === 1) {
          const text = textOf(captured);
          if (text !== null) strings.set(topKey, text);
        }
        endValue();
      }
      captured = null;
    };

    const { length } = chunk;
    let index = 0;
    while (index < length) {
      let byte = chunk[index] ?? 0;
      if (mode === string) {
        const start = index;
        while (byte !== 0x22 && byte !== 0x5c && ++index < length) byte = chunk[index] ?? 0;
        if (captured) capture(start, index);
        if (index === length) break;
        if (byte === 0x5c) {
          if (captured) capture(index, index + 1);
          if (isInRows) arePlain = false;
          mode = escaped;
          index++;
        } else {
          index++;
          endString();
        }
        continue;
      }
      if (mode === escaped) {
        if (captured) capture(index, index + 1);
        mode = string;
        index++;
        continue;
      }
      if (mode === bare) {
        const isEnd = byte === 0x2c || byte === 0x5d || byte === 0x7d || byte <= 0x20;
        if (!isEnd) {
          if (byte >= 0x30 && byte <= 0x39) {
            if (!hasExponent && (digits > 0 || byte !== 0x30)) digits++;
          } else if (byte === 0x65 || byte === 0x45) hasExponent = true;
          else if (byte !== 0x2e && byte !== 0x2b && byte !== 0x2d && (byte < 0x61 || byte > 0x7a))
            fail(index);
          index++;
          continue;
        }
        endBare(index);
      }
      switch (byte) {
        case 0x20:
        case 0x09:
          break;
        case 0x0a:
        case 0x0d:
          // A row is handed on in one line; outside of a string any blank is as good as another.
          if (isHanding) chunk[index] = 0x20;
          break;
        case 0x22:
          isKey = expected === key || expected === keyOrEnd;
          if (!isKey) startValue(index, byte);
          if (objects.length === 1) {
            captured = [];
            capturedBytes = 0;
          }
          mode = string;
          break;
        case 0x7b:
        case 0x5b:
          startValue(index, byte);
          if (isInRows) {
            if (objects.length > 2) arePlain = false;
          } else if (objects.length === 1 && objects[0] && topKey === rowsKey && byte === 0x5b) {
            isInRows = true;
            if (rowsFrom !== -1) arePlain = false;
            rowsFrom = offset + index;
          }
          objects.push(byte === 0x7b);
          expected = byte === 0x7b ? keyOrEnd : valueOrEnd;
          break;
        case 0x7d:
        case 0x5d: {
          const isObject = byte === 0x7d;
          const isAllowed = expected === commaOrEnd || expected === (isObject ? keyOrEnd : valueOrEnd);
          if (!isAllowed || objects.pop() !== isObject) fail(index);
          if (isInRows && objects.length === 1) endRows(index);
          endValue();
          break;
        }
        case 0x3a:
          if (expected !== colon) fail(index);
          expected = value;
          break;
        case 0x2c:
          if (expected !== commaOrEnd) fail(index);
          expected = objects.at(-1) ? key : value;
          if (isHanding && objects.length === 2) chunk[index] = 0x0a;
          break;
        default: {
          const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
          const isWord = byte === 0x74 || byte === 0x66 || byte === 0x6e;
          if (!isNumber && !isWord) {
            // A byte order mark may stand before the answer, and nowhere else.
            if (offset + index < 3 && expected === value && objects.length === 0 && byte >= 0xbb) break;
            fail(index);
          }
          startValue(index, byte);
          mode = bare;
          bareStart = index;
          digits = isNumber && byte > 0x30 ? 1 : 0;
          hasExponent = !isNumber;
          if (sink?.quotesNumbers && isHanding && isNumber && objects.length === 3) {
            hand(index);
            sink.write(quoteByte);
            isQuoting = true;
          }
        }
      }
      index++;
    }
    hand(length);
    offset += length;
  }

  return {
    push,
    end() {
      if (expected !== nothing || mode !== structure) {
        throw new BodyError(offset === 0 ? "it is empty" : `it ends early, after ${offset} bytes`);
      }
      const isPlain = arePlain && rowsTo !== -1 && !hasLongNumbers && oddRows === 0 && !misshape;
      const plainRows = isPlain ? { from: rowsFrom, to: rowsTo } : null;
      return { rows, strings, hasLongNumbers, keys, misshape, oddRows, plainRows };
    },
  };
}

/** Whether a number is written as a double is, so that reading it as one loses nothing. */
const isKeptByDouble = (token: string): boolean =>
  String(Number(token)) === token.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

function textOf(captured: readonly Uint8Array[] | null): string | null {
  if (!captured) return null;
  try {
    return JSON.parse(`"${Buffer.concat(captured).toString()}"`) as string;
  } catch {
    return null;
  }
}
