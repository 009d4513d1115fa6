import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TallyError } from "../errors/tally-error.ts";
import type { ListenAddress } from "../schedule-settings.ts";
import { readStatus, type StatusContext, type WorkspaceStatus } from "../status/status.ts";
import type { ChildRuns } from "./child-run.ts";
import { metricsText } from "./metrics.ts";
import type { Slots } from "./slots.ts";

export interface Endpoints {
  url: string;
  close(): Promise<void>;
}

export interface EndpointsContext extends StatusContext {
  slots: Slots;
  runs: Pick<ChildRuns, "isRunning" | "runsByCode">;
}

/** So long a status is shown again: a probe every second must not open the file every second. */
const freshForMs = 5000;

/**
 * Serves, to GET alone: /healthz, 200 while the schedule is up; /readyz, 200 where what is published is fresh,
 * else 503 and why; /metrics, for Prometheus.
 *
 * @throws TallyError where the address can't be listened on
 */
export async function serveEndpoints(context: EndpointsContext, address: ListenAddress): Promise<Endpoints> {
  let kept: { status: Promise<WorkspaceStatus>; atMs: number } | undefined;
  const status = () => {
    const atMs = performance.now();
    if (!kept || atMs - kept.atMs > freshForMs) kept = { status: readStatus(context), atMs };
    return kept.status;
  };
  const routes: Record<string, (response: ServerResponse) => Promise<void>> = {
    "/healthz": async (response) => send(response, 200, "ok\n"),
    async "/readyz"(response) {
      const { staleness } = await status();
      if (staleness.length === 0) send(response, 200, "ready\n");
      else send(response, 503, `${staleness.join("\n")}\n`);
    },
    async "/metrics"(response) {
      const { slots, runs, effects } = context;
      const { isRunning, runsByCode } = runs;
      const nextRunAt = slots.after(effects.wallClock());
      const text = metricsText({ status: await status(), nextRunAt, isRunning, runsByCode });
      send(response, 200, text, "text/plain; version=0.0.4; charset=utf-8");
    },
  };
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? "").split("?", 1)[0] ?? ""];
    request.resume();
    if (!route) return send(response, 404, "There are /healthz, /readyz and /metrics.\n");
    if (request.method !== "GET" && request.method !== "HEAD")
      return send(response, 405, "Only GET is served.\n");
    route(response).catch((error: unknown) => {
      context.effects.log.warn(
        `${request.url} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
      send(response, 500, "It failed; the log says why.\n");
    });
  });
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TallyError(`${address.host}:${address.port} can't be listened on: ${code ?? String(error)}.`, {
      hint: "Name another address in listen under [schedule] in tally.toml, or with --listen.",
      cause: error,
    });
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`;
  context.effects.log.info(`serving ${url}/healthz, /readyz and /metrics`);
  return {
    url,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = "text/plain; charset=utf-8",
): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}
