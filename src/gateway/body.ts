import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { Refusal } from "./refusal.ts";

/** The largest body that is taken. */
export const mostBodyBytes = 1 << 20;
/** How much more of a larger one is heard out, so that who sends it hears why it was refused. */
const mostDrainedBytes = 16 << 20;

/** What came after a request's headers. */
export type Body = { bytes: Buffer } | "too-large";

/** Reads a body in bounded memory, however long it is. */
export async function receiveBody(message: IncomingMessage): Promise<Body> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= mostBodyBytes) parts.push(part);
    else parts.length = 0;
    if (size > mostDrainedBytes) break;
  }
  return size > mostBodyBytes ? "too-large" : { bytes: Buffer.concat(parts) };
}

/**
 * The JSON of a body, whatever type it says that it is of; undefined where there is none.
 *
 * @throws Refusal 413 where it is too large, 400 where it is no JSON in UTF-8
 */
export function jsonOf(body: Body | undefined): unknown {
  if (body === undefined) return undefined;
  if (body === "too-large") throw new Refusal(413, `the body is larger than ${mostBodyBytes / 2 ** 20} MiB`);
  if (body.bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body.bytes));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

/**
 * A body as an operation takes it. Fields that nobody knows are passed over.
 *
 * @throws Refusal 400 that names the field which is missing or wrong
 */
export function parsedBody<Schema extends z.ZodType>(body: unknown, schema: Schema): z.output<Schema> {
  if (body === undefined) throw new Refusal(400, "the body is missing");
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = (issue?.path ?? [])
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
  throw new Refusal(400, `${field || "the body"}: ${issue?.message ?? "not valid"}`);
}
