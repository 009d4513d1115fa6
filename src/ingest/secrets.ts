/** Keys whose values may hold secrets, spelt in any case and with or without separators. */
const secretKey =
  /^(startup|shutdown|init|boot)script$|^userdata$|^cloudinit$|^kubeconfig$|^(ssh|ssl|tls)?(public|private)keys?$|^ssh(authorized)?keys?$|secret|password|passwd|credential|^(api|access|auth|refresh|bearer|session|id)?token$|^(api|access)key$/;

const isSecret = (key: string) => secretKey.test(key.toLowerCase().replace(/[^a-z]/g, ""));

/**
 * The value without what may be secret in it, at any depth: scripts run at start and stop, keys, tokens.
 * The same object is returned where there is nothing to drop.
 */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    const kept = value.map(withoutSecrets);
    return kept.some((item, index) => item !== value[index]) ? kept : value;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const kept = entries
    .filter(([key]) => !isSecret(key))
    .map(([key, item]) => [key, withoutSecrets(item)] as const);
  const isSame =
    kept.length === entries.length && kept.every(([key, item]) => item === (value as never)[key]);
  return isSame ? value : Object.fromEntries(kept);
}
