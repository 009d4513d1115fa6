import { afterEach, describe, expect, test } from "vitest";
import { type Account, type ContractServer, type Quirks, startContractServer } from "./contract-server.ts";
import { type Setup, type SetupOptions, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

async function start(
  account: Account = smallAccount(),
  quirks: Quirks = {},
  options: Partial<SetupOptions> = {},
): Promise<void> {
  server = await startContractServer(account, quirks);
  setup = await setUp({ endpoint: server.endpoint, ...options });
}

afterEach(async () => {
  await setup.close();
  await server.close();
});

const currentUsage = () =>
  setup.all(
    `select project_id, usage_date, region, resource_type, billable_metric, reservation_id, quantity
     from raw.usage
     where _known_to is null
     order by usage_date, project_id, quantity`,
  );

const smallUsage = [
  ["p-1", "2026-10-30", null, "100.500000000000"],
  ["p-1", "2026-10-31", null, "120.000000000000"],
  ["p-1", "2026-11-01", null, "96.250000000000"],
  ["p-2", "2026-11-01", "r-1", "8.000000000000"],
].map(([project_id, usage_date, reservation_id, quantity]) => ({
  project_id,
  usage_date,
  region: "us-east1",
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  reservation_id,
  quantity,
}));

describe("a first run", () => {
  test("holds exactly what the server has, in every raw table", async () => {
    await start();
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await currentUsage()).toEqual(smallUsage);
    expect(
      await setup.all("select resource_id, usage_date, quantity from raw.resource_usage order by all"),
    ).toEqual([
      { resource_id: "vm-of-p-1", usage_date: "2026-10-30", quantity: "100.500000000000" },
      { resource_id: "vm-of-p-1", usage_date: "2026-10-31", quantity: "120.000000000000" },
      { resource_id: "vm-of-p-1", usage_date: "2026-11-01", quantity: "96.250000000000" },
      { resource_id: "vm-of-p-2", usage_date: "2026-11-01", quantity: "8.000000000000" },
    ]);
    expect(
      await setup.all(
        "select id, name, state, billing_balance, billing_method, billing_delinquent from raw.organizations",
      ),
    ).toEqual([
      {
        id: "org-1",
        name: "Robinson AI",
        state: "active",
        billing_balance: "$10.00",
        billing_method: "stripe",
        billing_delinquent: false,
      },
    ]);
    expect(await setup.all("select organization_id, id, name from raw.projects order by id")).toEqual([
      { organization_id: "org-1", id: "p-1", name: "training" },
      { organization_id: "org-1", id: "p-2", name: null },
    ]);
    expect(await setup.all("select product_name, num_gpu, cpu_cores from raw.vm_types")).toEqual([
      { product_name: "h100.8x", num_gpu: "8", cpu_cores: "176" },
    ]);
    expect(
      await setup.all(
        "select project_id, id, state, reservation_id, created_at, disks::varchar as disks, _valid_from, _valid_to from raw.vms",
      ),
    ).toEqual([
      {
        project_id: "p-1",
        id: "vm-1",
        state: "STATE_RUNNING",
        reservation_id: null,
        created_at: "2026-10-15 10:00:00",
        disks: '[{"id":"d-1","attachment_type":"os","updated_at":"2026-10-15T10:00:00Z"}]',
        _valid_from: "2026-11-10 06:00:00",
        _valid_to: null,
      },
    ]);
    expect(
      await setup.all("select id, size, block_size, attached_to->0->>'vm_id' as vm from raw.disks"),
    ).toEqual([{ id: "d-1", size: "128GiB", block_size: "4096", vm: "vm-1" }]);
    // An offset is a part of the time.
    expect(await setup.all("select id, created_from, created_at from raw.snapshots")).toEqual([
      { id: "s-1", created_from: "d-1", created_at: "2026-10-20 08:00:00" },
    ]);
    expect(
      await setup.all(
        "select start_date, end_date, projects, regions, resource_types from raw.usage_options",
      ),
    ).toEqual([
      {
        start_date: "2026-10-15",
        end_date: "2026-11-10",
        projects: ["p-1", "p-2"],
        regions: ["us-east1"],
        resource_types: ["h100.8x"],
      },
    ]);
  });

  test("asks for usage by month, newest first, with all that the API requires", async () => {
    await start();
    await setup.run();
    const asked = server.seen
      .filter(({ path }) => path === "/organizations/org-1/usage")
      .map(({ query }) => Object.fromEntries(query));
    const lists = { projects: "p-1,p-2", regions: "us-east1", resource_types: "h100.8x" };
    expect(asked).toEqual([
      { ...lists, start_date: "2026-11-01", end_date: "2026-11-11" },
      { ...lists, start_date: "2026-10-15", end_date: "2026-11-01" },
    ]);
  });

  test("notes what was read: for usage by project and window, for inventory by scope", async () => {
    await start();
    await setup.run();
    expect(
      await setup.all(
        `select stream, project_id, window_from, window_to, status, row_count
         from raw.read_windows
         where stream in ('usage', 'vms', 'reservations', 'vm_types')
         order by stream, window_from, project_id`,
      ),
    ).toEqual([
      {
        stream: "reservations",
        project_id: null,
        window_from: null,
        window_to: null,
        status: "not_offered",
        row_count: null,
      },
      ...[
        ["p-1", "2026-10-15", "2026-10-31", "2"],
        ["p-2", "2026-10-15", "2026-10-31", "0"],
        ["p-1", "2026-11-01", "2026-11-10", "1"],
        ["p-2", "2026-11-01", "2026-11-10", "1"],
      ].map(([project_id, window_from, window_to, row_count]) => ({
        stream: "usage",
        project_id,
        window_from,
        window_to,
        status: "complete",
        row_count,
      })),
      {
        stream: "vm_types",
        project_id: null,
        window_from: null,
        window_to: null,
        status: "complete",
        row_count: "1",
      },
      {
        stream: "vms",
        project_id: "p-1",
        window_from: null,
        window_to: null,
        status: "complete",
        row_count: "1",
      },
      {
        stream: "vms",
        project_id: "p-2",
        window_from: null,
        window_to: null,
        status: "complete",
        row_count: "0",
      },
    ]);
  });

  test.each<[string, Quirks]>([
    ["values in literal quotes", { hasQuotes: true }],
    ["an end_date that is inclusive", { endDate: "inclusive" }],
    ["an end_date that is exclusive", { endDate: "exclusive" }],
    ["dates with a time", { hasTimes: true }],
    ["quantities written as text", { hasTextNumbers: true }],
    ["pages of one row", { usagePage: 1 }],
    [
      "an export with other names",
      {
        csvHeader: [
          "Usage Date",
          "projectId",
          "VM-ID",
          "Resource Name",
          "PRODUCT",
          "Location",
          "Metric",
          "Usage",
          "ReservationId",
          "extra",
        ],
      },
    ],
    ["an export with CRLF", { lineBreak: "\r\n" }],
  ])("gives the same tables with %s", async (_, quirks) => {
    await start(smallAccount(), quirks);
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await currentUsage()).toEqual(smallUsage);
    expect(
      await setup.all(
        `select project_id, usage_date, region, resource_type, billable_metric, reservation_id, quantity
         from raw.resource_usage
         order by usage_date, project_id`,
      ),
    ).toEqual(smallUsage);
  });

  test("keeps every digit: tiny, large and long quantities are exact to 12 decimals", async () => {
    const quantities = {
      "1e-7": "0.000000100000",
      "4.9406564584124654E-7": "0.000000494066",
      "123456789012345": "123456789012345.000000000000",
      "0.123456789012345": "0.123456789012",
      "999999.123456789": "999999.123456789000",
      "123456789.123456789012": "123456789.123456789012",
      "2.5E+3": "2500.000000000000",
      "0": "0.000000000000",
      "-1.5": "-1.500000000000",
    };
    for (const hasTextNumbers of [false, true]) {
      const account = smallAccount();
      account.usage = Object.keys(quantities).map((quantity, index) => ({
        project: "p-1",
        date: "2026-11-02",
        region: "us-east1",
        type: `type-${index}`,
        metric: "gpu-hours",
        quantity,
      }));
      await start(account, { hasTextNumbers });
      await setup.run();
      for (const table of ["raw.usage", "raw.resource_usage"]) {
        const rows = await setup.all<{ quantity: string }>(
          `select quantity from ${table} order by resource_type`,
        );
        expect(rows.map(({ quantity }) => quantity)).toEqual(Object.values(quantities));
      }
      if (!hasTextNumbers) {
        await setup.close();
        await server.close();
      }
    }
  });

  test("ends well on an organisation that has nothing", async () => {
    const account = smallAccount();
    Object.assign(account, { usage: [], projects: [], vms: {}, disks: {}, snapshots: {}, vmTypes: [] });
    account.options = { start: "", end: "" };
    await start(account);
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await setup.all("select * from raw.usage")).toEqual([]);
    expect(server.seen.map(({ path }) => path).sort()).toEqual([
      "/capacities",
      "/compute/images",
      "/organizations/entities",
      "/organizations/org-1/reservations",
      "/organizations/org-1/reservations/gpu-tracking",
      "/organizations/org-1/usage/options",
      "/organizations/projects",
      "/users/identities",
      "/users/ssh-keys",
      "/users/tokens",
    ]);
  });

  test("reads every organisation that the credential sees, or the one that is named", async () => {
    const account = smallAccount();
    account.organizations.push({ id: "org-2", name: "Friday" });
    account.projects.push({ id: "p-9", name: "beach", organization: "org-2" });
    await start(account);
    await setup.run();
    expect(await setup.all("select distinct organization_id as id from raw.projects order by id")).toEqual([
      { id: "org-1" },
      { id: "org-2" },
    ]);
    const before = server.seen.length;
    setup.config.api.organization = "Friday";
    await setup.run();
    const paths = server.seen.slice(before).map(({ path }) => path);
    expect(paths.some((path) => path.includes("org-1"))).toBe(false);
    setup.config.api.organization = "Monday";
    await expect(setup.run()).rejects.toMatchObject({
      name: "ConfigError",
      message: 'The credential sees no organisation "Monday".',
      hint: expect.stringContaining('"Robinson AI" (org-1), "Friday" (org-2)'),
    });
  });

  test("reads those of a key that are there where another that is named with it is not, and each but once", async () => {
    const account = smallAccount();
    account.organizations.push({ id: "org-2", name: "Friday" });
    await start(account);
    const summary = await setup.run({}, { label: "org-1", wanted: ["org-1", "Monday", "Robinson AI"] });
    expect(summary.failures).toMatchObject([
      {
        stream: "organizations",
        organization: "Monday",
        message: 'Monday: The credential sees no organisation "Monday".',
      },
    ]);
    expect(
      await setup.all(
        `select organization_id as id, account, status, count(*)::int as reads
         from raw.read_windows
         where stream = 'projects' or status = 'failed'
         group by all
         order by status`,
      ),
    ).toEqual([
      { id: "org-1", account: null, status: "complete", reads: 1 },
      { id: null, account: "Monday", status: "failed", reads: 1 },
    ]);
  });

  test("has what two keys both list once for each, and once in all when one of them is read no more", async () => {
    await start(smallAccount());
    const current = () =>
      setup.all("select account, id from raw.organizations where _valid_to is null order by all");
    await setup.run({}, { label: "alpha" }, { label: "beta" });
    expect(await current()).toEqual([
      { account: "alpha", id: "org-1" },
      { account: "beta", id: "org-1" },
    ]);
    setup.at("2026-11-11T06:00:00Z");
    await setup.run({}, { label: "alpha" });
    expect(await current()).toEqual([{ account: "alpha", id: "org-1" }]);
  });

  test("covers projects that have no usage as well as those that only usage knows", async () => {
    const account = smallAccount();
    account.projects.push({ id: "p-new", name: "new", organization: "org-1" });
    account.usage.push({
      project: "p-gone",
      date: "2026-10-20",
      region: "us-east1",
      type: "h100.8x",
      metric: "gpu-hours",
      quantity: "1",
    });
    await start(account);
    await setup.run();
    expect(
      await setup.all(
        `select project_id, min(window_from) as first_day, max(window_to) as last_day, sum(row_count)::int as row_count
         from raw.read_windows
         where stream = 'usage' and status = 'complete'
         group by project_id
         order by project_id`,
      ),
    ).toEqual(
      [
        ["p-1", 3],
        ["p-2", 1],
        ["p-gone", 1],
        ["p-new", 0],
      ].map(([project_id, row_count]) => ({
        project_id,
        first_day: "2026-10-15",
        last_day: "2026-11-10",
        row_count,
      })),
    );
    // Once the project has usage, its history is read though the days were noted as complete.
    account.usage.push({
      project: "p-new",
      date: "2026-10-16",
      region: "us-east1",
      type: "h100.8x",
      metric: "gpu-hours",
      quantity: "5",
    });
    await setup.run();
    expect(await setup.all("select quantity from raw.usage where project_id = 'p-new'")).toEqual([
      { quantity: "5.000000000000" },
    ]);
  });

  test("follows pages of VMs that the server clamps; a list never read before is read twice, to be sure of it", async () => {
    const account = smallAccount();
    account.vms["p-2"] = Array.from({ length: 23 }, (_, index) => ({
      id: `vm-p2-${index}`,
      name: `n${index}`,
    }));
    await start(account, { pageLimit: 10 });
    await setup.run();
    expect(await setup.all("select count(*)::int as vms from raw.vms where project_id = 'p-2'")).toEqual([
      { vms: 23 },
    ]);
    const asked = server.seen.filter(({ path }) => path === "/projects/p-2/compute/vms/instances");
    expect(asked.map(({ query }) => [query.get("limit"), query.get("next_token")])).toEqual([
      ["100", null],
      ["100", "t10"],
      ["100", "t20"],
      ["100", null],
      ["100", "t10"],
      ["100", "t20"],
    ]);
    await setup.run();
    expect(server.seen.filter(({ path }) => path === "/projects/p-2/compute/vms/instances")).toHaveLength(9);
  });

  test("keeps every URL below 8,000 characters, and asks for each project, type and region once", async () => {
    const account = smallAccount();
    const projects = Array.from(
      { length: 300 },
      (_, index) => `00000000-0000-0000-0000-${String(index).padStart(12, "0")}`,
    );
    const types = Array.from(
      { length: 120 },
      (_, index) => `type-${index}-with-a-rather-long-name-of-its-own`,
    );
    account.projects = projects.map((id) => ({ id, organization: "org-1" }));
    account.usage = projects.map((project, index) => ({
      project,
      date: "2026-11-05",
      region: `region-${index % 40}`,
      type: types[index % types.length] ?? "",
      metric: "gpu-hours",
      quantity: String(index),
    }));
    account.options = { start: "2026-11-01", end: "2026-11-05" };
    await start(account);
    await setup.run({ streams: ["usage"] });
    expect(Math.max(...server.seen.map(({ url }) => url.length))).toBeLessThan(8_000);
    expect(await setup.all("select count(*)::int as rows, sum(quantity) as total from raw.usage")).toEqual([
      { rows: 300, total: "44850.000000000000" },
    ]);
  });
});

