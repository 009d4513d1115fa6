import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ApiError } from "../../src/errors/api-error.ts";
import { createClient } from "../../src/ingest/client.ts";
import { retryAfterMs, retryDelayMs } from "../../src/ingest/retry.ts";
import {
  accessKeyId,
  type ContractServer,
  type Fault,
  secretKey,
  startContractServer,
} from "./contract-server.ts";
import { type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup | undefined;

afterEach(async () => {
  await setup?.close();
  await server?.close();
});

async function start(options: Partial<Parameters<typeof setUp>[0]> = {}) {
  server = await startContractServer(smallAccount());
  setup = await setUp({ endpoint: server.endpoint, ...options });
  const { effects, config, credentials, waits } = setup;
  const pace = { sleep: async (ms: number) => void waits.push(ms), random: () => 0.5 };
  const client = createClient({ effects, api: config.api, credentials, pace });
  const get = (path = "/organizations/entities", maxBytes = 2 ** 20) =>
    client.get({ path, query: {}, format: "json", maxBytes }, async (body) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return JSON.parse(Buffer.concat(chunks).toString()) as { items: unknown[] };
    });
  return { get, waits };
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a request that fails in a way that may pass", () => {
  test.each<[string, Fault]>([
    ["429", { status: 429 }],
    ["500", { status: 500 }],
    ["503", { status: 503 }],
    ["a 502 with a page", { status: 502, body: "<html>bad gateway</html>", type: "text/html" }],
    ["a reset connection", "reset"],
    ["a body cut short", "truncate"],
    ["a page in the place of JSON", "html200"],
  ])("is made again after %s, with growing waits", async (_, fault) => {
    const { get, waits } = await start();
    server.fault = (_request, attempt) => (attempt <= 3 ? fault : undefined);
    expect((await get()).items).toHaveLength(1);
    expect(server.seen).toHaveLength(4);
    // Half of 500, 1000 and 2000, since the dice of this test always say one half.
    expect(waits).toEqual([250, 500, 1_000]);
  });

  test("fails for good after as many attempts as are set", async () => {
    const { get } = await start({ api: { maxAttempts: 3 } });
    server.fault = () => ({ status: 500, body: '{"code":"500","message":"internal error"}' });
    const error = await failure(get());
    expect(server.seen).toHaveLength(3);
    expect(error).toMatchObject({
      message: "GET /v1alpha5/organizations/entities answered 500 (internal error).",
      method: "GET",
      path: "/v1alpha5/organizations/entities",
      status: 500,
      apiMessage: "internal error",
      exitCode: 1,
    });
  });

  test("waits as long as Retry-After says, in seconds or as a date, but not for hours", async () => {
    const { get, waits } = await start();
    const until = (ms: number) => new Date(Date.now() + ms).toUTCString();
    const headers = ["3", until(60_000), "86400", "soon"];
    server.fault = (_request, attempt) => {
      const header = headers[attempt - 1];
      return header === undefined ? undefined : { status: 429, headers: { "retry-after": header } };
    };
    await get();
    expect(waits[0]).toBe(3_250);
    expect(waits[1]).toBeGreaterThan(58_000);
    expect(waits[1]).toBeLessThan(62_000);
    expect(waits[2]).toBe(120_250);
    // What can't be read asks for nothing: the fourth backoff.
    expect(waits[3]).toBe(2_000);
  });

  test("is given up when its answer hangs, drips or never ends", async () => {
    const { get } = await start({ api: { timeoutMs: 250, maxAttempts: 2 } });
    for (const fault of ["hang", "drip"] as const) {
      server.fault = () => fault;
      const startedAt = performance.now();
      const error = await failure(get());
      expect(error).toMatchObject({ failure: "timeout", message: expect.stringContaining("within 0.25 s") });
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
    server.fault = () => "endless";
    expect(await failure(get())).toMatchObject({
      failure: "body",
      message: expect.stringContaining("larger than 1 MiB"),
    });
    expect(server.seen).toHaveLength(6);
  });

  test("is not cut off while its body keeps coming, though it takes longer than the timeout", async () => {
    const { get } = await start({ api: { timeoutMs: 400, maxAttempts: 1 } });
    const body = JSON.stringify({ items: [{ filler: "x".repeat(400_000) }] });
    const slow = createServer((socket) => {
      socket.once("data", async () => {
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
        );
        for (let at = 0; at < body.length; at += 50_000) {
          socket.write(body.slice(at, at + 50_000));
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = slow.address() as AddressInfo;
      const { effects, config, credentials } = setup as Setup;
      const client = createClient({
        effects,
        api: { ...config.api, endpoint: `http://127.0.0.1:${port}/v1alpha5` },
        credentials,
      });
      let bytes = 0;
      await client.get({ path: "/x", query: {}, format: "json", maxBytes: 2 ** 20 }, async (chunks) => {
        for await (const chunk of chunks) bytes += chunk.byteLength;
      });
      expect(bytes).toBe(body.length);
      expect(get).toBeTypeOf("function");
    } finally {
      slow.close();
    }
  });
});

describe("a request that is refused", () => {
  test.each([400, 401, 403, 404, 501])("with %i is made once", async (status) => {
    const { get, waits } = await start();
    server.fault = () => ({ status });
    expect(await failure(get())).toMatchObject({ status, apiMessage: "made_to_fail", code: String(status) });
    expect(server.seen).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  test("by a redirect is asked for twice more and never followed, and no credential goes anywhere", async () => {
    const { get } = await start();
    server.fault = () => ({ status: 302, headers: { location: "https://elsewhere.example/steal?x=1" } });
    const error = await failure(get());
    expect(error).toMatchObject({
      failure: "redirect",
      message: "GET /v1alpha5/organizations/entities answered 302, a redirect to elsewhere.example.",
    });
    expect(server.seen).toHaveLength(3);
  });

  test("once by a redirect, or by one of many servers whose clock is off, goes well the next time", async () => {
    const { get } = await start();
    const date = new Date(Date.now() + 12 * 60_000).toUTCString();
    const refusals = [
      { status: 302, headers: { location: "https://elsewhere.example/" } },
      { status: 401, headers: { date } },
    ];
    server.fault = (_, attempt) => refusals[attempt - 1];
    await get();
    expect(server.seen).toHaveLength(3);
  });

  test("for a clock that is off says so, and by how much", async () => {
    const { get } = await start();
    server.clock = () => new Date(Date.now() + 12 * 60_000);
    const error = await failure(get());
    expect(error.status).toBe(401);
    expect(error.hint).toMatch(/clock may be the cause: .* 12 min behind the server's time/);
  });

  test("for a wrong key says that, and shows neither key nor signature even if the API echoes them", async () => {
    const { get } = await start();
    server.fault = ({ headers }) => ({
      status: 401,
      body: JSON.stringify({
        code: "bad_credential",
        message: `no such key ${accessKeyId} with ${secretKey} in ${headers.authorization}\u001b[31m\n`,
      }),
    });
    const error = await failure(get());
    expect(error.message).toContain("bad_credential: no such key [credential]");
    expect(error.hint).toContain("CRUSOE_SECRET_KEY");
    const said = JSON.stringify([error, error.message, error.stack, setup?.log]);
    expect(said).not.toContain(accessKeyId);
    expect(said).not.toContain(secretKey);
    expect(said).not.toContain(String(server.seen[0]?.headers.authorization).split(":").at(-1));
    expect(said).not.toContain("\\u001b");
  });

  test("is signed by the clock of TALLY_NOW where the machine's was refused, and from then on", async () => {
    const now = "2026-11-10T06:00:00Z";
    const { get } = await start({ now, env: { TALLY_NOW: now } });
    server.clock = () => new Date(now);
    await get();
    await get();
    const stamps = server.seen.map(({ headers }) => headers["x-crusoe-timestamp"]);
    expect(stamps).toHaveLength(3);
    expect(stamps.slice(1)).toEqual([now, now]);
  });
});

describe("a host", () => {
  test.each([9, 59_999])(
    "that refuses port %i is named in one sentence, after a few attempts",
    async (port) => {
      const { waits } = await start();
      const { effects, config, credentials } = setup as Setup;
      const pace = { sleep: async (ms: number) => void waits.push(ms), random: () => 0.5 };
      const client = createClient({
        effects,
        api: { ...config.api, endpoint: `http://127.0.0.1:${port}/v1alpha5` },
        credentials,
        pace,
      });
      const error = await failure(
        client.get(
          { path: "/organizations/entities", query: {}, format: "json", maxBytes: 1 },
          async () => 1,
        ),
      );
      expect(error).toMatchObject({ failure: "unreachable", exitCode: 1 });
      expect(error.message).toMatch(
        /^127\.0\.0\.1:\d+ can't be reached: .*\(GET \/v1alpha5\/organizations\/entities\)\.$/,
      );
      expect(waits).toHaveLength(3);
    },
  );

  test.each([
    ["ENOTFOUND", "can't be reached: its name has no address", 1],
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "is not trusted: no trusted TLS connection could be made (DEPTH_ZERO_SELF_SIGNED_CERT)",
      1,
    ],
  ])("that fails with %s is named in one sentence", async (code, sentence, retries) => {
    const { waits } = await start();
    const { effects, config, credentials } = setup as Setup;
    const client = createClient({
      effects: {
        ...effects,
        fetch: () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code } })),
      },
      api: { ...config.api, endpoint: "https://api.nowhere.example/v1alpha5", maxAttempts: 2 },
      credentials,
      pace: { sleep: async (ms: number) => void waits.push(ms), random: () => 0.5 },
    });
    const error = await failure(
      client.get({ path: "/organizations/entities", query: {}, format: "json", maxBytes: 1 }, async () => 1),
    );
    expect(error.message).toBe(`api.nowhere.example ${sentence} (GET /v1alpha5/organizations/entities).`);
    expect(waits).toHaveLength(retries);
  });
});

test("never more requests are under way than are set", async () => {
  const { get } = await start({ api: { maxInFlight: 3 } });
  server.delayMs = 10;
  server.fault = (_request, attempt) => (attempt % 3 === 0 ? { status: 500 } : undefined);
  await Promise.all(Array.from({ length: 40 }, () => get()));
  expect(server.mostAtOnce).toBe(3);
});

describe("waiting", () => {
  test("is full jitter below a limit that doubles up to half a minute", () => {
    for (const [attempts, most] of [
      [1, 500],
      [2, 1_000],
      [5, 8_000],
      [7, 30_000],
      [20, 30_000],
    ] as const) {
      expect(retryDelayMs(attempts, undefined, () => 0)).toBe(0);
      expect(retryDelayMs(attempts, undefined, () => 1)).toBe(most);
    }
  });

  test("holds a date against the server's own clock where it shows it", () => {
    const now = new Date("2026-01-01T00:00:00Z");
    const date = "Tue, 03 Nov 2026 06:00:10 GMT";
    expect(retryAfterMs(date, "Tue, 03 Nov 2026 06:00:00 GMT", now)).toBe(10_000);
    expect(retryAfterMs("Wed, 31 Dec 2025 23:00:00 GMT", null, now)).toBe(0);
    expect(retryAfterMs("Thu, 01 Jan 2026 00:00:05 GMT", null, now)).toBe(5_000);
    expect(retryAfterMs(null, null, now)).toBeUndefined();
    expect(retryAfterMs("later", null, now)).toBeUndefined();
  });
});
