import { createHmac } from "node:crypto";
import type { Credentials } from "../credentials.ts";

/** The parameters of a request; a list repeats its key. */
export type Query = Readonly<Record<string, string | readonly string[]>>;

/**
 * The query as it is both signed and sent: keys sorted, keys and values escaped as a form does, values of one
 * key in the order given.
 *
 * @example
 * canonicalQuery({ start_date: "2024-01-01", regions: "us-east1 x" });
 * // "regions=us-east1+x&start_date=2024-01-01"
 */
export function canonicalQuery(query: Query): string {
  return Object.keys(query)
    .sort()
    .flatMap((key) => [query[key] ?? []].flat().map((value) => `${formEscape(key)}=${formEscape(value)}`))
    .join("&");
}

/** Percent-escapes all but letters, digits, `-`, `_`, `.` and `~`; a space is `+`. */
export function formEscape(text: string): string {
  // By way of a buffer, since a lone surrogate has no UTF-8 and encodeURIComponent would throw.
  return encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

export interface RequestToSign {
  method: string;
  /** The path of the URL, with its version prefix. */
  path: string;
  /** As canonicalQuery gives it. */
  query: string;
  at: Date;
}

/** The headers that prove who asks, and when. They hold no secret key, but are themselves never logged. */
export function signedHeaders(request: RequestToSign, credentials: Credentials): Record<string, string> {
  const timestamp = `${request.at.toISOString().slice(0, 19)}Z`;
  const message = `${request.path}\n${request.query}\n${request.method}\n${timestamp}\n`;
  const signature = createHmac("sha256", Buffer.from(credentials.secretKey, "base64url"))
    .update(message)
    .digest("base64url");
  return {
    "X-Crusoe-Timestamp": timestamp,
    Authorization: `Bearer 1.0:${credentials.accessKeyId}:${signature}`,
  };
}