describe("a later run", () => {
  test("changes nothing when nothing changed", async () => {
    await start();
    await setup.run();
    const dump = async () =>
      Promise.all(
        ["usage", "resource_usage", "vms", "disks", "snapshots", "projects", "vm_types", "organizations"].map(
          (table) => setup.all(`select * from raw.${table} order by all`),
        ),
      );
    const before = await dump();
    setup.at("2026-11-10T08:00:00Z");
    const summary = await setup.run({ full: true });
    expect(await dump()).toEqual(before);
    for (const stream of summary.streams) {
      expect(stream).toMatchObject({ new: 0, changed: 0, gone: 0 });
    }
    expect(setup.log).toContain("usage: 2 requests, 4 rows: 0 new, 0 changed, 0 gone, 4 unchanged");
  });

  test("reads the lookback again, and the month before on the first three days of a month", async () => {
    await start();
    await setup.run();
    const windowsOf = async (instant: string) => {
      const before = server.seen.length;
      setup.at(instant);
      await setup.run({ streams: ["usage"] });
      return server.seen
        .slice(before)
        .filter(({ path, query }) => path === "/organizations/org-1/usage" && isJoined(query))
        .map(({ query }) => `${query.get("start_date")}..${query.get("end_date")}`);
    };
    expect(await windowsOf("2026-11-11T06:00:00Z")).toEqual(["2026-11-04..2026-11-12"]);
    expect(await windowsOf("2026-12-02T06:00:00Z")).toEqual([
      "2026-12-01..2026-12-03",
      "2026-11-01..2026-12-01",
    ]);
    expect(await windowsOf("2026-12-03T06:00:00Z")).toEqual([
      "2026-12-01..2026-12-04",
      "2026-11-01..2026-12-01",
    ]);
    expect(await windowsOf("2026-12-04T06:00:00Z")).toEqual([
      "2026-12-01..2026-12-05",
      "2026-11-27..2026-12-01",
    ]);
  });

  test("reads once more what was read before it had settled, after nights without a run", async () => {
    await start();
    await setup.run();
    setup.at("2026-12-20T06:00:00Z");
    const before = server.seen.length;
    await setup.run({ streams: ["usage"] });
    const asked = server.seen
      .slice(before)
      .filter(({ path, query }) => path === "/organizations/org-1/usage" && isJoined(query));
    // The 3rd of November was read a week later, so it had settled; the 4th had not.
    expect(asked.map(({ query }) => query.get("start_date"))).toEqual(["2026-12-01", "2026-11-04"]);
  });

  test("keeps both values of a restated day, with the times at which each was known", async () => {
    await start();
    await setup.run();
    const restated = server.account.usage[2];
    if (restated) restated.quantity = "97";
    server.account.usage.splice(3, 1);
    server.account.options.projects = ["p-1", "p-2"];
    setup.at("2026-11-05T06:00:00Z");
    setup.at("2026-11-11T06:00:00Z");
    const summary = await setup.run({ full: true });
    expect(summary.streams.find(({ stream }) => stream === "usage")).toMatchObject({
      rows: 3,
      new: 0,
      changed: 1,
      gone: 1,
      unchanged: 2,
    });
    expect(
      await setup.all(
        `select project_id, quantity::double as quantity, _known_from, _known_to
         from raw.usage
         where usage_date = '2026-11-01'
         order by project_id, _known_from`,
      ),
    ).toEqual([
      {
        project_id: "p-1",
        quantity: 96.25,
        _known_from: "2026-11-10 06:00:00",
        _known_to: "2026-11-11 06:00:00",
      },
      { project_id: "p-1", quantity: 97, _known_from: "2026-11-11 06:00:00", _known_to: null },
      {
        project_id: "p-2",
        quantity: 8,
        _known_from: "2026-11-10 06:00:00",
        _known_to: "2026-11-11 06:00:00",
      },
    ]);
  });

  test("keeps inventory as versions: change and disappearance close one, a return opens one", async () => {
    await start();
    await setup.run();
    const [vm] = server.account.vms["p-1"] ?? [];
    const versions = () =>
      setup.all(
        "select state, _valid_from::date::varchar as since, _valid_to::date::varchar as until from raw.vms order by _valid_from",
      );
    const night = async (instant: string, vms: object[]) => {
      server.account.vms["p-1"] = vms;
      setup.at(instant);
      return setup.run({ streams: ["vms"] });
    };
    // Touched, but not changed.
    await night("2026-11-11T06:00:00Z", [
      {
        ...vm,
        updated_at: "2026-11-11T00:00:00Z",
        disks: [{ id: "d-1", attachment_type: "os", updated_at: "2026-11-11T00:00:00Z" }],
      },
    ]);
    expect(await versions()).toEqual([{ state: "STATE_RUNNING", since: "2026-11-10", until: null }]);
    await night("2026-11-12T06:00:00Z", [{ ...vm, state: "STATE_SHUTOFF" }]);
    const gone = await night("2026-11-13T06:00:00Z", []);
    expect(gone.streams.find(({ stream }) => stream === "vms")).toMatchObject({ gone: 1 });
    await night("2026-11-14T06:00:00Z", [{ ...vm, state: "STATE_SHUTOFF" }]);
    expect(await versions()).toEqual([
      { state: "STATE_RUNNING", since: "2026-11-10", until: "2026-11-12" },
      { state: "STATE_SHUTOFF", since: "2026-11-12", until: "2026-11-13" },
      { state: "STATE_SHUTOFF", since: "2026-11-14", until: null },
    ]);
  });

  test("closes the inventory of a project that disappears, but only when the projects were read", async () => {
    await start();
    await setup.run();
    const open = () => setup.all("select id from raw.vms where _valid_to is null");
    server.account.projects = server.account.projects.filter(({ id }) => id !== "p-1");
    server.fault = ({ path }) => (path === "/organizations/projects" ? { status: 500 } : undefined);
    const failed = await setup.run();
    expect(failed.failures.map(({ stream }) => stream)).toEqual(["projects"]);
    expect(await open()).toEqual([{ id: "vm-1" }]);
    server.fault = () => undefined;
    await setup.run();
    expect(await open()).toEqual([]);
    expect(await setup.all("select id from raw.disks where _valid_to is null")).toEqual([]);
    expect(await setup.all("select count(*)::int as rows from raw.usage where _known_to is null")).toEqual([
      { rows: 4 },
    ]);
  });

  test("reads only what is asked for with from, to and streams", async () => {
    await start();
    const summary = await setup.run({ from: "2026-10-31", to: "2026-10-31", streams: ["usage"] });
    expect(summary.streams.map(({ stream }) => stream).sort()).toEqual([
      "organizations",
      "projects",
      "usage",
      "usage_options",
    ]);
    expect(await setup.all("select usage_date, quantity::double as quantity from raw.usage")).toEqual([
      { usage_date: "2026-10-31", quantity: 120 },
    ]);
    await expect(setup.run({ streams: ["vm"] })).rejects.toMatchObject({ name: "UsageError" });
  });
});

