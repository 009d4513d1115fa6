import { createHash } from "node:crypto";
import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { living } from "../inventory.ts";
import { listOf } from "../paging.ts";
import type { Call } from "../route.ts";

export function getIdentity({ organization, accessKey }: Call): Answer {
  const { id, name, email, role } = organization.identity;
  return json({
    credentials: [accessKey.accessKeyId],
    credentials_map: {},
    identity: {
      accepted_tos: true,
      email,
      id,
      name,
      org_role: role,
      role,
      role_bindings: [],
      user_state: "active",
    },
  });
}

export const listSshKeys = (call: Call): Answer =>
  listOf(
    call,
    living(call.organization.sshKeys, call.at).map(({ id, name, publicKey, createdAt }) => ({
      created_at: isoOf(createdAt),
      fingerprints: {
        md5: (fingerprint("md5", publicKey, "hex").match(/../g) ?? []).join(":"),
        sha256: fingerprint("sha256", publicKey, "base64").replace(/=+$/, ""),
      },
      id,
      name,
      public_key: publicKey,
    })),
  );

const fingerprint = (algorithm: string, publicKey: string, encoding: "hex" | "base64"): string =>
  createHash(algorithm)
    .update(Buffer.from(publicKey.split(" ")[1] ?? "", "base64"))
    .digest(encoding);

export const listTokens = (call: Call): Answer =>
  listOf(
    call,
    living(call.organization.tokens, call.at).map(
      ({ accessKeyId, alias, createdAt, expiresAt, lastUsedAt }) => ({
        access_key: accessKeyId,
        alias,
        created_at: isoOf(createdAt),
        expires_at: isoOf(expiresAt),
        last_used: lastUsedAt === null ? "" : isoOf(Math.min(lastUsedAt, call.at)),
      }),
    ),
  );
