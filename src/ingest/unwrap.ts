import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { createJsonScanner } from "./json-scan.ts";

/**
 * Writes the rows of a landed JSON answer to a file of their own, one a line. DuckDB reads an answer whole,
 * so that a large one would take many times its size in memory; by lines it takes little, and reads side by
 * side. Numbers may be quoted on the way, so that no digit of a long one is lost.
 */
export async function unwrapRows(
  landed: string,
  rowsKey: string,
  quotesNumbers: boolean,
  target: string,
): Promise<void> {
  await pipeline(
    createReadStream(landed),
    createGunzip({ chunkSize: 256 * 1024 }),
    async function* (source: AsyncIterable<Uint8Array>) {
      let parts: Uint8Array[] = [];
      const scanner = createJsonScanner(rowsKey, { quotesNumbers, write: (bytes) => parts.push(bytes) });
      for await (const chunk of source) {
        scanner.push(chunk);
        if (parts.length > 0) yield Buffer.concat(parts);
        parts = [];
      }
      scanner.end();
    },
    createWriteStream(target),
  );
}
