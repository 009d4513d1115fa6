/** A double keeps every number of so many digits, and of those with more up to the second count, some. */
export const digitsAlwaysKept = 15;
export const digitsEverKept = 17;

/** Whether a number is written as a double is, so that reading it as one loses nothing. */
export const isKeptByDouble = (token: string): boolean =>
  String(Number(token)) === token.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

const longestString = 64 * 1024;

/** Keeps a string that may come in several chunks, unless it is longer than any that is looked for. */
export interface Capture {
  begin(): void;
  add(chunk: Uint8Array, from: number, to: number): void;
  /** The text of the string that ended; null where it is none, or too long. */
  end(): string | null;
}

export function createCapture(): Capture {
  let parts: Uint8Array[] | null = null;
  let bytes = 0;
  return {
    begin() {
      parts = [];
      bytes = 0;
    },
    add(chunk, from, to) {
      if (!parts) return;
      bytes += to - from;
      if (bytes > longestString) parts = null;
      else parts.push(chunk.slice(from, to));
    },
    end() {
      const ended = parts;
      parts = null;
      return ended && textOf(ended);
    },
  };
}

function textOf(parts: readonly Uint8Array[]): string | null {
  try {
    return JSON.parse(`"${Buffer.concat(parts).toString()}"`) as string;
  } catch {
    return null;
  }
}

/** Looks whether any text may be a number in quotes. */
export interface NumberSearch {
  isFound: boolean;
  /** Looks at a text, or at a part of one that comes in several chunks: all but the last of them are not whole. */
  look(chunk: Uint8Array, from: number, to: number, isWhole: boolean): void;
}

/** What is looked at of a text. */
const prefixBytes = 16;

export function createNumberSearch(): NumberSearch {
  let begun: Uint8Array | null = null;
  const search: NumberSearch = {
    isFound: false,
    look(chunk, from, to, isWhole) {
      if (search.isFound) return;
      if (begun === null && isWhole) {
        search.isFound = mayBeNumber(chunk, from, to);
        return;
      }
      const part = chunk.subarray(from, Math.min(to, from + prefixBytes));
      begun = Buffer.concat([begun ?? new Uint8Array(), part]).subarray(0, prefixBytes);
      if (!isWhole) return;
      search.isFound = mayBeNumber(begun, 0, begun.length);
      begun = null;
    },
  };
  return search;
}

const dash = 0x2d;

/**
 * Whether the text at these places may read as a number. Few that are none are taken for one, and neither a date
 * nor a UUID is: a number has a dash at its start and in its exponent alone.
 */
function mayBeNumber(bytes: Uint8Array, from: number, to: number): boolean {
  if (from >= to) return false;
  const first = bytes[from] ?? 0;
  const isDigit = first >= 0x30 && first <= 0x39;
  if (!isDigit && first !== dash && first !== 0x2b && first !== 0x2e && first > 0x20) return false;
  const hasDash = (place: number) => from + place < to && bytes[from + place] === dash;
  return !(hasDash(4) && hasDash(7)) && !(hasDash(8) && hasDash(13));
}
