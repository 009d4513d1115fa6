import { afterEach, describe, expect, test } from "vitest";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { filesBelow, type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

async function start(bodies: Record<string, string>, type = "application/json"): Promise<void> {
  server = await startContractServer(smallAccount());
  setup = await setUp({ endpoint: server.endpoint });
  await setup.run();
  answer(bodies, type);
  setup.at("2026-11-11T06:00:00Z");
}

function answer(bodies: Record<string, string>, type = "application/json"): void {
  server.fault = ({ path }) => {
    const end = Object.keys(bodies).find((each) => path.endsWith(each));
    return end === undefined ? undefined : { status: 200, type, body: bodies[end] ?? "" };
  };
}

afterEach(async () => {
  await setup.close();
  await server.close();
});

const quarantine = () =>
  setup.all(
    "select stream, project_id, path, reason from raw.quarantine order by stream, project_id, path, reason",
  );

const usageOf = (rows: readonly object[]) =>
  JSON.stringify({
    items: rows.map((row) => ({
      project_id: "p-1",
      date: "2026-11-08",
      region: "us-east1",
      resource_type: "h100.8x",
      billable_metric: "gpu-hours",
      quantity: 1,
      ...row,
    })),
  });

describe("what can't be read", () => {
  test("of usage goes to the quarantine row by row; the rest is loaded, and what was known of it stays", async () => {
    server = await startContractServer(smallAccount());
    setup = await setUp({ endpoint: server.endpoint });
    answer({ "/usage": usageOf([{}, { region: "eu" }]) });
    await setup.run();
    answer({
      "/usage": usageOf([
        { quantity: 2 },
        { region: "eu", quantity: "many" },
        { date: null },
        { project_id: { id: "p-1" } },
        { resource_type: "new", project_id: "p-2" },
      ]).replace("]}", ",null,7]}"),
    });
    setup.at("2026-11-11T06:00:00Z");
    const summary = await setup.run();
    expect(summary.failures.map(({ stream, isPartial, message }) => [stream, isPartial, message])).toEqual([
      [
        "usage",
        true,
        "GET /organizations/org-1/usage for 2026-11-04 to 2026-11-11 is loaded in part: 5 rows put aside, the first: items[1].quantity is no number.",
      ],
    ]);
    expect(await quarantine()).toEqual([
      { stream: "usage", project_id: "p-1", path: "items[1].quantity", reason: "is no number" },
      { stream: "usage", project_id: "p-1", path: "items[2].date", reason: "is missing" },
      {
        stream: "usage",
        project_id: '{"id":"p-1"}',
        path: "items[3].project_id",
        reason: "is an object or a list",
      },
      { stream: "usage", project_id: null, path: "items[5]", reason: "is no object" },
      { stream: "usage", project_id: null, path: "items[6]", reason: "is no object" },
    ]);
    expect(
      await setup.all(
        `select region, resource_type, quantity::int as q
         from raw.usage
         where _known_to is null and usage_date = '2026-11-08'
         order by all`,
      ),
    ).toEqual([
      { region: "eu", resource_type: "h100.8x", q: 1 },
      { region: "us-east1", resource_type: "h100.8x", q: 2 },
      { region: "us-east1", resource_type: "new", q: 1 },
    ]);
    expect(summary.streams.find(({ stream }) => stream === "usage")).toMatchObject({
      quarantined: 5,
      gone: 0,
    });
    // A partial window is read again the next night, though it is older than the lookback then.
    server.fault = () => undefined;
    setup.at("2026-12-10T06:00:00Z");
    const before = server.seen.length;
    await setup.run();
    expect(
      server.seen
        .slice(before)
        .some(
          ({ path, query }) => path.endsWith("/usage") && (query.get("start_date") ?? "") <= "2026-11-04",
        ),
    ).toBe(true);
  });

  test("of one project's usage leaves the others' complete", async () => {
    await start({ "/usage": usageOf([{ quantity: "many" }, { project_id: "p-2" }]) });
    await setup.run();
    expect(
      await setup.all(
        `select project_id, status, row_count::int as rows
         from raw.read_windows
         where stream = 'usage' and window_to = '2026-11-11'
         order by all`,
      ),
    ).toEqual([
      { project_id: "p-1", status: "partial", rows: 0 },
      { project_id: "p-2", status: "complete", rows: 1 },
    ]);
  });

  test("of an export: lines with too few or too many cells, and cells that are no number", async () => {
    await start(
      {
        "/export": [
          "date,project_id,resource_id,resource_type,region,billable_metric,quantity",
          "2026-11-08,p-1,vm-1,h100.8x,us-east1,gpu-hours,1",
          "2026-11-08,p-1,vm-2",
          "2026-11-08,p-1,vm-3,h100.8x,us-east1,gpu-hours,1,2,3",
          "2026-11-08,p-1,vm-4,h100.8x,us-east1,gpu-hours,many",
          "2026-11-08,p-1,vm-5,h100.8x,us-east1,gpu-hours,",
          "2026-11-08,p-1,vm-6,h100.8x,us-east1,gpu-hours,6",
          "",
        ].join("\n"),
      },
      "text/csv",
    );
    const summary = await setup.run();
    expect(summary.failures.map(({ stream, isPartial }) => [stream, isPartial])).toEqual([
      ["resource_usage", true],
    ]);
    expect(await quarantine()).toEqual([
      { stream: "resource_usage", project_id: "p-1", path: "row 4, quantity", reason: "is no number" },
      { stream: "resource_usage", project_id: "p-1", path: "row 5, quantity", reason: "is missing" },
      {
        stream: "resource_usage",
        project_id: null,
        path: "row 2",
        reason: expect.stringContaining("is no row of the table"),
      },
      {
        stream: "resource_usage",
        project_id: null,
        path: "row 3",
        reason: expect.stringContaining("is no row of the table"),
      },
    ]);
    expect(
      await setup.all(
        "select resource_id from raw.resource_usage where usage_date = '2026-11-08' order by all",
      ),
    ).toEqual([{ resource_id: "vm-1" }, { resource_id: "vm-6" }]);
  });

  test.each([
    [
      "an object in the place of the list",
      '{"items":{"0":{"id":"vm-1"}}}',
      "items",
      "is an object, not a list",
    ],
    ["a text in the place of the list", '{"items":"none"}', "items", "is a text, not a list"],
    ["a list in the place of the answer", '[{"id":"vm-1"}]', "$", "is a list, not an object"],
    ["an answer without its list", '{"message":"upstream is busy"}', "items", "is missing"],
  ])(
    "of the inventory: %s closes nothing, is asked for three times, and says so",
    async (_, body, path, reason) => {
      await start({ "/p-1/compute/vms/instances": body });
      const before = server.seen.length;
      const summary = await setup.run();
      expect(
        server.seen.slice(before).filter(({ path: p }) => p.endsWith("/p-1/compute/vms/instances")),
      ).toHaveLength(3);
      expect(
        summary.failures.map(({ stream, projectId, isPartial }) => [stream, projectId, isPartial]),
      ).toEqual([["vms", "p-1", true]]);
      expect(await quarantine()).toEqual([{ stream: "vms", project_id: "p-1", path, reason }]);
      expect(await setup.all("select id from raw.vms where _valid_to is null")).toEqual([{ id: "vm-1" }]);
      const [status] = await setup.all<{ status: string }>(
        "select status from raw.read_windows where stream = 'vms' and project_id = 'p-1' order by load_id desc limit 1",
      );
      expect(status).toEqual({ status: "partial" });
    },
  );

  test("of the inventory row by row: the good ones are loaded, and nothing counts as gone", async () => {
    await start({
      "/p-1/storage/disks":
        '{"items":[{"id":"d-2","size":"1GiB"},{"size":"2GiB"},null,{"id":[1],"size":"3GiB"}]}',
    });
    await setup.run();
    expect(await quarantine()).toEqual([
      { stream: "disks", project_id: "p-1", path: "items[1].id", reason: "is missing" },
      { stream: "disks", project_id: "p-1", path: "items[2]", reason: "is no object" },
      { stream: "disks", project_id: "p-1", path: "items[3].id", reason: "is an object or a list" },
    ]);
    expect(await setup.all("select id from raw.disks where _valid_to is null order by all")).toEqual([
      { id: "d-1" },
      { id: "d-2" },
    ]);
  });

  test("once is no harm: the next answer counts, and nothing is put aside", async () => {
    await start({});
    server.account.usage.push({
      project: "p-1",
      date: "2026-11-09",
      region: "us-east1",
      type: "h100.8x",
      metric: "gpu-hours",
      quantity: "5",
    });
    const bad: Record<string, string> = {
      "/usage": usageOf([{ quantity: "many" }]),
      "/p-1/compute/vms/instances": '{"items":[{"name":"without an id"}]}',
      "/p-1/storage/disks": '{"items":[{"id":"d-1","size":"many"}]}',
      "/p-1/storage/snapshots": "{}",
    };
    server.fault = ({ path, query }, attempt) => {
      const end = Object.keys(bad).find((each) => path.endsWith(each));
      // Of usage the attempts of the new window; it is asked for in one form of its lists.
      const isFirst =
        end === "/usage" ? query.get("start_date") === "2026-11-04" && attempt === 1 : attempt === 2;
      return end !== undefined && isFirst ? { status: 200, body: bad[end] ?? "" } : undefined;
    };
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await quarantine()).toEqual([]);
    expect(
      await setup.all("select quantity::int as q from raw.usage where usage_date = '2026-11-09'"),
    ).toEqual([{ q: 5 }]);
    expect(await setup.all("select id, size from raw.disks")).toEqual([{ id: "d-1", size: "128GiB" }]);
    expect(await setup.all("select id from raw.snapshots where _valid_to is null")).toEqual([{ id: "s-1" }]);
  });

  test("never shows a value, which may be a secret that slipped into the wrong place", async () => {
    await start({
      "/usage": usageOf([{ quantity: "hunter2-secret" }]),
      "/p-1/storage/disks": '{"items":[{"id":{"token":"hunter2-secret"},"size":"1GiB"}]}',
    });
    const summary = await setup.run();
    expect(summary.failures).toHaveLength(2);
    const said = JSON.stringify([setup.log, summary, await quarantine()]);
    expect(said).not.toContain("hunter2");
    const landed = [...(await filesBelow(setup.workspace.raw))].filter(([path]) => path.startsWith("disks/"));
    for (const [path, bytes] of landed) expect(bytes.includes("hunter2"), path).toBe(false);
  });
});
