import type { Instant } from "./instant.ts";
import { isLiving } from "./inventory.ts";
import type { AccessKey, Organization, Token } from "./state.ts";

/** Who may sign: the keys that the gateway was given, and the tokens that clients made. */
export interface Credentials {
  /** The key of that id; undefined where there is none, it has expired, or it was deleted. */
  keyOf: (accessKeyId: string, at: Instant) => AccessKey | undefined;
  /** A token tells when it was last used. */
  noteUse: (key: AccessKey, at: Instant) => void;
}

export function credentialsOf(organization: Organization, accessKeys: readonly AccessKey[]): Credentials {
  const given = new Map(accessKeys.map((key) => [key.accessKeyId, key]));
  const tokenOf = (accessKeyId: string) => organization.tokens.findLast(isUsableAs(accessKeyId));
  return {
    keyOf(accessKeyId, at) {
      const key = given.get(accessKeyId);
      if (key) return key;
      const token = tokenOf(accessKeyId);
      return token && isLiving(token, at) && at < token.expiresAt ? token : undefined;
    },
    noteUse({ accessKeyId }, at) {
      if (given.has(accessKeyId)) return;
      const token = tokenOf(accessKeyId);
      if (token) token.lastUsedAt = at;
    },
  };
}

/** A scenario's tokens are only told of: nobody knows their secrets. */
const isUsableAs =
  (accessKeyId: string) =>
  (token: Token): token is Token & { secretKey: string } =>
    token.accessKeyId === accessKeyId && token.secretKey !== undefined;
