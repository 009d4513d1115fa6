import { exitCodes, TallyError, type TallyErrorOptions } from "./tally-error.ts";

/**
 * How a request failed:
 * - `status`: the API answered with an error;
 * - `redirect`: it answered with a redirect, which is never followed with credentials;
 * - `unreachable`: no connection, or no address for the host;
 * - `certificate`: no trusted TLS connection;
 * - `interrupted`: the connection broke, or the body ended early;
 * - `timeout`: no whole answer within the time allowed;
 * - `body`: the answer is not what was asked for, or is larger than allowed.
 */
export type ApiFailure =
  | "status"
  | "redirect"
  | "unreachable"
  | "certificate"
  | "interrupted"
  | "timeout"
  | "body";

export interface ApiErrorDetails {
  method: string;
  /** The path of the URL, without its query. */
  path: string;
  failure: ApiFailure;
  /** The status of the answer; undefined where there was none. */
  status?: number | undefined;
  /** What the API's own error body says. */
  code?: string | undefined;
  apiMessage?: string | undefined;
  /** What the answer's Retry-After asks for. */
  retryAfterMs?: number | undefined;
  /** A refused signature: by how much the server's clock is ahead of the one that it was made by, if by minutes. */
  clockSkewMs?: number | undefined;
}

/** A request to the Crusoe API failed: exit 1. It names the request and never holds a credential. */
export class ApiError extends TallyError {
  override name = "ApiError";
  override readonly exitCode = exitCodes.failed;
  readonly method: string;
  readonly path: string;
  readonly failure: ApiFailure;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly apiMessage: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly clockSkewMs: number | undefined;

  constructor(message: string, details: ApiErrorDetails, options: TallyErrorOptions = {}) {
    super(message, options);
    this.method = details.method;
    this.path = details.path;
    this.failure = details.failure;
    this.status = details.status;
    this.code = details.code;
    this.apiMessage = details.apiMessage;
    this.retryAfterMs = details.retryAfterMs;
    this.clockSkewMs = details.clockSkewMs;
  }

  /** Whether the same request may succeed when it is made again. */
  get isTransient(): boolean {
    switch (this.failure) {
      case "status":
        return (
          this.status === 408 || this.status === 429 || ((this.status ?? 0) >= 500 && this.status !== 501)
        );
      case "redirect":
      case "certificate":
        return false;
      default:
        return true;
    }
  }

  /**
   * Whether it is more likely a fault of what stands before the API than its word: one of many servers whose
   * clock or certificate is wrong, a proxy that leads elsewhere. It is worth asking a few times more.
   */
  get isDoubtful(): boolean {
    return this.failure === "redirect" || this.failure === "certificate" || this.clockSkewMs !== undefined;
  }

  /** Whether the API says that this account has no such resource. */
  get isNotOffered(): boolean {
    return this.failure === "status" && (this.status === 403 || this.status === 404 || this.status === 501);
  }
}