describe("rows", () => {
  const rowsOf = async (usage: Partial<Account["usage"][number]>[], quirks: Quirks = {}) => {
    const account = smallAccount();
    account.usage = usage.map((row) => ({
      project: "p-1",
      date: "2026-11-02",
      region: "us-east1",
      type: "h100.8x",
      metric: "gpu-hours",
      quantity: "1",
      ...row,
    }));
    await start(account, quirks);
    return setup.run();
  };

  test("that are identical in every column are one, those of one key that differ are summed", async () => {
    await rowsOf([
      { quantity: "1.5" },
      { quantity: "1.5" },
      { quantity: "2.25" },
      { type: "a100.1x", quantity: "7", resource: "vm-7", resourceName: "seven" },
      { type: "a100.1x", quantity: "7", resource: "vm-7", resourceName: "seven, renamed" },
    ]);
    expect(await setup.all("select resource_type, quantity from raw.usage order by all")).toEqual([
      { resource_type: "a100.1x", quantity: "7.000000000000" },
      { resource_type: "h100.8x", quantity: "3.750000000000" },
    ]);
    expect(
      await setup.all("select resource_id, resource_name, quantity from raw.resource_usage order by all"),
    ).toEqual([
      { resource_id: "vm-7", resource_name: "seven, renamed", quantity: "14.000000000000" },
      { resource_id: "vm-of-p-1", resource_name: null, quantity: "3.750000000000" },
    ]);
    const again = await setup.run({ full: true });
    expect(again.streams.find(({ stream }) => stream === "usage")).toMatchObject({
      new: 0,
      changed: 0,
      gone: 0,
      unchanged: 2,
    });
  });

  test("with a date that can't be read are put aside with their place and reason; the rest is loaded", async () => {
    const summary = await rowsOf([{}, { date: "2026-11-0x", type: "b" }, { date: "2026-11-0y", type: "b" }]);
    expect(summary.failures.map(({ stream, message }) => `${stream}: ${message}`).sort()).toEqual([
      "resource_usage: GET /organizations/org-1/usage/export for 2026-11-01 to 2026-11-10 is loaded in part: 2 rows put aside, the first: row 2, date is no date.",
      "usage: GET /organizations/org-1/usage for 2026-11-01 to 2026-11-10 is loaded in part: 2 rows put aside, the first: items[1].date is no date.",
    ]);
    expect(await setup.all("select resource_type from raw.usage")).toEqual([{ resource_type: "h100.8x" }]);
    expect(
      await setup.all(
        "select distinct status from raw.read_windows where stream = 'usage' and window_from = '2026-11-01'",
      ),
    ).toEqual([{ status: "partial" }]);
  });

  test.each([["12 hours"], ["99999999999999999999"]])(
    "with the quantity %s are put aside",
    async (quantity) => {
      const summary = await rowsOf([{ quantity }, { type: "other" }], { hasTextNumbers: true });
      expect(summary.failures).toHaveLength(2);
      for (const { message, isPartial } of summary.failures) {
        expect(isPartial).toBe(true);
        expect(message).toMatch(/ is loaded in part: 1 row put aside, the first: .*quantity is no number\.$/);
      }
      expect(await setup.all("select resource_type from raw.usage")).toEqual([{ resource_type: "other" }]);
    },
  );

  test("of an export that lacks a column fail, naming it", async () => {
    const summary = await rowsOf([{}], {
      csvHeader: [
        "date",
        "project_id",
        "resource_id",
        "resource_name",
        "resource_type",
        "region",
        "billable_metric",
      ],
    });
    expect(summary.failures.map(({ stream }) => stream)).toEqual(["resource_usage", "resource_usage"]);
    for (const { message } of summary.failures) {
      expect(message).toMatch(
        /usage\/export for .* can't be loaded: the answer has no column quantity; it has "date", /,
      );
    }
  });

  test.each(["\n", "\r\n"])("with hostile names survive an export with %j", async (lineBreak) => {
    const names = [
      '=cmd|"/c calc"!A0',
      "<script>alert(1)</script>",
      "line\nbreak",
      "carriage\r\nreturn",
      "comma, quote \" and 'apostrophe'",
      "\u202Eright to left",
      "🦜".repeat(150),
      '"in quotes"',
      "trailing space ",
    ];
    const summary = await rowsOf(
      names.map((resourceName, index) => ({ resource: `vm-${index}`, resourceName })),
      { lineBreak },
    );
    expect(summary.failures).toEqual([]);
    const rows = await setup.all<{ resource_name: string }>(
      "select resource_name from raw.resource_usage order by resource_id",
    );
    expect(rows.map(({ resource_name: name }) => name)).toEqual(names);
  });
});

/** Whether no key is repeated: a window that comes back empty is asked for in the other form as well. */
function isJoined(query: URLSearchParams): boolean {
  return new Set(query.keys()).size === [...query.keys()].length;
}
