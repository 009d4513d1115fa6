import { createHash } from "node:crypto";
import { type Answer, json, nothing } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { requiredParameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody } from "../route.ts";
import type { SshKey } from "../state.ts";
import { newId } from "../writing.ts";
import { newSshKey } from "./account-schemas.ts";

const keysNow = ({ organization, at }: Call): SshKey[] => living(organization.sshKeys, at);

export const listSshKeys = (call: Call): Answer => listOf(call, keysNow(call).map(sshKeyBody));

export function postSshKey(call: Call): Answer {
  const { name, public_key: publicKey } = requireBody(call, newSshKey);
  for (const other of keysNow(call)) {
    if (other.name === name) throw new Refusal(409, `the name ${JSON.stringify(name)} is taken`);
    if (keyOf(other.publicKey) === keyOf(publicKey))
      throw new Refusal(409, `that key is there already, as ${JSON.stringify(other.name)}`);
  }
  const key: SshKey = { id: newId(call), name, publicKey, createdAt: call.at, deletedAt: null };
  call.organization.sshKeys.push(key);
  return json({ ssh_key: shaped(call, sshKeyBody(key)) });
}

export function deleteSshKey(call: Call): Answer {
  const id = requiredParameter(call.query, "id");
  const key = keysNow(call).find((one) => one.id === id);
  if (!key) throw new Refusal(404, "no such SSH key");
  key.deletedAt = call.at;
  return nothing;
}

const sshKeyBody = ({ id, name, publicKey, createdAt }: SshKey) => ({
  created_at: isoOf(createdAt),
  fingerprints: {
    md5: (fingerprint("md5", publicKey, "hex").match(/../g) ?? []).join(":"),
    sha256: fingerprint("sha256", publicKey, "base64").replace(/=+$/, ""),
  },
  id,
  name,
  public_key: publicKey,
});

/** The key itself, without its type and what is written after it. */
const keyOf = (publicKey: string): string => publicKey.split(/ +/)[1] ?? "";

const fingerprint = (algorithm: string, publicKey: string, encoding: "hex" | "base64"): string =>
  createHash(algorithm)
    .update(Buffer.from(keyOf(publicKey), "base64"))
    .digest(encoding);
