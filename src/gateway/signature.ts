import { createHmac, timingSafeEqual } from "node:crypto";
import { canonicalQuery, type Query } from "./query.ts";
import { Refusal } from "./refusal.ts";
import type { AccessKey } from "./state.ts";

/** How far a request's time may be from the gateway's. */
export const freshnessSeconds = 300;

export interface SignedRequest {
  method: string;
  /** As it stands in the request line, with its version prefix. */
  path: string;
  query: Query;
  authorization: string | undefined;
  timestamp: string | undefined;
}

/**
 * The access key that signed the request.
 *
 * @param clocks what may be taken for now: a gateway whose clock stands or jumps has clients whose clocks don't
 * @throws Refusal 401 where the signature is missing, stale, of an unknown key, or not of this request
 */
export function verifySignature(
  request: SignedRequest,
  keyOf: (accessKeyId: string) => AccessKey | undefined,
  clocks: readonly Date[],
): AccessKey {
  const { authorization, timestamp } = request;
  if (!authorization) throw new Refusal(401, "the Authorization header is missing");
  if (!timestamp) throw new Refusal(401, "the X-Crusoe-Timestamp header is missing");
  const credential = /^Bearer 1\.0:([^:\s]+):([A-Za-z0-9_-]+={0,2})$/.exec(authorization);
  if (!credential)
    throw new Refusal(401, "the Authorization header is not `Bearer 1.0:<key id>:<signature>`");
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(time))
    throw new Refusal(401, "X-Crusoe-Timestamp is not RFC 3339 in UTC and whole seconds");
  if (!clocks.some((clock) => Math.abs(clock.getTime() - time) <= freshnessSeconds * 1000)) {
    throw new Refusal(
      401,
      `X-Crusoe-Timestamp is more than ${freshnessSeconds / 60} minutes from the server's clock`,
    );
  }
  const [, accessKeyId = "", signature = ""] = credential;
  const key = keyOf(accessKeyId);
  // An unknown key costs the same work as a known one, and gets the same answer as a wrong signature.
  const expected = createHmac("sha256", Buffer.from(key?.secretKey ?? "", "base64url"));
  expected.update(
    [request.path, canonicalQuery(request.query), request.method, timestamp, ""].join("\n"),
    "latin1",
  );
  const isSigned = equals(expected.digest(), Buffer.from(signature, "base64url"));
  if (!key || !isSigned) throw new Refusal(401);
  return key;
}

const equals = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
