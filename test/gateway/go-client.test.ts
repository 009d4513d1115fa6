import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { withGateway } from "./acme.ts";
import { filledIn, type Recorded, readRecording, recordingFile, shapeOf } from "./go-client/recording.ts";
import { liveSession, whyNoGoClient } from "./go-client/session.ts";
import { type Key, key, signatureOf, timestampOf } from "./signed-client.ts";

vi.setConfig({ testTimeout: 120_000 });

const source = process.env.TALLY_TEST_GO_CLIENT;

async function onDemoOrganization<T>(work: (endpoint: string) => Promise<T>): Promise<T> {
  const organization = await loadScenario("data/demo/organization.yaml");
  return withGateway({ organization, control: true }, work);
}

describe("Crusoe's published Go client", () => {
  it("lists, creates, attaches, snapshots, polls, deletes and reads usage by the requests that it was seen to send", async () => {
    await onDemoOrganization(async (endpoint) => {
      const connection = await open(endpoint);
      const answers: unknown[] = [];
      for (const recorded of readRecording()) {
        const { status, text } = await connection.send(bytesOf(recorded, answers, endpoint));
        expect({ call: recorded.call, status, text: status < 300 ? "" : text }).toMatchObject({
          call: recorded.call,
          status: recorded.status,
        });
        const answer: unknown = text.startsWith("{") ? JSON.parse(text) : null;
        const read = Object.entries(recorded.answer);
        if (read.length > 0) {
          const shape = shapeOf(answer);
          expect({ call: recorded.call, ...pick(shape, recorded.answer) }).toEqual({
            call: recorded.call,
            ...recorded.answer,
          });
        }
        answers.push(answer);
      }
      connection.close();
    });
  });

  const missing = whyNoGoClient(source);
  it.skipIf(missing !== null)(
    `does so itself, and sends what was recorded${missing ? `: ${missing}` : ""}`,
    async () => {
      const session = await onDemoOrganization((endpoint) => liveSession(source ?? "", endpoint, key));
      if (process.env.TALLY_TEST_RECORD) {
        await writeFile(recordingFile, `${session.map((one) => JSON.stringify(one)).join("\n")}\n`);
      }
      expect(session).toEqual(readRecording());
    },
  );
});

const pick = (
  shape: Record<string, string>,
  wanted: Record<string, string>,
): Record<string, string | undefined> =>
  Object.fromEntries(Object.keys(wanted).map((path) => [path, shape[path]]));

/** The request as the client put it on the wire, signed anew. */
function bytesOf(recorded: Recorded, answers: readonly unknown[], endpoint: string): Buffer {
  const line = filledIn(recorded.line, answers, (value) => encodeURIComponent(value));
  const body = Buffer.from(filledIn(recorded.body, answers));
  const [method = "", target = ""] = line.split(" ");
  const [path = "", query = ""] = target.split("?");
  const timestamp = timestampOf(new Date());
  const signer: Key = recorded.signedWith?.accessKeyId
    ? {
        accessKeyId: filledIn(recorded.signedWith.accessKeyId, answers),
        secretKey: filledIn(recorded.signedWith.secretKey, answers),
      }
    : key;
  // Go encodes a query in its canonical form already.
  const signature = signatureOf(signer.secretKey, { method, path, query, timestamp });
  const values: Record<string, string> = {
    Host: new URL(endpoint).host,
    "Content-Length": String(body.length),
    "X-Crusoe-Timestamp": timestamp,
    Authorization: `Bearer 1.0:${signer.accessKeyId}:${signature}`,
  };
  const headers = recorded.headers.map(([name, value]) => `${name}: ${values[name] ?? value}`);
  return Buffer.concat([Buffer.from([line, ...headers, "", ""].join("\r\n")), body]);
}

/** A connection that is kept for all requests, one after the other, as Go's is. */
async function open(endpoint: string): Promise<{
  send: (bytes: Buffer) => Promise<{ status: number; text: string }>;
  close: () => void;
}> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return {
    send: async (bytes) => {
      socket.write(bytes);
      return answerOf(socket);
    },
    close: () => socket.destroy(),
  };
}

async function answerOf(socket: Socket): Promise<{ status: number; text: string }> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const whole = wholeAnswer(bytes);
    if (whole) return whole;
    const [part] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, part]);
  }
}

/** The answer once it has come to its end, by its length or its last chunk. */
function wholeAnswer(bytes: Buffer): { status: number; text: string } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = bytes.subarray(0, end).toString("latin1");
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim();
  const rest = bytes.subarray(end + 4);
  const status = Number(head.split(" ")[1]);
  const length = field("content-length");
  const body =
    length === undefined ? (status === 204 ? rest : unchunked(rest)) : rest.subarray(0, Number(length));
  if (!body || (length !== undefined && rest.length < Number(length))) return null;
  return { status, text: (field("content-encoding") === "gzip" ? gunzipSync(body) : body).toString("utf8") };
}

function unchunked(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line === -1) return null;
    const size = Number.parseInt(bytes.subarray(at, line).toString("latin1"), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
