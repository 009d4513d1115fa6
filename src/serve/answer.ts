import type { ServerResponse } from "node:http";

/** What every answer says to the browser: no frame, no guess at its type, no copy, nothing for other sites. */
export function setCommonHeaders(response: ServerResponse): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("referrer-policy", "same-origin");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cache-control", "no-store");
  response.setHeader("content-security-policy", strictPolicy);
}

/** For what is no page of ours: nothing runs, and nothing is loaded. */
const strictPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Answers with a page; its policy is also said where markup can't reach it. */
export function sendPage(response: ServerResponse, status: number, page: string): void {
  const policy = policyOf(page);
  if (policy) response.setHeader("content-security-policy", `${policy}; frame-ancestors 'none'`);
  send(response, status, "text/html; charset=utf-8", page);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, "text/plain; charset=utf-8", `${text}\n`);
}

/** Sends the browser to another page of ours. */
export function sendTo(response: ServerResponse, path: string): void {
  response.setHeader("location", path);
  sendText(response, 303, path);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

// A report may be of an older version, whose scripts and styles have other hashes; it says them before anything else.
// Whatever else stood there would not be a page that tally wrote, and gets the strict policy.
const writtenPolicy =
  /^<!doctype html>\n<html [^<>]*>\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="(default-src 'none'; script-src(?: 'sha256-[\w+/=]{44}')+; style-src 'sha256-[\w+/=]{44}'; img-src data:; base-uri 'none'; form-action '(?:none|self)')">/;

/** The policy that a page of tally's was written with. */
function policyOf(page: string): string | undefined {
  return writtenPolicy.exec(page)?.[1];
}
