import { BodyError } from "./body-error.ts";
import type { PlainRows } from "./json-outline.ts";

/** What a whole CSV answer was found to hold, without ever having been in memory at once. */
export interface CsvOutline {
  /** The cells of its first record; empty where the answer is. */
  header: readonly string[];
  /** How many records follow the header. */
  rows: number;
  /** Whether it has line breaks inside of cells, or line breaks of more than one kind. */
  isIrregular: boolean;
  /** Whether its last line has no break, as the line that a cut would leave. */
  endsOpen: boolean;
  /** All of it, if it is regular and has no quote at all. */
  plainRows: PlainRows | null;
}

export interface CsvScanner {
  push(chunk: Uint8Array): void;
  /** @throws BodyError where the answer ended early */
  end(): CsvOutline;
}

const longestHeader = 256 * 1024;

/**
 * Scans a CSV answer (RFC 4180, any line break) chunk by chunk: checks that its quotes are closed, reads the
 * header, and counts the records. Blank lines are no records.
 *
 * @throws BodyError from push, where the bytes are a page or JSON
 */
export function createCsvScanner(): CsvScanner {
  let headerBytes: number[] = [];
  let header: string[] | null = null;
  let records = 0;
  let isQuoted = false;
  // A quote inside of a quoted cell: either its end or, with one more, a quote.
  let isAfterQuote = false;
  let isCellStart = true;
  let isLineEmpty = true;
  let isAfterReturn = false;
  let hasReturns = false;
  let hasBareFeeds = false;
  let hasBareReturns = false;
  let hasBreaksInCells = false;
  let hasQuotes = false;
  let scanned = 0;
  let isStart = true;

  const endRecord = () => {
    if (!isLineEmpty) {
      if (header) records++;
      else header = cellsOf(Buffer.from(headerBytes).toString());
      headerBytes = [];
    }
    isLineEmpty = true;
    isCellStart = true;
  };

  function push(chunk: Uint8Array): void {
    const { length } = chunk;
    scanned += length;
    for (let index = 0; index < length; index++) {
      const byte = chunk[index] ?? 0;
      if (isStart && byte > 0x20 && byte < 0x80) {
        isStart = false;
        if (byte === 0x3c) throw new BodyError("it is a page, not CSV");
        if (byte === 0x7b || byte === 0x5b) throw new BodyError("it is JSON, not CSV");
      }
      if (header === null && headerBytes.length < longestHeader) headerBytes.push(byte);
      if (isQuoted) {
        if (byte === 0x22) {
          isQuoted = false;
          isAfterQuote = true;
        } else if (byte === 0x0a || byte === 0x0d) hasBreaksInCells = true;
        continue;
      }
      const isFeed = byte === 0x0a;
      if (isAfterReturn && !isFeed) hasBareReturns = true;
      if (isFeed) {
        if (isAfterReturn) hasReturns = true;
        else hasBareFeeds = true;
      }
      const endsPair = isFeed && isAfterReturn;
      isAfterReturn = byte === 0x0d;
      if (isFeed || isAfterReturn) {
        isAfterQuote = false;
        if (!endsPair) endRecord();
        continue;
      }
      isLineEmpty = false;
      if (byte === 0x22) hasQuotes = true;
      if (byte === 0x22 && (isCellStart || isAfterQuote)) isQuoted = true;
      isAfterQuote = false;
      isCellStart = byte === 0x2c;
    }
  }

  return {
    push,
    end() {
      if (isQuoted) throw new BodyError("it ends early, inside of a quoted cell");
      const endsOpen = !isLineEmpty;
      endRecord();
      const breaks = [hasReturns, hasBareFeeds, hasBareReturns].filter(Boolean).length;
      const isIrregular = hasBreaksInCells || breaks > 1;
      return {
        header: header ?? [],
        rows: records,
        isIrregular,
        endsOpen,
        plainRows: hasQuotes || isIrregular ? null : { from: 0, to: scanned },
      };
    },
  };
}

/** The cells of one record. */
function cellsOf(record: string): string[] {
  const cells = record.replace(/^\ufeff/, "").match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,]*)/g) ?? [];
  return cells.map((cell) => {
    const content = cell.replace(/^,/, "").replace(/[\r\n]+$/, "");
    return /^".*"$/s.test(content) ? content.slice(1, -1).replaceAll('""', '"') : content;
  });
}
