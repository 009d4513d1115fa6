import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { BodyError } from "./body-error.ts";
import { createCsvScanner } from "./csv-scan.ts";
import { createJsonScanner } from "./json-scan.ts";
import type { LandedFile } from "./land.ts";
import { withoutSecrets } from "./secrets.ts";
import type { Stream } from "./streams.ts";

/** What a body was found to hold while it passed. */
export type Outline = Pick<
  LandedFile,
  "rows" | "nextPageToken" | "hasLongNumbers" | "header" | "isIrregular"
>;
export type ScannedBody = { chunks: AsyncIterable<Uint8Array>; outline: () => Outline };

const outlineOfNothing: Outline = {
  rows: 0,
  nextPageToken: null,
  hasLongNumbers: false,
  header: [],
  isIrregular: false,
};

/** The body, checked as it passes; its outline is there once all of it has. */
export function scanned(stream: Stream, body: AsyncIterable<Uint8Array>): ScannedBody {
  let result = outlineOfNothing;
  const outline = () => result;
  if (stream.format === "csv") {
    const scanner = createCsvScanner();
    const finish = () => {
      result = { ...outlineOfNothing, ...scanner.end() };
    };
    return { chunks: passing(body, scanner.push, finish), outline };
  }
  const scanner = createJsonScanner(stream.rowsKey);
  const finish = () => {
    const { rows, strings, hasLongNumbers } = scanner.end();
    result = {
      ...outlineOfNothing,
      rows: stream.rowsKey === null ? 1 : rows,
      nextPageToken: strings.get("next_page_token") || null,
      hasLongNumbers,
    };
  };
  // Usage may be large and holds no secret; the rest is small enough to be looked through.
  const chunks = stream.history === "usage" ? body : inspected(body);
  return { chunks: passing(chunks, scanner.push, finish), outline };
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

/** The body as it came where it holds no secret, else without them. */
async function* inspected(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString().replace(/^\ufeff/, ""));
  } catch {
    // Without the parser's own words: they quote the body, which may hold a secret.
    throw new BodyError(
      bytes.length === 0 ? "it is empty" : `it is not JSON, or ends early, after ${bytes.length} bytes`,
    );
  }
  const kept = withoutSecrets(answer);
  yield kept === answer ? bytes : Buffer.from(JSON.stringify(kept));
}

/** Writes the chunks to a new file, gzipped; when it returns, they are on disk. */
export async function writeGzipped(path: string, chunks: AsyncIterable<Uint8Array>) {
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
    createGzip({ level: 3 }),
    async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(path, { flags: "wx" }),
  );
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, bodyBytes, sha256: hash.digest("hex") };
}
