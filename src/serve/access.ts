import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isOwnHost } from "./address.ts";
import { Refusal } from "./refusal.ts";

/** Who may ask, and whose request a write is. */
export interface Access {
  /** What a form must bring along; only our own pages can read it. */
  readonly formToken: string;
  /** Whether a request must come from somebody who has signed in. */
  readonly needsToken: boolean;
  /** @throws Refusal where another site may stand behind the request */
  checkOrigin(request: IncomingMessage): void;
  /** @throws Refusal where the form was not on a page of ours */
  checkForm(form: URLSearchParams): void;
  isSignedIn(request: IncomingMessage): boolean;
  /** The cookie for whoever has the token; null for whoever has not. */
  signIn(given: string, request: IncomingMessage): string | null;
}

export interface AccessOptions {
  host: string;
  allowedHosts: readonly string[];
  /** The token to sign in with; null where none is needed. */
  token: string | null;
}

export function createToken(): string {
  return randomBytes(24).toString("base64url");
}

export function createAccess({ host, allowedHosts, token }: AccessOptions): Access {
  const formToken = createToken();
  // Of this process alone: whoever signed in signs in again after a restart. The token itself is in no cookie.
  const session = createToken();
  return {
    formToken,
    needsToken: token !== null,
    checkOrigin(request) {
      if (!isOwnHost(request.headers.host, host, allowedHosts)) {
        throw new Refusal(421, "This host is not served here. Name it with --allow-host if it is yours.");
      }
      const { origin } = request.headers;
      const site = request.headers["sec-fetch-site"] ?? "none";
      const isOwn = site === "same-origin" || site === "none";
      if (request.method === "POST") {
        if (!isOwn || (origin !== undefined && hostOf(origin) !== request.headers.host)) {
          throw new Refusal(403, "Another site may not write here.");
        }
      } else if (!isOwn && !isTopLevel(request)) {
        throw new Refusal(403, "Another site may link here, and nothing else.");
      }
    },
    checkForm(form) {
      if (!isSame(form.get("form_token") ?? "", formToken)) {
        throw new Refusal(403, "The form is not of this server, or older than it. Load its page again.");
      }
    },
    isSignedIn: (request) =>
      token === null || isSame(cookiesOf(request).get(cookieName(request)) ?? "", session),
    signIn: (given, request) =>
      token !== null && isSame(given, token)
        ? `${cookieName(request)}=${session}; HttpOnly; SameSite=Strict; Path=/`
        : null,
  };
}

/** A link that is followed, and not a part of a page elsewhere. */
function isTopLevel({ headers }: IncomingMessage): boolean {
  return headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/** Takes as long whatever is given. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** A browser keeps one set of cookies for all ports of a host. */
function cookieName({ socket }: IncomingMessage): string {
  return `tally_${socket.localPort ?? 0}`;
}

function cookiesOf({ headers }: IncomingMessage): Map<string, string> {
  const pairs = (headers.cookie ?? "").split(";").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return new Map(pairs);
}

function hostOf(origin: string): string | null {
  return /^https?:\/\/([^/]+)$/.exec(origin)?.[1] ?? null;
}
