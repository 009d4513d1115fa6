import { z } from "zod";
import { body, label, optionalObject, optionalText, text, time } from "../fields.ts";

/** The bodies that operations on the organisation, its projects and its users take. */

export const newProject = body({ name: label, organization_id: text() });
export const projectChange = body({ name: label });

export const entityChange = body({
  organization_name: optionalText(255),
  company_name: optionalText(255),
  tax_id: optionalText(64),
  tax_id_type: z
    .literal(["EIN", "VAT", ""], "is neither EIN nor VAT")
    .nullish()
    .transform((type) => type || undefined),
  billing_addr: optionalObject({
    address_line1: text(),
    address_line2: optionalText(),
    city: text(),
    country: text(),
    postal_code: text(64),
    state_or_region: text(),
  }),
});

export const identityChange = body({ name: label, role: optionalText(255) });

export const newToken = body({ alias: optionalText(255), expires_at: time });

export const newSshKey = body({
  name: label,
  public_key: text(16_384)
    .transform((key) => key.trim())
    .refine(isSshPublicKey, "is no SSH public key, such as `ssh-ed25519 AAAA…`"),
});

/**
 * Whether it is a key as OpenSSH writes one (RFC 4253, 6.6): a type, and in base64 that type again and the key's
 * parts, each after its length.
 */
function isSshPublicKey(text: string): boolean {
  const [, type = "", encoded = ""] =
    /^((?:ssh|ecdsa|sk)-[\w@.-]+) +([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  const parts: string[] = [];
  let position = 0;
  while (position + 4 <= bytes.length) {
    const begin = position + 4;
    position = begin + bytes.readUInt32BE(position);
    parts.push(bytes.toString("latin1", begin, position));
  }
  return (
    position === bytes.length && parts.length >= 2 && parts[0] === type && parts.every((part) => part !== "")
  );
}
