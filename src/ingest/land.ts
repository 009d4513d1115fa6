import { randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { scanned, writeGzipped } from "./body.ts";
import { append, endTornLine, manifestEntry } from "./manifest.ts";
import type { Query } from "./sign.ts";
import { storing } from "./storing.ts";
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
        const { bytes, sha256, bodyBytes } = await storing(root, () => writeGzipped(temporary, chunks));
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
