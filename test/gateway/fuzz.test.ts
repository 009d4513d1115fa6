import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../src/gateway/routes.ts";
import { sshPublicKey } from "../../src/gateway/scenario/build.ts";
import type { Gateway } from "../../src/gateway/server.ts";
import { start } from "./acme.ts";
import { canonical, get, send, signedHeaders } from "./signed-client.ts";

/** A few seconds of each kind, whatever the machine is busy with. */
const budget = { numRuns: 600, interruptAfterTimeLimit: 5000, markInterruptAsFailure: false };

const answers = [200, 400, 401, 403, 404, 405, 408, 409, 413, 414, 431];

// What the paths and bodies below may name, with what nobody expects among it.
const names = [
  ...["project-alpha", "project-beta", "org-acme", "vm-train", "vm-brief", "vm-missed", "disk-grown"],
  ...["disk-shared", "snapshot-left", "reservation-line", "test-key", "operations", "no-such-thing"],
  ...["__proto__", "constructor", "toString", "", " ", "\u0000", "\ud800", "é".repeat(300)],
];
const fields = [
  ...[
    "name",
    "type",
    "location",
    "size",
    "disk_id",
    "disk_ids",
    "disks",
    "attachment_type",
    "mode",
    "action",
  ],
  ...["count", "desired_count", "name_prefix", "template_name", "template_id", "instance_template_id"],
  ...["instance_template", "image", "image_name", "custom_image", "ssh_public_key", "public_key", "alias"],
  ...["expires_at", "reservation_id", "reservation_specification", "id", "commitment_period", "cidr"],
  ...["network_interfaces", "subnet", "subnet_id", "network", "vpc_network_id", "vpc_subnet_ids", "sources"],
  ...["destinations", "protocols", "source_ports", "destination_ports", "direction", "organization_id"],
  ...["organization_name", "role", "host_channel_adapters", "locations", "maintenance_policy", "value"],
  ...["backends", "health_check", "listen_ports", "ips", "tags", "DiskID", "__proto__", "unheard-of"],
];
const words = fc.constantFrom(
  ...names,
  ...["c1a.4x", "l40s-48gb.2x", "us-east1-a", "persistent-ssd", "shared-volume", "10GiB", "1TiB", "-1GiB"],
  ...[
    "99999999999999999999TiB",
    "1e9GiB",
    "START",
    "STOP",
    "RESET",
    "RESERVE",
    "UNRESERVE",
    "UPDATE",
    "data",
  ],
  ...["os", "read-only", "read-write", "lowest_cost", "on_demand", "10.0.0.0/8", "999.1.1.1/99", "tcp", "22"],
  ...["2027-01-01T00:00:00Z", "0000-00-00", "ubuntu22.04", "owner", "ssh-ed25519 AAAA x", "a-name"],
);
/** Half a character can be in no URL, but in JSON. */
const inUrl = words.filter((word) => !/[\ud800-\udfff]/.test(word));
const real = fc.constantFrom(
  ...["vm-train", "vm-brief", "vm-missed", "disk-grown", "disk-shared", "snapshot-left"],
);
const numbers = fc.constantFrom(0, 1, 2, -1, 0.5, 1e9, 2 ** 53, 1e308, -0);
const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    words,
    words,
    numbers,
    fc.constantFrom(null, true, false, [], {}),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...fields), tie("value"), { maxKeys: 5 }),
  ),
})).value;

/** What each field may well be: with all of them at once most operations find what they need, and pass over the rest. */
const good = {
  name: fc.nat(5000).map((number) => `made-${number}`),
  name_prefix: fc.nat(5000).map((number) => `some-${number}`),
  template_name: fc.nat(5000).map((number) => `template-${number}`),
  type: fc.constantFrom("c1a.4x", "l40s-48gb.2x", "persistent-ssd", "shared-volume"),
  location: fc.constantFrom("us-east1-a", "eu-iceland1-a"),
  size: fc.constantFrom("10GiB", "300GiB", "1TiB"),
  disk_id: fc.constantFrom("disk-shared", "disk-grown"),
  DiskID: fc.constant("disk-shared"),
  disks: fc.constantFrom(
    [],
    [{ disk_id: "disk-shared", attachment_type: "data", mode: "read-only" }],
    [{ size: "10GiB", type: "persistent-ssd" }],
  ),
  attach_disks: fc.constant([{ disk_id: "disk-shared", attachment_type: "data", mode: "read-only" }]),
  detach_disks: fc.constant(["disk-shared"]),
  action: fc.constantFrom("START", "STOP", "RESET", "RESERVE", "UNRESERVE", "UPDATE"),
  reservation_id: fc.constantFrom("reservation-line", ""),
  count: fc.integer({ min: 1, max: 3 }),
  desired_count: fc.integer({ min: 0, max: 3 }),
  image: fc.constant("ubuntu22.04"),
  ssh_public_key: fc.constant(sshPublicKey("fuzz", "a")),
  public_key: fc.nat(50).map((number) => sshPublicKey("fuzz", String(number))),
  alias: fc.constant("ci"),
  expires_at: fc.constantFrom("2027-01-01T00:00:00Z", ""),
  organization_id: fc.constant("org-acme"),
  cidr: fc.constantFrom("10.9.0.0/16", "172.20.0.0/20"),
  role: fc.constant("owner"),
};
const usable = fc
  .record(good)
  .chain((whole) =>
    fc
      .dictionary(fc.constantFrom(...Object.keys(good), ...fields), values, { maxKeys: 2 })
      .map((wrong) => ({ ...whole, ...wrong })),
  );

