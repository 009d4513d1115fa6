import { execFile, execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Key } from "../signed-client.ts";
import { type Recorded, shapeOf, textsOf } from "./recording.ts";

const run = promisify(execFile);

/** Why the real client can't run here; null where it can. */
export function whyNoGoClient(source: string | undefined): string | null {
  if (!source) return "TALLY_TEST_GO_CLIENT names no copy of github.com/crusoecloud/client-go";
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return null;
  } catch {
    return "there is no Go";
  }
}

/**
 * Builds the program with the client's source, has it talk to the gateway, and gives what it sent.
 *
 * @throws Error with what the program said where an answer was of no use to it
 */
export async function liveSession(source: string, endpoint: string, key: Key): Promise<Recorded[]> {
  const folder = await mkdtemp(join(tmpdir(), "tally-go-client-"));
  const tap = await tapped(endpoint);
  try {
    for (const name of ["main.go", "go.mod"]) {
      await cp(fileURLToPath(new URL(name, import.meta.url)), join(folder, name));
    }
    const go = (...words: string[]) => run("go", words, { cwd: folder });
    await go("mod", "edit", `-replace=github.com/crusoecloud/client-go=${source}`);
    await go("mod", "tidy");
    await go("build", "-o", "session", ".");
    const { stdout } = await run(join(folder, "session"), [tap.endpoint, key.accessKeyId, key.secretKey]);
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Told);
    return recordedOf(told, tap.requests(), key);
  } finally {
    await tap.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the program prints of each of its requests. */
interface Told {
  call: string;
  status: number;
  decoded: unknown;
}

interface Sent {
  line: string;
  headers: [string, string][];
  body: string;
}

/** Stands between client and gateway, and keeps what the client sends as it comes off the wire. */
async function tapped(endpoint: string): Promise<{
  endpoint: string;
  requests: () => Sent[];
  close: () => Promise<void>;
}> {
  const { hostname, port, pathname } = new URL(endpoint);
  // The client sends a request when it has the answer of the one before, so arrivals are in the session's order.
  const requests: Sent[] = [];
  const server = createServer((client) => {
    const gateway = connect(Number(port), hostname);
    let pending = Buffer.alloc(0);
    client.on("data", (part: Buffer) => {
      pending = Buffer.concat([pending, part]);
      for (let sent = firstOf(pending); sent; sent = firstOf(pending)) {
        requests.push(sent.request);
        pending = pending.subarray(sent.bytes);
      }
      gateway.write(part);
    });
    gateway.on("data", (part: Buffer) => client.write(part));
    for (const [one, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    requests: () => requests,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function firstOf(bytes: Buffer): { request: Sent; bytes: number } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [line = "", ...fields] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 2)];
  });
  const length = Number(headers.find(([name]) => name === "Content-Length")?.[1] ?? 0);
  const whole = end + 4 + length;
  if (bytes.length < whole) return null;
  return { request: { line, headers, body: bytes.subarray(end + 4, whole).toString("utf8") }, bytes: whole };
}

/** Where later requests may have a text from: ids, tokens of pages and keys, and no names that happen to be alike. */
const isPassedOn = (path: string): boolean =>
  /(?:\/|_)(?:id|access_key|secret_key|next_page_token)$|\/projects\/\d+$/.test(path);

/** Puts what the program told to what it sent, with the ids in it as places in earlier answers. */
function recordedOf(told: readonly Told[], sent: readonly Sent[], key: Key): Recorded[] {
  if (told.length !== sent.length) throw new Error(`${sent.length} requests, but ${told.length} calls`);
  const places = new Map<string, string>();
  const placed = (text: string): string => {
    let result = text;
    for (const [value, place] of places) result = result.replaceAll(value, place);
    return result;
  };
  return told.map(({ call, status, decoded }, number) => {
    const { line, headers, body } = sent[number] as Sent;
    const signer = /^Bearer 1\.0:([^:]+):/.exec(
      headers.find(([name]) => name === "Authorization")?.[1] ?? "",
    )?.[1];
    const recorded: Recorded = {
      call,
      line: placed(line),
      headers: headers.map(([name, value]) =>
        ["Host", "Authorization", "X-Crusoe-Timestamp", "Content-Length"].includes(name)
          ? [name, ""]
          : [name, value],
      ),
      body: placed(body),
      signedWith: signer === undefined ? null : signerOf(signer, key, placed),
      status,
      answer: shapeOf(decoded),
    };
    for (const [path, text] of textsOf(decoded)) {
      if (isPassedOn(path) && text !== "" && !places.has(text)) places.set(text, `{{${number}${path}}}`);
    }
    return recorded;
  });
}

function signerOf(accessKeyId: string, key: Key, placed: (text: string) => string): Recorded["signedWith"] {
  if (accessKeyId === key.accessKeyId) return { accessKeyId: "", secretKey: "" };
  const place = placed(accessKeyId);
  return { accessKeyId: place, secretKey: place.replace("access_key", "secret_key") };
}
