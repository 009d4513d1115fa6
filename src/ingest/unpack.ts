import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import pLimit from "p-limit";
import type { LandedFile, Landing } from "./land.ts";

export interface UnpackedRows {
  /** Where the rows of each landed file lie, by its path. */
  paths: ReadonlyMap<string, string>;
  /** Removes them. */
  release(): Promise<void>;
}

const chunkBytes = 2 ** 20;
const unpackedAtOnce = 4;

/**
 * Writes the plain rows of landed files aside, as they stand: of JSON the list alone. DuckDB would read an answer
 * whole, which takes many times its size in memory; a list it reads row by row.
 */
export async function unpackRows(files: readonly LandedFile[], landing: Landing): Promise<UnpackedRows> {
  const paths = new Map<string, string>();
  const limit = pLimit(unpackedAtOnce);
  const release = async () => {
    for (const path of paths.values()) await rm(path, { force: true });
  };
  for (const { path, sha256 } of files) {
    paths.set(path, join(landing.scratch, `plain-${sha256.slice(0, 16)}-${randomBytes(4).toString("hex")}`));
  }
  const written = await Promise.allSettled(
    files.map((file) => limit(() => unpack(file, landing, paths.get(file.path) ?? ""))),
  );
  const failed = written.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") {
    await release();
    throw failed.reason;
  }
  return { paths, release };
}

async function unpack({ path, plainRows }: LandedFile, landing: Landing, target: string): Promise<void> {
  const { from, to } = plainRows ?? { from: 0, to: Number.POSITIVE_INFINITY };
  await pipeline(
    createReadStream(landing.absolute(path), { highWaterMark: chunkBytes }),
    createGunzip({ chunkSize: chunkBytes }),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      let offset = 0;
      for await (const chunk of chunks) {
        const part = chunk.subarray(Math.max(0, from - offset), Math.max(0, to - offset));
        offset += chunk.length;
        if (part.length > 0) yield part;
      }
    },
    createWriteStream(target),
  );
}
