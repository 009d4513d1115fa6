import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { onlyColumns } from "../../src/ingest/only-columns.ts";
import { streamNamed, streamRequest, streams } from "../../src/ingest/streams.ts";
import { packageRoot } from "../../src/package.ts";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { filesBelow, type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let setup: Setup;
let closeServer: () => Promise<void>;

afterEach(async () => {
  await setup.close();
  await closeServer();
});

async function startDemo(): Promise<Setup> {
  const organization = await loadScenario(`${packageRoot}/data/demo/organization.yaml`);
  const gateway = await startGateway({
    organization,
    clock: () => organization.now,
    accessKeys: organization.accessKeys,
  });
  closeServer = gateway.close;
  setup = await setUp({ endpoint: gateway.endpoint, now: organization.now.toISOString() });
  const [key] = organization.accessKeys;
  if (key) setup.credentials = key;
  return setup;
}

async function start(): Promise<ContractServer> {
  const server = await startContractServer(smallAccount());
  closeServer = server.close;
  setup = await setUp({ endpoint: server.endpoint });
  return server;
}

describe("every stream", () => {
  test("is read from a gateway that has it all, and its staging view takes what came", async () => {
    await startDemo();
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(summary.streams.map(({ stream }) => stream).sort()).toEqual(
      streams.map(({ name }) => name).sort(),
    );
    for (const { stream, rows, notOffered } of summary.streams) {
      expect([stream, notOffered]).toEqual([stream, 0]);
      if (!stream.endsWith("_operations") && stream !== "custom_images") {
        expect(rows, stream).toBeGreaterThan(0);
      }
    }
    const folder = join(packageRoot, "sql", "staging");
    for (const view of await readdir(folder)) {
      const sql = await readFile(join(folder, view), "utf8");
      // Those that rest on others are the models' to try.
      if (/(from|join) ((staging|reference|workspace|meta)\.|stg_)/.test(sql)) continue;
      const grain = /^grain: \[(.*)\]$/m.exec(sql)?.[1] ?? "";
      const [counted] = await setup.all(
        `select count(*)::int as rows, count(distinct (${grain}))::int as keys from (${sql})`,
      );
      expect({ view, rows: counted?.rows }).toEqual({ view, rows: counted?.keys });
    }
    // Costs are decimals to the digit, and the API's own.
    expect(
      await setup.all(
        "select distinct typeof(cost) as cost, typeof(unit_price) as price from raw.billing_costs",
      ),
    ).toEqual([{ cost: "DECIMAL(28,12)", price: "DECIMAL(28,12)" }]);
  }, 60_000);

  test("that the account does not have is noted as that, and is no failure", async () => {
    const server = await start();
    const statuses = [403, 404, 501];
    let refusals = 0;
    server.fault = ({ path }) =>
      streams.some(
        (stream) =>
          stream.notOfferedOn.length > 0 &&
          streamRequest(stream, {
            account: null,
            organizationId: "org-1",
            projectId: path.split("/")[2] ?? "",
          }).path === path,
      )
        ? { status: statuses[refusals++ % statuses.length] ?? 404 }
        : undefined;
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    const optional = streams.filter((stream) => stream.notOfferedOn.length > 0).map(({ name }) => name);
    expect(
      (
        await setup.all(
          "select distinct stream from raw.read_windows where status = 'not_offered' order by all",
        )
      ).map(({ stream }) => stream),
    ).toEqual([...optional].sort());
    expect(setup.log).toContain("reservations: not offered to this account");
    // Costs are asked for month by month, and not once more where the first month is not offered.
    expect(server.seen.filter(({ path }) => path.endsWith("/billing/costs"))).toHaveLength(1);
  });

  test.each([403, 404, 501])(
    "usage by resource is not offered where it was never answered but by %d",
    async (status) => {
      const server = await start();
      server.fault = ({ path }) => (path.endsWith("/usage/export") ? { status } : undefined);
      const { failures } = await setup.run({ streams: ["usage", "resource_usage"] });
      expect(failures).toEqual([]);
      expect(setup.log).toContain("resource_usage: not offered to this account");
      expect(
        await setup.all(
          `select distinct stream, status from raw.read_windows where stream like '%usage' order by all`,
        ),
      ).toEqual([
        { stream: "resource_usage", status: "not_offered" },
        { stream: "usage", status: "complete" },
      ]);
      // The newest month alone is asked for, and of its projects each alone where one may be what is refused.
      expect(server.seen.filter(({ path }) => path.endsWith("/usage/export")).length).toBeLessThan(5);

      // Once it is offered, all of its history is read; from then on to be refused is a failure.
      server.fault = () => undefined;
      expect((await setup.run()).failures).toEqual([]);
      expect(await setup.all("select count(*)::int as rows from raw.resource_usage")).toEqual([{ rows: 4 }]);
      server.fault = ({ path }) => (path.endsWith("/usage/export") ? { status } : undefined);
      const later = await setup.run({ streams: ["resource_usage"] });
      expect(new Set(later.failures.map(({ stream }) => stream))).toEqual(new Set(["resource_usage"]));
      expect(
        await setup.all("select count(*)::int as rows from raw.resource_usage where _known_to is null"),
      ).toEqual([{ rows: 4 }]);
    },
  );

  test("usage itself fails where it is refused", async () => {
    const server = await start();
    server.fault = ({ path }) => (path.endsWith("/usage") ? { status: 404 } : undefined);
    const { failures } = await setup.run({ streams: ["usage"] });
    expect(new Set(failures.map(({ stream }) => stream))).toEqual(new Set(["usage"]));
  });

  test("that is core fails where it is refused", async () => {
    const server = await start();
    server.fault = ({ path }) => (path.endsWith("/snapshots") ? { status: 403 } : undefined);
    const summary = await setup.run();
    expect(summary.failures.map(({ stream }) => stream)).toEqual(["snapshots", "snapshots"]);
  });
});

describe("operations", () => {
  test("are events: one that is no longer listed stays, one that ended has both states", async () => {
    const server = await start();
    let items: object[] = [
      { operation_id: "op-1", state: "IN_PROGRESS", started_at: "2026-11-10T05:00:00Z" },
      { operation_id: "op-2", state: "SUCCEEDED", metadata: { id: "vm-1", startup_script: "hunter2" } },
    ];
    server.fault = ({ path }) =>
      path === "/projects/p-1/compute/vms/instances/operations"
        ? { status: 200, body: JSON.stringify({ items }) }
        : undefined;
    await setup.run({ streams: ["vm_operations"] });
    items = [{ operation_id: "op-1", state: "SUCCEEDED", started_at: "2026-11-10T05:00:00Z" }];
    setup.at("2026-11-11T06:00:00Z");
    const summary = await setup.run({ streams: ["vm_operations"] });
    expect(summary.streams.find(({ stream }) => stream === "vm_operations")).toMatchObject({
      changed: 1,
      gone: 0,
    });
    expect(
      await setup.all(
        `select operation_id, state, metadata::varchar as metadata, _valid_to is null as is_current
         from raw.vm_operations
         order by operation_id, _valid_from`,
      ),
    ).toEqual([
      { operation_id: "op-1", state: "IN_PROGRESS", metadata: null, is_current: false },
      { operation_id: "op-1", state: "SUCCEEDED", metadata: null, is_current: true },
      { operation_id: "op-2", state: "SUCCEEDED", metadata: '{"id":"vm-1"}', is_current: true },
    ]);
  });
});

describe("what is the user's own", () => {
  const identity = {
    credentials: ["AKIA-ONE", "AKIA-TWO"],
    credentials_map: { "AKIA-ONE": "x" },
    identity: {
      id: "user-1",
      email: "robinson@example.com",
      name: "Robinson Crusoe",
      role: "admin",
      org_role: "owner",
      role_bindings: [{ id: "b-1" }, { id: "b-2" }, { id: "b-3" }],
    },
  };
  const bodies: Record<string, unknown> = {
    "/users/identities": identity,
    "/users/ssh-keys": {
      items: [
        {
          id: "key-1",
          name: "robinson@island",
          created_at: "2026-01-02T03:04:05Z",
          public_key: "ssh-rsa AAAAB3NzaC1yc2E",
          fingerprints: { md5: "16:27:ac", sha256: "SHA256:nThbg6" },
        },
      ],
    },
    "/users/tokens": {
      items: [
        {
          access_key: "AKIA-ONE",
          alias: "nightly",
          created_at: "2026-01-02T03:04:05Z",
          expires_at: "2027-01-02T03:04:05Z",
          last_used: "2026-11-09T00:00:00Z",
        },
        {
          access_key: "AKIA-TWO",
          alias: "",
          created_at: "2026-01-03T03:04:05Z",
          expires_at: "",
          last_used: "",
          secret_key: "hunter2",
        },
      ],
    },
    "/projects/p-1/compute/instance-templates": {
      items: [
        {
          id: "t-1",
          name: "template",
          type: "h100.8x",
          startup_script: "export TOKEN=hunter2",
          shutdown_script: "curl -u hunter2",
          ssh_public_key: "ssh-rsa AAAAB3NzaC1yc2E",
        },
      ],
    },
  };

  test("is only counted and dated, and nothing else of it is anywhere in the workspace", async () => {
    const server = await start();
    server.fault = ({ path }) =>
      path in bodies ? { status: 200, body: JSON.stringify(bodies[path]) } : undefined;
    expect((await setup.run()).failures).toEqual([]);
    expect(
      await setup.all(
        "select id, role, org_role, role_binding_count::int as bindings, credential_count::int as credentials from raw.identities",
      ),
    ).toEqual([{ id: "user-1", role: "admin", org_role: "owner", bindings: 3, credentials: 2 }]);
    expect(await setup.all("select id, created_at from raw.ssh_keys")).toEqual([
      { id: "key-1", created_at: "2026-01-02 03:04:05" },
    ]);
    expect(
      await setup.all("select alias, created_at, expires_at, last_used from raw.tokens order by created_at"),
    ).toEqual([
      {
        alias: "nightly",
        created_at: "2026-01-02 03:04:05",
        expires_at: "2027-01-02 03:04:05",
        last_used: "2026-11-09 00:00:00",
      },
      { alias: null, created_at: "2026-01-03 03:04:05", expires_at: null, last_used: null },
    ]);
    expect(await setup.all("select id, type from raw.instance_templates")).toEqual([
      { id: "t-1", type: "h100.8x" },
    ]);
    await setup.warehouse.run("checkpoint");
    const secrets = [
      "AKIA-",
      "hunter2",
      "AAAAB3NzaC1yc2E",
      "16:27:ac",
      "SHA256:nThbg6",
      "robinson@",
      "Robinson Crusoe",
      "_script",
    ];
    for (const [path, bytes] of await filesBelow(setup.workspace.root)) {
      for (const secret of secrets) expect(bytes.includes(secret), `${secret} in ${path}`).toBe(false);
    }
  });

  test("keeps its shape and loses its contents where it is not what it should be", () => {
    const tokens = streamNamed("tokens");
    for (const [answer, kept] of [
      [["secret"], []],
      ["secret", ""],
      [{ items: { a: "secret" } }, { items: {} }],
      [{ items: ["secret", { alias: { a: "secret" } }] }, { items: ["", { alias: {} }] }],
      [{ message: "secret" }, { message: null }],
    ]) {
      expect(onlyColumns(tokens, answer)).toEqual(kept);
    }
  });
});

describe("streams that are asked for by time", () => {
  test("are asked from the first days on, and then from the last read", async () => {
    const server = await start();
    const row = {
      event_time: "2026-11-10T01:00:00Z",
      product_line: "h100",
      region: "us-east1",
      gpu_usage: 8,
      price: 1.1,
    };
    server.fault = ({ path }) =>
      path.endsWith("/gpu-tracking")
        ? { status: 200, body: JSON.stringify({ data: [row] }) }
        : path.endsWith("/timeseries")
          ? { status: 200, body: '{"status":"success","data":{"result":[]}}' }
          : undefined;
    const spans = async (options: object) => {
      const before = server.seen.length;
      await setup.run(options);
      return server.seen
        .slice(before)
        .filter(({ path }) => /gpu-tracking|p-1\/metrics/.test(path))
        .map(({ query }) => [
          query.get("start_time") ?? query.get("start"),
          query.get("end_time") ?? query.get("end"),
        ])
        .sort();
    };
    const end = (day: string) => `${day}T23:59:59Z`;
    expect(await spans({})).toEqual([
      ["2025-10-06T00:00:00Z", end("2026-11-10")],
      ["2026-11-03T00:00:00Z", end("2026-11-10")],
    ]);
    setup.at("2026-11-12T06:00:00Z");
    expect(await spans({ full: true })).toEqual([
      ["2026-11-03T00:00:00Z", end("2026-11-12")],
      ["2026-11-10T00:00:00Z", end("2026-11-12")],
    ]);
    expect(await setup.all("select gpu_usage::int as gpus, price from raw.gpu_tracking")).toEqual([
      { gpus: 8, price: "1.100000000000" },
    ]);
  });

  test.each([
    ["a matrix", (series: unknown[]) => ({ resultType: "matrix", result: series })],
    ["a bare list", (series: unknown[]) => series],
  ])("land a row for each series of %s, however many there are", async (_, data) => {
    const server = await start();
    const values = Array.from({ length: 192 }, (_, hour) => [1_793_664_000 + hour * 3600, String(hour / 4)]);
    // More than DuckDB could read as one value within its memory.
    const series = Array.from({ length: 6_000 }, (_, index) => ({
      metric: { vm_id: `vm-${index}`, __name__: "gpu_utilization" },
      values,
    }));
    const body = JSON.stringify({ status: "success", data: data(series) });
    server.fault = ({ path }) =>
      path.endsWith("p-1/metrics/timeseries") ? { status: 200, body } : undefined;
    const { failures } = await setup.run({ streams: ["metrics_timeseries"] });
    expect(failures).toEqual([]);
    expect(
      await setup.all(
        `select count(*)::int as series, min(labels) as labels, min(json_array_length(points))::int as points
         from raw.metrics_timeseries`,
      ),
    ).toEqual([{ series: 6_000, labels: '{"__name__":"gpu_utilization","vm_id":"vm-0"}', points: 192 }]);
  });
});
