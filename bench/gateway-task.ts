/** One server of the gateway's bench, in a process of its own: `node gateway-task.js '{"kind": …}'`, asked over IPC. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseScenario } from "../src/gateway/scenario/load.ts";
import { startGateway } from "../src/gateway/server.ts";

export type ServerTask =
  | { kind: "gateway"; scenario: string }
  /** Answers every request with the same bytes, and looks at none. */
  | { kind: "bare"; body: string };

export interface Spent {
  cpuMs: number;
  /** The most memory that it held resident so far. */
  peakMb: number;
}

async function serve(task: ServerTask): Promise<number> {
  if (task.kind === "gateway") {
    const organization = parseScenario(task.scenario);
    const { accessKeys } = organization;
    const gateway = await startGateway({ organization, clock: () => organization.now, accessKeys });
    return Number(new URL(gateway.endpoint).port);
  }
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(task.body) };
  const server = createServer((message, response) => {
    message.resume();
    response.writeHead(200, headers);
    response.end(task.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const spent: Spent = { cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 };
  process.send?.(spent);
});
process.once("disconnect", () => process.exit());
process.send?.(await serve(JSON.parse(process.argv[2] ?? "{}") as ServerTask));
