import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Answer } from "../../src/gateway/answer.ts";
import { routes } from "../../src/gateway/routes.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { serving, withGateway } from "./acme.ts";
import { canonical, get, send, signedHeaders } from "./signed-client.ts";

/** Writes bytes to the gateway's port as they are, and reads what it says until it hangs up or has said it. */
function raw(endpoint: string, bytes: string | Buffer, patienceMs = 5000): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const parts: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(parts).toString("latin1"));
    };
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      socket.setTimeout(100);
    });
    socket.on("error", done);
    socket.on("close", done);
    socket.setTimeout(patienceMs, done);
  });
}

const wordOf = (status: number) => [200, 400, 401, 403, 404, 405, 414, 431].includes(status);

describe("a malformed request", () => {
  const gateway = serving();

  afterEach(async () => {
    expect(gateway.defects).toEqual([]);
    expect((await get(gateway.endpoint, "/organizations/entities")).status).toBe(200);
  });

  const faults = [
    ["/v1alpha5/organizations/%zz/usage", 400],
    ["/v1alpha5/organizations/%ff/usage", 400],
    ["/v1alpha5/organizations/%", 400],
    ["/v1alpha5/organizations/entities?a=%", 400],
    ["/v1alpha5/organizations/entities?%zz=1", 400],
    ["/v1alpha5/../v1/organizations/entities", 404],
    ["/v1alpha5//organizations//entities", 404],
    ["/v1alpha5/organizations/entities%00", 404],
    ["/v1alpha5/projects/__proto__/storage/disks", 403],
    ["/v1alpha5/projects/constructor/compute/vms/types", 403],
    ["/v1alpha5/projects/project-alpha/storage/disks/..%2f..%2fetc", 404],
    ["/v1alpha5", 404],
    ["/", 404],
    ["*", 400],
    ["http://elsewhere.example/v1alpha5/organizations/entities", 400],
    [`/v1alpha5/${"a/".repeat(3000)}`, 404],
    [`/v1alpha5/${"a".repeat(9000)}`, 414],
  ].map(([target, expected]) => ({ target: String(target), expected, shown: String(target).slice(0, 60) }));
  it.each(faults)("to $shown, well signed, is answered as its fault", async ({ target, expected }) => {
    const [path = "", query = ""] = target.split("?");
    const { status, text } = await send(gateway.endpoint, target, {
      headers: signedHeaders("GET", path, query),
    });
    expect(status).toBe(expected);
    expect(JSON.parse(text)).toEqual({ code: String(expected), message: expect.any(String) });
  });

  it("with headers beyond measure is refused", async () => {
    const { status, text } = await send(gateway.endpoint, "/v1/locations", {
      headers: { padding: "x".repeat(40_000) },
    });
    expect([status, JSON.parse(text).code]).toEqual([431, "431"]);
  });

  it.each([
    "GET /v1/locations\r\n\r\n",
    "nonsense\r\n\r\n",
    "GET /v1/locations HTTP/9.9\r\n\r\n",
    "GET /v1/locations HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
    "GET /v1/locations HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n",
    "\u0000\u0001\u0002\u00ff\r\n\r\n",
    "GET /v1/loc\u0000ations HTTP/1.1\r\nhost: a\r\n\r\n",
    "POST /v1/locations HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  ])("that is not HTTP (%j) is answered with 400 or cut off", async (bytes) => {
    expect(await raw(gateway.endpoint, bytes)).toMatch(/^($|HTTP\/1\.1 (400|401) )/);
  });

  it("with a body where none belongs is answered without reading anything into it", async () => {
    const path = "/v1alpha5/organizations/entities";
    const body = "{".repeat(500_000);
    const headers = { ...signedHeaders("GET", path, ""), "content-length": String(body.length) };
    expect((await send(gateway.endpoint, path, { headers, body })).status).toBe(200);
  });

  it("that is left half-way does no harm", async () => {
    await raw(gateway.endpoint, "GET /v1/locations HTTP/1.1\r\nhost: a\r\nauthor", 100);
    await raw(gateway.endpoint, "", 100);
  });

  it("whose client leaves while it is answered does no harm", async () => {
    const organization = await loadScenario(
      new URL("../../data/demo/organization.yaml", import.meta.url).pathname,
    );
    const defects: unknown[] = [];
    await withGateway({ organization, onDefect: (error) => defects.push(error) }, async (endpoint) => {
      const path = `/v1alpha5/organizations/${organization.id}/usage/export`;
      const query = canonical({
        projects: "",
        resources: "",
        resource_types: "",
        regions: "",
        start_date: "2025-09-01",
        end_date: "2026-11-03",
      });
      const headers = Object.entries(signedHeaders("GET", path, query)).map(
        ([name, value]) => `${name}: ${value}`,
      );
      const { hostname, port } = new URL(endpoint);
      const firstBytes = await new Promise<number>((resolve) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(`GET ${path}?${query} HTTP/1.1\r\nhost: a\r\n${headers.join("\r\n")}\r\n\r\n`),
        );
        socket.once("data", (part: Buffer) => {
          socket.resetAndDestroy();
          resolve(part.length);
        });
      });
      expect(firstBytes).toBeGreaterThan(0);
      expect((await get(endpoint, "/locations")).status).toBe(200);
    });
    expect(defects).toEqual([]);
  });

  it("never gets a 500, whatever stands in path, query and headers", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "..",
        "%2f",
        "%",
        "%00",
        "__proto__",
        "project-alpha",
        "org-acme",
        "usage",
        "a b",
        "\u00ff",
      ),
      fc.string({
        unit: fc.constantFrom(..."abc%?&=+/.-_~\u00e9\u00ff;:@!$'()*,[]{}|^`<>\"\\"),
        maxLength: 12,
      }),
    );
    const target = fc.oneof(
      fc.array(piece, { maxLength: 6 }).map((pieces) => `/v1alpha5/${pieces.join("/")}`),
      fc
        .tuple(
          fc.constantFrom(...routes.map(({ pattern }) => pattern)),
          fc.array(fc.tuple(piece, piece), { maxLength: 5 }),
        )
        .map(([pattern, pairs]) => `/v1${pattern}?${pairs.map((pair) => pair.join("=")).join("&")}`),
    );
    const method = fc.constantFrom("GET", "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
    const header = fc.string({
      unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(method, target, header, header, async (verb, line, authorization, timestamp) => {
        // Blanks and line breaks would make another request of it; Node's client refuses them too.
        const sent = line.replace(/[^\u0021-\u00ff]|\u007f/g, "");
        const bytes = Buffer.from(
          `${verb} ${sent} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: ${authorization}\r\nx-crusoe-timestamp: ${timestamp}\r\n\r\n`,
          "latin1",
        );
        const status = Number((await raw(gateway.endpoint, bytes)).slice(9, 12));
        expect(wordOf(status)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("never gets a 500 when it is well signed, whatever its parameters say", async () => {
    const name = fc.constantFrom(
      ...[
        "projects",
        "resource_types",
        "regions",
        "resources",
        "start_date",
        "end_date",
        "interval",
        "ids",
        "names",
      ],
      ...[
        "states",
        "sort",
        "limit",
        "next_token",
        "prev_token",
        "location",
        "disk_ids",
        "exclude_os",
        "status",
        "org_id",
      ],
      ...["resource_id", "state", "lower_time_bound", "start_time", "end_time", "product_line", "region"],
      ...["resource_type", "start", "end", "step", "query", "time", "metric", "label", "function"],
    );
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        "2026-03-05",
        "-1",
        "999999999999",
        "NaN",
        "name",
        "-type",
        "WyJhIiwiYiJd",
        "WzEsMl0",
        "true",
        "vm",
        "1h",
        "1772700000",
        "2026-03-05T00:00:00Z",
        'gpu_utilization{vm_id="vm-train"}',
      ),
    );
    const path = fc.constantFrom(
      ...routes
        .filter(({ method }) => method === "GET")
        .map(({ pattern }) =>
          pattern
            .replace("{organization_id}", "org-acme")
            .replace("{project_id}", "project-alpha")
            .replace(/\{\w+\}/, "vm-train"),
        ),
    );
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.dictionary(name, value, { maxKeys: 7, noNullPrototype: true }),
        async (to, parameters) => {
          const { status } = await get(gateway.endpoint, to, parameters);
          expect([200, 400, 403, 404]).toContain(status);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("the one place that every request passes through", () => {
  it("can answer in the API's stead, and is told of everything", async () => {
    const seen: string[] = [];
    const gateway = {
      intercept: ({ target }: { target: string }, next: () => Answer) =>
        target.endsWith("/locations") ? { status: 429, headers: { "retry-after": "3" }, body: "{}" } : next(),
      onAnswer: ({ method, target }: { method: string; target: string }, status: number) =>
        seen.push(`${method} ${target} ${status}`),
    };
    await withGateway(gateway, async (endpoint) => {
      const limited = await get(endpoint, "/locations");
      expect([limited.status, limited.headers["retry-after"]]).toEqual([429, "3"]);
      await get(endpoint, "/organizations/projects", { org_id: "org-acme" });
      await send(endpoint, "/v1/locations?x", {});
    });
    expect(seen).toEqual([
      "GET /v1alpha5/locations 429",
      `GET /v1alpha5/organizations/projects?${canonical({ org_id: "org-acme" })} 200`,
      "GET /v1/locations?x 401",
    ]);
  });

  it("turns a defect into a bare 500 that tells nothing of it", async () => {
    const defects: unknown[] = [];
    const clock = () => {
      throw new Error("the clock fell from the wall");
    };
    await withGateway({ clock, onDefect: (error) => defects.push(error) }, async (endpoint) => {
      const { status, text } = await get(endpoint, "/locations");
      expect([status, text]).toEqual([500, '{"code":"500","message":"internal_error"}']);
    });
    expect(defects).toHaveLength(1);
  });
});
