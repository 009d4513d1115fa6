import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.ts";

/** No query and no reason is longer. */
export const mostFormBytes = 256 * 1024;

/**
 * Reads what a form sent.
 *
 * @throws Refusal where it is too long, or not of a form
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";", 1);
  if (type.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    throw new Refusal(415, "Only forms are taken: application/x-www-form-urlencoded.");
  }
  if (Number(request.headers["content-length"] ?? 0) > mostFormBytes) throw tooLong();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostFormBytes) throw tooLong();
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

function tooLong(): Refusal {
  return new Refusal(413, `A form has at most ${mostFormBytes / 1024} KiB.`);
}
