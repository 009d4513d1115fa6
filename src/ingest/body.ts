import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import { BodyError } from "./body-error.ts";
import { createCsvScanner } from "./csv-scan.ts";
import { createJsonScanner } from "./json-scan.ts";
import type { LandedFile } from "./land.ts";
import { onlyColumns } from "./only-columns.ts";
import { withoutSecrets } from "./secrets.ts";
import { seriesAsRows } from "./series-rows.ts";
import { type Misshape, misshapeOfKeys } from "./shape.ts";
import type { Stream } from "./streams.ts";
import { outlineRows } from "./suspect-rows.ts";

/** What a body was found to hold while it passed. */
export type Outline = Omit<
  LandedFile,
  "path" | "bytes" | "bodyBytes" | "sha256" | "requestedAt" | "listForm"
>;

const outlineOfNothing: Outline = {
  rows: 0,
  nextPageToken: null,
  hasLongNumbers: false,
  header: [],
  isIrregular: false,
  misshape: null,
  oddRows: 0,
  looksCut: false,
  plainRows: null,
  ids: [],
  brokenRows: 0,
  unusualRows: 0,
  hasUuids: false,
};

const gzipLevel = 3;

export interface WrittenBody {
  bytes: number;
  bodyBytes: number;
  sha256: string;
  outline: Outline;
}

/**
 * Writes a body to a new file, gzipped, and says what it holds. Usage may be large and holds no secret: it is
 * written as it comes. The rest is looked through in memory, and written without what may be secret.
 *
 * @throws BodyError where it is not whole, or no JSON or CSV
 */
export async function writeBody(
  stream: Stream,
  body: AsyncIterable<Uint8Array>,
  path: string,
): Promise<WrittenBody> {
  if (stream.history !== "usage") return writeWhole(stream, await wholeOf(body), path);
  const { chunks, outline } = scanned(stream, body);
  return { ...(await writeGzipped(path, chunks)), outline: outline() };
}

async function wholeOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function writeWhole(stream: Stream, came: Buffer, path: string): Promise<WrittenBody> {
  let answer: unknown;
  try {
    answer = JSON.parse(came.toString().replace(/^\ufeff/, ""));
  } catch {
    // Without the parser's own words: they quote the body, which may hold a secret.
    throw new BodyError(
      came.length === 0 ? "it is empty" : `it is not JSON, or ends early, after ${came.length} bytes`,
    );
  }
  const kept = keptOf(stream, answer);
  const bytes = kept === answer ? came : Buffer.from(JSON.stringify(kept));
  const scanner = createJsonScanner(stream.rowsKey);
  scanner.push(bytes);
  const outline = { ...jsonOutline(stream, scanner), ...outlineRows(stream, kept) };
  const packed = gzipSync(bytes, { level: gzipLevel });
  await writeFile(path, packed, { flag: "wx" });
  const sha256 = createHash("sha256").update(packed).digest("hex");
  return { bytes: packed.length, bodyBytes: bytes.length, sha256, outline };
}

/** What of an answer is written to disk. */
function keptOf(stream: Stream, answer: unknown): unknown {
  switch (stream.lands) {
    case "columns":
      return onlyColumns(stream, answer);
    case "series":
      return seriesAsRows(withoutSecrets(answer));
    default:
      return withoutSecrets(answer);
  }
}

function jsonOutline(stream: Stream, scanner: ReturnType<typeof createJsonScanner>): Outline {
  const { rows, strings, hasLongNumbers, keys, misshape, oddRows, plainRows } = scanner.end();
  const fields = stream.columns.filter((column) => !column.scope);
  const expected = fields.map(({ name, from }) => (from ?? name).split(".", 1)[0] ?? name);
  const found: Misshape | null = misshape ?? misshapeOfKeys(keys, stream.rowsKey, expected);
  return {
    ...outlineOfNothing,
    rows: found ? 0 : stream.rowsKey === null ? 1 : rows,
    nextPageToken: strings.get("next_page_token") || null,
    hasLongNumbers,
    misshape: found,
    oddRows,
    plainRows: found ? null : plainRows,
    looksCut: stream.rowsKey !== null && !found && !keys.has(stream.rowsKey),
  };
}

/** The body, checked as it passes; its outline is there once all of it has. */
function scanned(stream: Stream, body: AsyncIterable<Uint8Array>) {
  let result = outlineOfNothing;
  const outline = () => result;
  if (stream.format === "csv") {
    const scanner = createCsvScanner();
    const finish = () => {
      const { header, rows, isIrregular, endsOpen, plainRows } = scanner.end();
      result = { ...outlineOfNothing, header, rows, isIrregular, looksCut: endsOpen, plainRows };
    };
    return { chunks: passing(body, scanner.push, finish), outline };
  }
  const scanner = createJsonScanner(stream.rowsKey);
  const finish = () => {
    result = jsonOutline(stream, scanner);
  };
  return { chunks: passing(body, scanner.push, finish), outline };
}

async function* passing(
  body: AsyncIterable<Uint8Array>,
  push: (chunk: Uint8Array) => void,
  finish: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    push(chunk);
    yield chunk;
  }
  finish();
}

async function writeGzipped(path: string, chunks: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  let bytes = 0;
  let bodyBytes = 0;
  await pipeline(
    chunks,
    async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        bodyBytes += chunk.byteLength;
        yield chunk;
      }
    },
    createGzip({ level: gzipLevel }),
    async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(path, { flags: "wx" }),
  );
  return { bytes, bodyBytes, sha256: hash.digest("hex") };
}
