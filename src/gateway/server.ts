import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Answer, refused } from "./answer.ts";
import { instantOf } from "./instant.ts";
import { indexInventory } from "./inventory.ts";
import { meterResources } from "./metering.ts";
import { parseQuery } from "./query.ts";
import { type Quirks, referenceQuirks } from "./quirks.ts";
import { Refusal } from "./refusal.ts";
import type { Derived } from "./route.ts";
import { findRoute } from "./routes.ts";
import { verifySignature } from "./signature.ts";
import type { AccessKey, Organization } from "./state.ts";

/** A request as it came, before anything about it was checked. */
export interface GatewayRequest {
  method: string;
  /** Path and query as they stand in the request line. */
  target: string;
  headers: IncomingMessage["headers"];
}

export interface GatewayOptions {
  organization: Organization;
  /** What time it is for the organisation: inventory is as of then, and nothing after it is metered. */
  clock: () => Date;
  accessKeys: readonly AccessKey[];
  /** Default: one that is free. */
  port?: number;
  /** Default 127.0.0.1: the gateway is for this machine. */
  host?: string;
  quirks?: Partial<Quirks>;
  /** The machine's clock, which signatures may be fresh by as well. Default: the machine's. */
  wallClock?: () => Date;
  /** Stands between every request and its answer; `next` gives the answer that the API would. */
  intercept?: (request: GatewayRequest, next: () => Answer) => Answer | Promise<Answer>;
  /** Called with each request that was answered, and the status. */
  onAnswer?: (request: GatewayRequest, status: number) => void;
  /** Called with an error that is a defect of the gateway's own: the client gets a bare 500. */
  onDefect?: (error: unknown) => void;
}

export interface Gateway {
  /** The base to give a client, such as `http://127.0.0.1:40123/v1alpha5`; `/v1` serves the same. */
  endpoint: string;
  /** Stops listening, and ends every connection. */
  close(): Promise<void>;
}

/**
 * Starts a local Crusoe API that serves the organisation over HTTP.
 *
 * @example
 * const organization = await loadScenario("data/demo/organization.yaml");
 * const gateway = await startGateway({
 *   organization,
 *   clock: () => organization.now,
 *   accessKeys: organization.accessKeys,
 * });
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const respond = responder(options);
  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    void respond(message, response);
  });
  server.on("clientError", refuseUnreadable);
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1alpha5`,
    close: () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  const end = once(server, "close");
  server.close();
  server.closeAllConnections();
  await end;
}

function responder(options: GatewayOptions) {
  const answer = answerer(options);
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A body is not read by anything yet, and must not hold up the connection.
    message.resume();
    const request = { method: message.method ?? "", target: message.url ?? "", headers: message.headers };
    try {
      const next = () => answer(request);
      await send(response, await (options.intercept ? options.intercept(request, next) : next()));
    } catch (error) {
      // The client left, or the body could not be made to its end: cut it short, so that it can't pass for whole.
      if (!isDisconnect(error)) options.onDefect?.(error);
      if (response.headersSent) response.destroy();
      else await send(response, refused(new Refusal(500))).catch(() => response.destroy());
    }
    options.onAnswer?.(request, response.statusCode);
  };
}

const isDisconnect = (error: unknown): boolean =>
  ["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"].includes(
    String((error as NodeJS.ErrnoException)?.code),
  );

/** Makes the one function that every request passes through, from its first line to its answer. */
function answerer(options: GatewayOptions): (request: GatewayRequest) => Answer {
  const { organization, clock, accessKeys } = options;
  const quirks = { ...referenceQuirks, ...options.quirks };
  const wallClock = options.wallClock ?? (() => new Date());
  const keys = new Map(accessKeys.map((key) => [key.accessKeyId, key]));
  let derived = derive(organization, quirks);
  return ({ method, target, headers }) => {
    try {
      if (target.length > quirks.maxTargetLength) throw new Refusal(414);
      const [path, query] = takeApart(target);
      const now = clock();
      const accessKey = verifySignature(
        {
          method,
          path,
          query,
          authorization: headers.authorization,
          timestamp: String(headers["x-crusoe-timestamp"] ?? ""),
        },
        keys,
        [now, wallClock()],
      );
      const version = /^\/v1(?:alpha5)?(?=\/)/.exec(path);
      if (!version) throw new Refusal(404, "the API has the versions /v1 and /v1alpha5");
      const { route, params } = findRoute(method, path.slice(version[0].length));
      const notOffered = quirks.notOffered[route.pattern];
      if (notOffered) throw new Refusal(notOffered, "not offered to this account");
      if (derived.revision !== organization.revision) derived = derive(organization, quirks);
      return route.handle({ organization, derived, at: instantOf(now), accessKey, query, params, quirks });
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      options.onDefect?.(error);
      return refused(new Refusal(500));
    }
  };
}

function takeApart(target: string): [path: string, query: ReturnType<typeof parseQuery>] {
  if (!target.startsWith("/")) throw new Refusal(400, "the request line has no path");
  const mark = target.indexOf("?");
  return mark < 0 ? [target, parseQuery("")] : [target.slice(0, mark), parseQuery(target.slice(mark + 1))];
}

const derive = (organization: Organization, { gpuMetric }: Quirks): Derived => ({
  revision: organization.revision,
  inventory: indexInventory(organization),
  metered: meterResources(organization, { gpuMetric }),
});

async function send(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (typeof body === "string") {
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  await pipeline(Readable.from(inPieces(body), { objectMode: false }), response);
}

/** Joins small parts into pieces worth a write each, so that a day without usage costs none. */
function* inPieces(parts: Iterable<string>): Generator<Buffer> {
  let piece = "";
  for (const part of parts) {
    piece += part;
    if (piece.length < 64 * 1024) continue;
    yield Buffer.from(piece);
    piece = "";
  }
  if (piece !== "") yield Buffer.from(piece);
}

/** Answers what is not HTTP, or more of it than is taken, where the socket still listens. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const refusal =
    error.code === "HPE_HEADER_OVERFLOW" ? new Refusal(431) : new Refusal(400, "not readable as HTTP");
  const { body } = refused(refusal);
  const reason = refusal.status === 431 ? "Request Header Fields Too Large" : "Bad Request";
  socket.end(
    `HTTP/1.1 ${refusal.status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(String(body))}\r\n\r\n${body}`,
  );
}
