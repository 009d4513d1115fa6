import type { Organization } from "./state.ts";

/**
 * What the organisation's bodies hold that nobody should keep: scripts, what is secret inside them, and keys.
 * A test greps for them in whatever a client wrote down.
 */
export function secretsOf({ templates, sshKeys, tokens }: Organization): string[] {
  const scripts = templates.flatMap(({ startupScript, shutdownScript }) => [startupScript, shutdownScript]);
  const inside = scripts.flatMap((script) =>
    [...script.matchAll(/=([0-9A-F]{16,})/g)].map(([, value = ""]) => value),
  );
  const keys = [
    ...templates.map(({ sshPublicKey }) => sshPublicKey),
    ...sshKeys.map(({ publicKey }) => publicKey),
  ];
  const ofTokens = tokens.flatMap(({ secretKey = [] }) => secretKey);
  return [...new Set([...inside, ...ofTokens, ...keys.map((key) => key.split(" ")[1] ?? key)])].filter(
    (secret) => secret !== "",
  );
}
