import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Answer } from "../answer.ts";
import type { TakeOver } from "../exchange.ts";

/** What is broken below the level of an answer: on the connection itself. */

/** So much of a body is enough to be cut; the rest is not made. */
const enoughBytes = 1 << 20;

/** The connection is reset before anything was answered. */
export const resetBefore = (): TakeOver => ({
  takeOver: (response) => void response.socket?.resetAndDestroy(),
});

/** The connection is reset when half of the body was sent. */
export const resetAmid = (answer: Answer): TakeOver => ({
  async takeOver(response) {
    const body = beginningOf(answer);
    response.writeHead(answer.status, { ...answer.headers, "content-length": body.length });
    await written(response, body.subarray(0, body.length >> 1));
    // A reset overtakes what still lies in the client's buffers, so it is given time to be read.
    await pause(20);
    response.socket?.resetAndDestroy();
  },
});

export type Cut = "length" | "chunked" | "body";

/**
 * The body ends half-way: before the length that was announced, without the last chunk, or as if it were whole.
 */
export const cutShort = (answer: Answer, cut: Cut): TakeOver => ({
  async takeOver(response) {
    const body = beginningOf(answer);
    const half = body.subarray(0, body.length >> 1);
    const length = cut === "length" ? body.length : half.length;
    response.writeHead(answer.status, {
      ...answer.headers,
      ...(cut !== "chunked" && { "content-length": length }),
    });
    if (cut === "body") {
      response.end(half);
      return;
    }
    await written(response, half);
    response.socket?.end();
  },
});

/** Comes to its end, but a few bytes at a time. */
export const dripped = (
  answer: Answer,
  { delayMs, bytes, everyMs }: { delayMs: number; bytes: number; everyMs: number },
): TakeOver => ({
  async takeOver(response) {
    await pause(delayMs);
    response.writeHead(answer.status, answer.headers);
    const parts = typeof answer.body === "string" ? [answer.body] : answer.body;
    for (const part of parts) {
      const piece = Buffer.from(part);
      for (let begin = 0; begin < piece.length && !response.destroyed; begin += bytes) {
        await written(response, piece.subarray(begin, begin + bytes));
        await pause(everyMs);
      }
      if (response.destroyed) return;
    }
    response.end();
  },
});

/** Blanks without end after a body that is all but whole, or silence; until the client goes away. */
export const withoutEnd = (answer: Answer, form: "blanks" | "silence"): TakeOver => ({
  async takeOver(response) {
    const body = beginningOf(answer);
    response.writeHead(answer.status, answer.headers);
    await written(response, body.subarray(0, Math.max(1, body.length - 2)));
    if (form === "silence" && !response.destroyed) await once(response, "close");
    const blanks = Buffer.alloc(64 * 1024, " ");
    while (!response.destroyed) await written(response, blanks);
  },
});

function beginningOf({ body }: Answer): Buffer {
  if (typeof body === "string") return Buffer.from(body).subarray(0, enoughBytes);
  const parts: Buffer[] = [];
  let length = 0;
  for (const part of body) {
    parts.push(Buffer.from(part));
    length += Buffer.byteLength(part);
    if (length >= enoughBytes) break;
  }
  return Buffer.concat(parts).subarray(0, enoughBytes);
}

/** Resolves when the bytes left the process, or when the client has gone. */
async function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed) return;
  const gone = new AbortController();
  await Promise.race([
    new Promise<void>((resolve) => response.write(bytes, () => resolve())),
    once(response, "close", { signal: gone.signal }).catch(() => undefined),
  ]);
  gone.abort();
}
