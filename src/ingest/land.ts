import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { StorageError } from "../errors/storage-error.ts";
import { BodyError } from "./body-error.ts";
import { createCsvScanner } from "./csv-scan.ts";
import { createJsonScanner } from "./json-scan.ts";
import { withoutSecrets } from "./secrets.ts";
import type { Query } from "./sign.ts";
import type { Stream } from "./streams.ts";

/** A response on disk, as it came, gzipped. */
export interface LandedFile {
  /** Below the folder of landed files, with `/` between its parts. */
  path: string;
  rows: number;
  bytes: number;
  /** Unpacked. */
  bodyBytes: number;
  /** Of the file as it lies on disk. */
  sha256: string;
  requestedAt: Date;
  nextPageToken: string | null;
  /** JSON: whether a number in it has more digits than a double keeps. */
  hasLongNumbers: boolean;
  /** CSV: its header. */
  header: readonly string[];
  /** CSV: line breaks within cells, or of several kinds. */
  isIrregular: boolean;
}

/** What a response answers, for its manifest entry. It holds no credential. */
export interface LandedRequest {
  loadId: string;
  stream: Stream;
  /** Words for the file's name, such as a month. */
  label: string;
  /** Counts the responses of a load, from 1. */
  part: number;
  requestedAt: Date;
  method: "GET";
  path: string;
  query: Query;
  organizationId: string | null;
  projectId: string | null;
  windowFrom: string | null;
  windowTo: string | null;
}

export interface Landing {
  /** A folder for files that are gone when the run is. */
  readonly scratch: string;
  /** Where a landed file lies. */
  absolute(path: string): string;
  /** Writes a body to disk as it comes. Throws a BodyError where it is not what the stream's answers are. */
  land(request: LandedRequest, body: AsyncIterable<Uint8Array>): Promise<LandedFile>;
  /** Adds the response's line to the manifest; the last of a load says so. */
  record(request: LandedRequest, file: LandedFile, isLast: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the folder of landed files. What a killed run left half-written is removed: it lies in one folder of
 * its own until it is whole.
 *
 * @throws StorageError where the folder can't be written
 */
export async function openLanding(root: string, runId: string): Promise<Landing> {
  const scratch = join(root, ".partial");
  const manifest = join(root, "manifest.ndjson");
  await storing(root, async () => {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    await endTornLine(manifest);
  });
  const absolute = (path: string) => join(root, ...path.split("/"));
  return {
    scratch,
    absolute,
    async land(request, body) {
      const { stream, loadId, label, part } = request;
      const fileName = [loadId.split("/").at(-1), slug(label), `p${part}`].filter(Boolean).join("-");
      const path = `${stream.name}/${runId}/${fileName}.${stream.format}.gz`;
      const temporary = join(scratch, `${fileName}.${randomBytes(4).toString("hex")}`);
      try {
        const { chunks, outline } = scanned(stream, body);
        const { bytes, sha256, bodyBytes } = await storing(root, () => write(temporary, chunks));
        const target = absolute(path);
        await storing(root, async () => {
          await mkdir(dirname(target), { recursive: true });
          await rename(temporary, target);
        });
        return { path, bytes, bodyBytes, sha256, requestedAt: request.requestedAt, ...outline() };
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
    record: (request, file, isLast) =>
      storing(root, () => append(manifest, manifestEntry(runId, request, file, isLast))),
    close: () => rm(scratch, { recursive: true, force: true }).catch(() => undefined),
  };
}

/** Letters, digits and dashes only, since names come from outside. */
function slug(label: string): string {
  return label
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
}

type Outline = Pick<LandedFile, "rows" | "nextPageToken" | "hasLongNumbers" | "header" | "isIrregular">;
type ScannedBody = { chunks: AsyncIterable<Uint8Array>; outline: () => Outline };

const outlineOfNothing: Outline = {
  rows: 0,
  nextPageToken: null,
  hasLongNumbers: false,
  header: [],
  isIrregular: false,
};

function scanned(stream: Stream, body: AsyncIterable<Uint8Array>): ScannedBody {
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

async function write(path: string, chunks: AsyncIterable<Uint8Array>) {
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

function manifestEntry(runId: string, request: LandedRequest, file: LandedFile, isLast: boolean): string {
  return `${JSON.stringify({
    path: file.path,
    stream: request.stream.name,
    run_id: runId,
    load_id: request.loadId,
    part: request.part,
    is_last: isLast,
    request: { method: request.method, path: request.path, query: request.query },
    organization_id: request.organizationId,
    project_id: request.projectId,
    window_from: request.windowFrom,
    window_to: request.windowTo,
    requested_at: request.requestedAt.toISOString(),
    status: 200,
    rows: file.rows,
    bytes: file.bytes,
    body_bytes: file.bodyBytes,
    sha256: file.sha256,
    ...(file.header.length > 0 && { header: file.header }),
    ...(file.isIrregular && { is_irregular: true }),
    ...(file.hasLongNumbers && { has_long_numbers: true }),
  })}\n`;
}

async function append(path: string, line: string): Promise<void> {
  const handle = await open(path, "a");
  try {
    await handle.appendFile(line);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A line that a killed run did not finish is ended, so that the next one stands on its own. */
async function endTornLine(manifest: string): Promise<void> {
  const size = await stat(manifest).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return;
  const handle = await open(manifest, "r");
  let last: number | undefined;
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    last = buffer[0];
  } finally {
    await handle.close();
  }
  if (last !== 0x0a) await append(manifest, "\n");
}

const storageCodes = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "EMFILE",
  "ENFILE",
  "EIO",
  "ENOTDIR",
]);

/** Says in a user's words that the disk is full or can't be written. */
async function storing<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code || !storageCodes.has(code)) throw error;
    throw new StorageError(`${root} can't be written: ${code}.`, {
      hint: "Make room on its disk, or make it writable for the user that runs tally; what was read so far is kept.",
      cause: error,
    });
  }
}