const body = fc.oneof(
  { arbitrary: usable, weight: 8 },
  { arbitrary: fc.dictionary(fc.constantFrom(...fields), values, { maxKeys: 9 }), weight: 2 },
  { arbitrary: values, weight: 1 },
  { arbitrary: fc.constantFrom("{", "nul", '{"a":', "\uFEFF{}", "[".repeat(50_000)), weight: 1 },
);
const textOf = (sent: unknown): string => (typeof sent === "string" ? sent : JSON.stringify(sent));

describe("whatever is sent", () => {
  let gateway: Gateway;
  const defects: unknown[] = [];
  beforeAll(async () => {
    gateway = await start({ onDefect: (error) => defects.push(error) });
  });
  afterAll(() => gateway.close());

  it("to any operation, well signed, is answered in the API's words, and leaves lists that can be read", async () => {
    const route = fc.constantFrom(...routes);
    const parameters = fc.dictionary(
      fc.constantFrom(
        "limit",
        "next_token",
        "state",
        "resource_id",
        "project_id",
        "id",
        "org_id",
        "access_key",
      ),
      inUrl,
      { maxKeys: 3, noNullPrototype: true },
    );
    const call = fc.record({
      route,
      path: fc.array(fc.oneof(real, inUrl), { minLength: 3, maxLength: 3 }),
      parameters,
      body,
    });
    const aimed = fc.constantFrom("project-alpha", "project-beta");
    await fc.assert(
      fc.asyncProperty(call, aimed, fc.nat(90), async (asked, project, seconds) => {
        const { method, pattern } = asked.route;
        const [id = "", other = ""] = asked.path;
        const path = `/v1alpha5${pattern
          .replace("{organization_id}", "org-acme")
          .replace("{project_id}", project)
          .replace(/\{\w+\}/, () => encodeURIComponent(id))
          .replace(/\{\w+\}/g, () => encodeURIComponent(other))}`;
        const query = canonical(asked.parameters);
        const { status, text } = await send(gateway.endpoint, query ? `${path}?${query}` : path, {
          method,
          headers: signedHeaders(method, path, query),
          ...(method !== "GET" && { body: textOf(asked.body) }),
        });
        expect(answers).toContain(status);
        if (status !== 200)
          expect(JSON.parse(text)).toEqual({ code: String(status), message: expect.any(String) });
        gateway.clock.advance({ seconds });
      }),
      budget,
    );
    expect(defects).toEqual([]);
    for (const project of ["project-alpha", "project-beta"]) {
      for (const list of ["compute/vms/instances", "storage/disks", "storage/snapshots"]) {
        expect((await get(gateway.endpoint, `/projects/${project}/${list}`)).status).toBeLessThan(404);
      }
    }
  }, 20_000);

  it("as bytes on a socket is answered or cut off, and the next is answered again", async () => {
    const path = "/v1alpha5/projects/project-alpha/compute/vms/instances";
    const lines = fc.constantFrom(
      ...[`GET ${path} HTTP/1.1`, `POST ${path} HTTP/1.1`, `get ${path} HTTP/1.1`, "PRI * HTTP/2.0"],
      ...["GET / HTTP/1.0", "OPTIONS * HTTP/1.1", "CONNECT a:1 HTTP/1.1", `TRACE ${path} HTTP/1.1`, "\r\n"],
      ...["host: a", "host: a", "connection: upgrade", "upgrade: websocket", "expect: 100-continue"],
      ...["expect: what", "transfer-encoding: chunked", "transfer-encoding: gzip", "content-length: 5"],
      ...["content-length: -1", "content-length: 99999999999", "content-type: application/json", "", ""],
      ...["authorization: Bearer 1.0:test-key:AAAA", "authorization: Bearer 1.0::", "x-crusoe-timestamp: 0"],
      ...["5", "{}", "zz", "0", "fffffffffffffffff", " folded: header", "x: \u0001"],
    );
    const bytes = fc.oneof(
      fc.array(lines, { maxLength: 12 }).map((all) => Buffer.from(`${all.join("\r\n")}\r\n\r\n`, "latin1")),
      fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), async (parts) => {
        const heard = await said(gateway.endpoint, parts);
        for (const [, status] of heard.matchAll(/^HTTP\/1\.[01] (\d+) /gm)) {
          expect([...answers, 100, 417]).toContain(Number(status));
        }
      }),
      { ...budget, interruptAfterTimeLimit: 4000 },
    );
    expect(defects).toEqual([]);
    expect((await get(gateway.endpoint, "/organizations/entities")).status).toBe(200);
  }, 20_000);
});

/** Writes the parts one after the other, hangs up, and gives back what was said meanwhile. */
function said(endpoint: string, parts: readonly Buffer[]): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(heard).toString("latin1"));
    };
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
    socket.on("data", (part: Buffer) => heard.push(part));
    socket.on("error", done);
    socket.on("close", done);
    socket.setTimeout(300, done);
  });
}
