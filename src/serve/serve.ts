import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { PublishedContext } from "../open-published.ts";
import { createAccess, createToken } from "./access.ts";
import { isLoopback, urlHost } from "./address.ts";
import { sendPage, sendText, sendTo, setCommonHeaders } from "./answer.ts";
import { readForm } from "./form.ts";
import { keepReports } from "./kept-reports.ts";
import { appPage, failure } from "./layout.ts";
import { createQueries } from "./queries.ts";
import { Refusal } from "./refusal.ts";
import { type Exchange, routeOf } from "./routes.ts";
import { createSuppressions } from "./suppressions.ts";

export interface ServeContext extends PublishedContext {
  effects: Effects;
}

export interface ServeOptions {
  /** Where it is bound; only this machine reaches 127.0.0.1. */
  host: string;
  /** 0 for one that is free. */
  port: number;
  /** Names under which it is reached, beside its address. */
  allowedHosts: readonly string[];
  /** After how many seconds a query is ended. */
  timeoutSeconds: number;
  /** How often it looks whether a shared warehouse that it reads has anything new; a test looks sooner. */
  lookEveryMs?: number;
}

export interface Served {
  url: string;
  /** The token that was made for it; null where one was given, or none is needed. */
  madeToken: string | null;
  /** Ends the queries that run, and answers nothing more. */
  close(): Promise<void>;
}

/** Who guesses has no chance against one that is longer. */
const leastTokenLength = 16;
/** So long an answer that is under way may take after the server was asked to stop. */
const closeGraceMs = 5000;

/**
 * Serves the workspace to a browser: its reports, queries on the published tables, findings and the data dictionary.
 * Where others than this machine reach it, and where TALLY_SERVE_TOKEN is set, whoever looks signs in with a token.
 *
 * @throws ConfigError where the token that is given is too short
 * @throws TallyError where the address can't be listened on
 */
export async function serve(context: ServeContext, options: ServeOptions): Promise<Served> {
  const { host, port, allowedHosts, timeoutSeconds } = options;
  const given = context.effects.env.TALLY_SERVE_TOKEN || null;
  if (given !== null && given.length < leastTokenLength) {
    throw new ConfigError(`TALLY_SERVE_TOKEN has fewer than ${leastTokenLength} characters.`, {
      hint: "Make one with `openssl rand -base64 24`, or unset it, and one is made and printed.",
    });
  }
  const madeToken = given === null && !isLoopback(host) ? createToken() : null;
  const access = createAccess({ host, allowedHosts, token: given ?? madeToken });
  const queries = createQueries(context, timeoutSeconds);
  const suppressions = createSuppressions(context.workspace);
  const served: App = { context, access, queries, suppressions, reports: null };
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    answer(served, request, response).catch((error: unknown) => {
      fail(context, request, response, error);
    });
  });
  server.maxConnections = 256;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TallyError(`${urlHost(host)}:${port} can't be listened on: ${code ?? String(error)}.`, {
      hint: "Name another with --port, or 0 for one that is free.",
      cause: error,
    });
  }
  served.reports = context.shared ? keepReports(context, options.lookEveryMs) : null;
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${urlHost(host)}:${bound.port}/`,
    madeToken,
    async close() {
      const closed = once(server, "close");
      server.close();
      queries.end();
      served.reports?.end();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

type App = Pick<Exchange, "context" | "access" | "queries" | "suppressions" | "reports">;

async function answer(served: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { access } = served;
  setCommonHeaders(response);
  access.checkOrigin(request);
  const [path = "", search = ""] = (request.url ?? "").split(/\?(.*)/s);
  const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
  if (method !== "GET" && method !== "POST") throw new Refusal(405, "Only GET and POST are served.");
  const route = routeOf(method, path);
  if (!route?.isOpen && !access.isSignedIn(request)) {
    if (method === "POST") throw new Refusal(401, "Sign in first.");
    return sendTo(response, "/sign-in");
  }
  if (!route) throw new Refusal(404, "There is no such page.");
  const form = method === "POST" ? await readForm(request) : new URLSearchParams();
  if (method === "POST") access.checkForm(form);
  await route.answer({ ...served, path, query: new URLSearchParams(search), form, response });
}

function fail(
  context: ServeContext,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
  } else if (error instanceof Refusal) {
    // What else of a long form is on its way is not read.
    if (!request.complete) response.setHeader("connection", "close");
    sendText(response, error.status, error.message);
  } else if (error instanceof TallyError) {
    const main = failure("This can't be shown.", error.message, error.hint);
    const status = error instanceof UsageError ? 404 : 503;
    sendPage(response, status, appPage({ title: "Nothing to show", path: "/reports/", main }));
  } else {
    const message = error instanceof Error ? error.message : String(error);
    context.effects.log.warn(`${request.method} ${request.url} failed: ${message}`);
    sendText(response, 500, "It failed; the log of tally serve says why.");
  }
}
