import { createHmac } from "node:crypto";
import { type Answer, json, nothing } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { requiredParameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody } from "../route.ts";
import type { Token } from "../state.ts";
import { newId } from "../writing.ts";
import { newToken } from "./account-schemas.ts";

const tokensNow = ({ organization, at }: Call): Token[] => living(organization.tokens, at);

export const listTokens = (call: Call): Answer =>
  listOf(
    call,
    tokensNow(call).map(({ accessKeyId, alias, createdAt, expiresAt, lastUsedAt }) => ({
      access_key: accessKeyId,
      alias,
      created_at: isoOf(createdAt),
      expires_at: isoOf(expiresAt),
      last_used: lastUsedAt === null ? "" : isoOf(Math.min(lastUsedAt, call.at)),
    })),
  );

/** A token signs from now on, with the rights of who made it. Its secret is told here, and nowhere again. */
export function postToken(call: Call): Answer {
  const { alias, expires_at: expiresAt } = requireBody(call, newToken);
  if (expiresAt <= call.at) {
    throw new Refusal(400, `expires_at: has passed already, as it is ${isoOf(call.at)}`);
  }
  const id = newId(call);
  // The same for the same requests, and yet known to nobody who could not ask for it.
  const secret = createHmac("sha256", call.accessKey.secretKey).update(id).digest().subarray(0, 16);
  const token: Token & { secretKey: string } = {
    accessKeyId: Buffer.from(id.replaceAll("-", ""), "hex").toString("base64url"),
    secretKey: secret.toString("base64url"),
    ...(call.accessKey.role !== undefined && { role: call.accessKey.role }),
    alias,
    createdAt: call.at,
    deletedAt: null,
    expiresAt,
    lastUsedAt: null,
  };
  call.organization.tokens.push(token);
  return json({
    token: shaped(call, {
      access_key: token.accessKeyId,
      alias,
      created_at: isoOf(call.at),
      expires_at: isoOf(expiresAt),
      secret_key: token.secretKey,
    }),
  });
}

export function deleteToken(call: Call): Answer {
  const accessKeyId = requiredParameter(call.query, "access_key");
  const token = tokensNow(call).find((one) => one.accessKeyId === accessKeyId);
  if (!token) throw new Refusal(404, "no such token");
  token.deletedAt = call.at;
  return nothing;
}
