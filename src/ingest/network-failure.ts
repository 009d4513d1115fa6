import type { ApiFailure } from "../errors/api-error.ts";

export interface NetworkFailure {
  failure: ApiFailure;
  /** What happened, to stand after the host's name. */
  reason: string;
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ENETDOWN: "the network is down",
  ENOTFOUND: "its name has no address",
  EAI_AGAIN: "its name could not be looked up",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  ETIMEDOUT: "the connection timed out",
};

/** What a failed fetch, or a body that broke while it was read, means for a user. */
export function networkFailure(error: unknown): NetworkFailure {
  const code = codeOf(error);
  const known = code && unreachable[code];
  if (known) return { failure: "unreachable", reason: known };
  if (code && /CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL|EPROTO/.test(code)) {
    return { failure: "certificate", reason: `no trusted TLS connection could be made (${code})` };
  }
  if (code && /TIMEOUT/.test(code)) return { failure: "timeout", reason: "the answer took too long" };
  // The ports that fetch itself refuses, such as 9 and 25.
  if (
    (error as Error)?.cause instanceof Error &&
    /bad port/.test(((error as Error).cause as Error).message)
  ) {
    return { failure: "unreachable", reason: "its port is one that no API may live at" };
  }
  if (code?.startsWith("Z_")) return { failure: "interrupted", reason: "the compressed body is damaged" };
  return { failure: "interrupted", reason: `the connection broke off${code ? ` (${code})` : ""}` };
}

/** fetch wraps what happened, at times more than once; the innermost code says it. */
function codeOf(error: unknown): string | undefined {
  let code: string | undefined;
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth++) {
    const { code: own, cause, errors } = current as { code?: unknown; cause?: unknown; errors?: unknown[] };
    if (typeof own === "string") code = own;
    current = cause ?? errors?.[0];
  }
  return code;
}
