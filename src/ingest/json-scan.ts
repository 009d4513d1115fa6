import { BodyError } from "./body-error.ts";
import type { JsonOutline } from "./json-outline.ts";
import {
  createCapture,
  createNumberSearch,
  digitsAlwaysKept,
  digitsEverKept,
  isKeptByDouble,
} from "./json-tokens.ts";
import { kindOfJson, type Misshape } from "./shape.ts";

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
 * and well-formed, counts the rows, keeps the strings at its top, and says where it is of another shape. With a
 * `sink` it also hands on the rows, and to spare copies changes the chunks as it does.
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
  /** Whether a word such as true, which reads as a number to some, stands in the rows. */
  let hasWords = false;
  const captured = createCapture();
  const quotedNumbers = createNumberSearch();

  const fail = (index: number): never => {
    throw new BodyError(`it is not JSON, from byte ${offset + index} on`);
  };

  function push(chunk: Uint8Array): void {
    // Where the part of this chunk begins that the sink has not had.
    let from = 0;
    // Where a number or word began; -1 where that was in an earlier chunk.
    let bareStart = -1;
    // Where a string began; 0 where that was in an earlier chunk.
    let textStart = 0;
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
    const endString = (end: number) => {
      if (isInRows && !isKey) quotedNumbers.look(chunk, textStart, end, true);
      mode = structure;
      if (isKey) {
        if (objects.length === 1) {
          topKey = captured.end() ?? "";
          if (keys.size < mostKeys) keys.add(topKey);
        }
        expected = colon;
      } else {
        if (objects.length === 1) {
          const text = captured.end();
          if (text !== null) strings.set(topKey, text);
        }
        endValue();
      }
    };

    const { length } = chunk;
    let index = 0;
    while (index < length) {
      let byte = chunk[index] ?? 0;
      if (mode === string) {
        const start = index;
        while (byte !== 0x22 && byte !== 0x5c && ++index < length) byte = chunk[index] ?? 0;
        if (objects.length === 1) captured.add(chunk, start, index);
        if (index === length) {
          if (isInRows && !isKey) quotedNumbers.look(chunk, textStart, length, false);
          break;
        }
        if (byte === 0x5c) {
          if (objects.length === 1) captured.add(chunk, index, index + 1);
          if (isInRows) arePlain = false;
          mode = escaped;
          index++;
        } else {
          endString(index);
          index++;
        }
        continue;
      }
      if (mode === escaped) {
        if (objects.length === 1) captured.add(chunk, index, index + 1);
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
          if (objects.length === 1) captured.begin();
          mode = string;
          textStart = index + 1;
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
          if (isInRows && isWord && byte !== 0x6e) hasWords = true;
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
      const hasBareNumbers = !hasWords && !quotedNumbers.isFound;
      const plainRows = isPlain ? { from: rowsFrom, to: rowsTo, hasBareNumbers } : null;
      return { rows, strings, hasLongNumbers, keys, misshape, oddRows, plainRows };
    },
  };
}
