import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Answer, refused } from "./answer.ts";
import { Refusal } from "./refusal.ts";

/** Sends an answer, a body in parts no faster than the client reads. */
export async function send(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (typeof body === "string") {
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  await pipeline(Readable.from(inPieces(body), { objectMode: false }), response);
}

/** Joins small parts into pieces worth a write each, so that a day without usage costs none. */
function* inPieces(parts: Iterable<string>): Generator<Buffer> {
  let piece = "";
  for (const part of parts) {
    piece += part;
    if (piece.length < 64 * 1024) continue;
    yield Buffer.from(piece);
    piece = "";
  }
  if (piece !== "") yield Buffer.from(piece);
}

/** Answers what is not HTTP, or more of it than is taken, where the socket still listens. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const refusal =
    error.code === "HPE_HEADER_OVERFLOW" ? new Refusal(431) : new Refusal(400, "not readable as HTTP");
  const { body } = refused(refusal);
  const reason = refusal.status === 431 ? "Request Header Fields Too Large" : "Bad Request";
  socket.end(
    `HTTP/1.1 ${refusal.status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(String(body))}\r\n\r\n${body}`,
  );
}
