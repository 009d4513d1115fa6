import { connect } from "node:net";
import { canonical, type Parameters, signedHeaders } from "./signed-client.ts";

/** All that a connection said until it ended, and how it ended. */
export interface Heard {
  status: number;
  headers: Record<string, string>;
  /** What came after the head, as it came: with the marks of its chunks. */
  body: string;
  /** `end`: closed in order; `reset`: cut off; `open`: still open when the client lost patience or had enough. */
  ended: "end" | "reset" | "open";
  /** The times between what arrived. */
  gapsMs: number[];
}

/** A signed GET over a bare socket: nothing is repaired, retried or hidden on the way. */
export function hear(
  endpoint: string,
  path: string,
  parameters: Parameters = {},
  { patienceMs = 300, enoughBytes = 1 << 22, at = new Date() } = {},
): Promise<Heard> {
  const { hostname, port, pathname } = new URL(endpoint);
  const query = canonical(parameters);
  const headers = Object.entries(signedHeaders("GET", pathname + path, query, undefined, at));
  const head = [`GET ${pathname}${path}${query && `?${query}`} HTTP/1.1`, `host: ${hostname}:${port}`];
  const lines = [...head, ...headers.map(([name, value]) => `${name}: ${value}`), "", ""];
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const gapsMs: number[] = [];
    let bytes = 0;
    let last = Date.now();
    let failure: string | undefined;
    const socket = connect(Number(port), hostname, () => socket.write(lines.join("\r\n")));
    const done = (ended: Heard["ended"]) => {
      socket.destroy();
      const [top = "", ...rest] = Buffer.concat(parts).toString("utf8").split("\r\n\r\n");
      const [first = "", ...fields] = top.split("\r\n");
      resolve({
        status: Number(first.split(" ")[1] ?? 0),
        headers: Object.fromEntries(
          fields.map((field) => [
            field.slice(0, field.indexOf(":")).toLowerCase(),
            field.slice(field.indexOf(":") + 2),
          ]),
        ),
        body: rest.join("\r\n\r\n"),
        ended,
        gapsMs,
      });
    };
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      gapsMs.push(Date.now() - last);
      last = Date.now();
      bytes += part.length;
      if (bytes > enoughBytes) done("open");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failure = error.code;
    });
    socket.on("close", () => done(failure === "ECONNRESET" ? "reset" : "end"));
    socket.setTimeout(patienceMs, () => done("open"));
  });
}
