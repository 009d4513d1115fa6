import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { type Outline, writeBody } from "./body.ts";
import type { PlainRows } from "./json-outline.ts";
import type { ListForm } from "./list-form.ts";
import { manifestEntry } from "./manifest.ts";
import { appendable } from "./ndjson.ts";
import type { Misshape } from "./shape.ts";
import type { Query } from "./sign.ts";
import { storing } from "./storing.ts";
import type { Stream } from "./streams.ts";
import type { RowsOutline } from "./suspect-rows.ts";

/** A response on disk, as it came, gzipped. */
export interface LandedFile extends RowsOutline {
  /** Below the folder of landed files, with `/` between its parts. */
  path: string;
  rows: number;
  bytes: number;
  /** Unpacked. */
  bodyBytes: number;
  /** Of the file as it lies on disk. */
  sha256: string;
  requestedAt: Date;
  /** In which form its request had its lists; null where it had none of several values. */
  listForm: ListForm | null;
  nextPageToken: string | null;
  /** JSON: whether a number in it has more digits than a double keeps. */
  hasLongNumbers: boolean;
  /** CSV: its header. */
  header: readonly string[];
  /** CSV: line breaks within cells, or of several kinds. */
  isIrregular: boolean;
  /** JSON: why no rows can be had from it at all. */
  misshape: Misshape | null;
  /** JSON: how many of its rows are no objects. */
  oddRows: number;
  /** Whether it looks as an answer does that lost its rows: an object without any, a last line without its end. */
  looksCut: boolean;
  /** Where its rows stand unpacked, if they are such that no value needs a second look; of CSV, all of it. */
  plainRows: PlainRows | null;
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
  listForm: ListForm | null;
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
  /**
   * Writes a body to disk as it comes. It is kept unless `check` throws over what it holds.
   *
   * @throws BodyError where it is no answer of the stream
   */
  land(
    request: LandedRequest,
    body: AsyncIterable<Uint8Array>,
    check?: (outline: Outline) => void,
  ): Promise<LandedFile>;
  /** Adds the response's line to the manifest. */
  record(request: LandedRequest, file: LandedFile): Promise<void>;
  /** When it returns, these files and their lines in the manifest outlast a power cut. */
  sync(files: readonly LandedFile[]): Promise<void>;
  close(): Promise<void>;
}

const syncsAtOnce = 8;

/**
 * Opens the folder of landed files. What a killed run left half-written is removed: it lies in one folder of
 * its own until it is whole.
 *
 * @throws StorageError where the folder can't be written
 */
export async function openLanding(root: string, runId: string): Promise<Landing> {
  const scratch = join(root, ".partial");
  const manifest = await storing(root, async () => {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    return appendable(join(root, "manifest.ndjson"));
  });
  const absolute = (path: string) => join(root, ...path.split("/"));
  const folders = new Set<string>();
  return {
    scratch,
    absolute,
    async land(request, body, check) {
      const { stream, loadId, label, part } = request;
      const fileName = [loadId.split("/").at(-1), slug(label), `p${part}`].filter(Boolean).join("-");
      const path = `${stream.name}/${runId}/${fileName}.${stream.format}.gz`;
      const temporary = join(scratch, `${fileName}.${randomBytes(4).toString("hex")}`);
      try {
        const { outline, ...written } = await storing(root, () => writeBody(stream, body, temporary));
        check?.(outline);
        const target = absolute(path);
        await storing(root, async () => {
          const folder = dirname(target);
          if (!folders.has(folder)) await mkdir(folder, { recursive: true });
          folders.add(folder);
          await rename(temporary, target);
        });
        const { requestedAt, listForm } = request;
        return { path, ...written, requestedAt, listForm, ...outline };
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    record: (request, file) => storing(root, () => manifest.append(manifestEntry(runId, request, file))),
    sync: (files) =>
      storing(root, async () => {
        // A killed process loses nothing that it has written; only a power cut does, so once a load is enough.
        const limit = pLimit(syncsAtOnce);
        await Promise.all(files.map((file) => limit(() => syncFile(absolute(file.path)))));
        await manifest.sync();
      }),
    async close() {
      await manifest.close().catch(() => undefined);
      await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
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
