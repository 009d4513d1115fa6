import { createHmac } from "node:crypto";
import { connect } from "node:net";

export interface Key {
  accessKeyId: string;
  secretKey: string;
}

/** A request as it goes over the wire, signed now. */
export function signedRequest(target: string, { accessKeyId, secretKey }: Key): string {
  const [path = "", query = ""] = target.split("?");
  const timestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  const signature = createHmac("sha256", Buffer.from(secretKey, "base64url"))
    .update(`${path}\n${query}\nGET\n${timestamp}\n`)
    .digest("base64url");
  return (
    `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-crusoe-timestamp: ${timestamp}\r\n` +
    `authorization: Bearer 1.0:${accessKeyId}:${signature}\r\n\r\n`
  );
}

/** What came of asking for some time, over several connections that each ask again as soon as they are answered. */
export interface Load {
  requests: number;
  elapsedMs: number;
  /** The body of the last answer. */
  body: string;
}

/** Asks for the targets in turn. Whatever is not answered with 200 fails the whole. */
export async function load(
  port: number,
  targets: readonly string[],
  key: Key,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<Load> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const found = { requests: 0, body: "" };
  const next = () =>
    performance.now() < endMs ? signedRequest(targets[found.requests++ % targets.length] ?? "", key) : null;
  await Promise.all(
    Array.from({ length: connections }, () =>
      askAgainAndAgain(port, next, (body) => {
        found.body = body;
      }),
    ),
  );
  return { ...found, elapsedMs: performance.now() - startMs };
}

function askAgainAndAgain(
  port: number,
  next: () => string | null,
  take: (body: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", ask);
    let parts: Buffer[] = [];
    let wanted = 0;
    function ask() {
      const request = next();
      if (request !== null) socket.write(request);
      else socket.end(resolve);
    }
    socket.on("error", reject);
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      if (wanted === 0) {
        const head = Buffer.concat(parts).toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!head.startsWith("HTTP/1.1 200 ")) reject(new Error(head.slice(0, 400)));
        wanted = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      }
      if (parts.reduce((sum, { length }) => sum + length, 0) < wanted) return;
      const whole = Buffer.concat(parts).toString("utf8");
      take(whole.slice(whole.indexOf("\r\n\r\n") + 4));
      parts = [];
      wanted = 0;
      ask();
    });
  });
}
