import { describe, expect, it } from "vitest";
import type { Quirks } from "../../src/gateway/quirks.ts";
import { emptyOrganization } from "../../src/gateway/state.ts";
import { acme, serving, withGateway } from "./acme.ts";
import { get, getItems, getJson, type Item, type Parameters, plainCsv } from "./signed-client.ts";

const usage = "/organizations/org-acme/usage";
const all: Parameters = {
  projects: "",
  resource_types: "",
  regions: "",
  start_date: "2026-03-01",
  end_date: "2026-03-10",
};

/** Counted by hand from the lives in acme.ts, without the fleet: date, type, metric, reservation, hours. */
const alpha = [
  ["2026-03-01", "h100-80gb-sxm-ib.8x", "gpu-hours", "", (5385 * 8) / 3600],
  ["2026-03-02", "c1a.4x", "instance-hours", "", 620 / 3600],
  ["2026-03-02", "h100-80gb-sxm-ib.8x", "gpu-hours", "", 192],
  ["2026-03-02", "persistent-ssd", "gib-hours", "", 12 * 100 + 6 * 200],
  ["2026-03-03", "h100-80gb-sxm-ib.8x", "gpu-hours", "", 8],
  ["2026-03-03", "persistent-ssd", "gib-hours", "", 4800],
  ["2026-03-03", "snapshot", "gib-hours", "", 120],
  ["2026-03-04", "h100-80gb-sxm-ib.8x", "gpu-hours", "", 96],
  ["2026-03-04", "h100-80gb-sxm-ib.8x", "gpu-hours", "reservation-line", 96],
  ["2026-03-04", "persistent-ssd", "gib-hours", "", 2000],
  ["2026-03-04", "snapshot", "gib-hours", "", 240],
  ["2026-03-05", "h100-80gb-sxm-ib.8x", "gpu-hours", "reservation-line", 192],
  ["2026-03-05", "l40s-48gb.2x", "gpu-hours", "reservation-instances", 24],
  ["2026-03-05", "snapshot", "gib-hours", "", 240],
  ...["2026-03-06", "2026-03-07", "2026-03-08"].flatMap((date) => [
    [date, "h100-80gb-sxm-ib.8x", "gpu-hours", "reservation-line", 192],
    [date, "snapshot", "gib-hours", "", 240],
  ]),
  ["2026-03-09", "h100-80gb-sxm-ib.8x", "gpu-hours", "reservation-line", 192],
  ["2026-03-09", "shared-volume", "gib-hours", "", 2048 * 24],
  ["2026-03-09", "snapshot", "gib-hours", "", 240],
  // The clock stands at noon.
  ["2026-03-10", "h100-80gb-sxm-ib.8x", "gpu-hours", "reservation-line", 96],
  ["2026-03-10", "shared-volume", "gib-hours", "", 2048 * 12],
  ["2026-03-10", "snapshot", "gib-hours", "", 120],
];

const tuple = ({ date, resource_type, billable_metric, reservation_id, quantity }: Item) => [
  date,
  resource_type,
  billable_metric,
  reservation_id,
  quantity,
];

describe("usage", () => {
  const gateway = serving();
  const read = (changed: Parameters = {}) => getItems(gateway.endpoint, usage, { ...all, ...changed });
  const exported = async (changed: Parameters = {}) =>
    plainCsv((await get(gateway.endpoint, `${usage}/export`, { ...all, resources: "", ...changed })).text);
  const quirky = <T>(quirks: Partial<Quirks>, work: (endpoint: string) => Promise<T>) =>
    withGateway({ quirks }, work);

  it("is that of the lives in the inventory, to the second", async () => {
    expect((await read({ projects: "project-alpha" })).map(tuple)).toEqual(alpha);
  });

  it("has exactly the documented fields", async () => {
    expect((await read({ projects: "project-alpha" }))[0]).toEqual({
      billable_metric: "gpu-hours",
      date: "2026-03-01",
      project_id: "project-alpha",
      quantity: (5385 * 8) / 3600,
      region: "us-east1",
      reservation_id: "",
      resource_type: "h100-80gb-sxm-ib.8x",
    });
  });

  it("misses what the provider's metering missed, though the VM ran", async () => {
    const rows = await read({ projects: "project-beta", resource_types: "l40s-48gb.2x" });
    expect(rows.map(({ date, quantity }) => [date, quantity])).toEqual([
      ["2026-03-06", 48],
      ["2026-03-08", 48],
      ["2026-03-09", 48],
      ["2026-03-10", 24],
    ]);
  });

  it("is narrowed by days, types and regions, with arrays in either form", async () => {
    const day = { start_date: "2026-03-09", end_date: "2026-03-09" };
    expect(await read({ ...day, regions: "eu-west1" })).toEqual([]);
    expect(await read({ ...day, resource_types: "nothing" })).toEqual([]);
    const joined = await read({ ...day, resource_types: "snapshot,shared-volume" });
    expect(joined.map(({ resource_type }) => resource_type)).toEqual(["shared-volume", "snapshot"]);
    expect(await read({ ...day, resource_types: ["snapshot", "shared-volume"] })).toEqual(joined);
    expect(await read({ ...day, projects: "project-alpha,project-beta" })).toEqual(await read(day));
    expect(await read({ start_date: '"2026-03-09"', end_date: '"2026-03-09"' })).toEqual(await read(day));
  });

  it("adds up to the same from windows of any size", async () => {
    const whole = await read();
    const days = Array.from({ length: 10 }, (_, day) => `2026-03-${String(day + 1).padStart(2, "0")}`);
    const single = await Promise.all(days.map((date) => read({ start_date: date, end_date: date })));
    expect(single.flat()).toEqual(whole);
    expect(await read({ start_date: "1970-01-01", end_date: "9999-12-31" })).toEqual(whole);
    expect(await read({ start_date: "2026-03-11", end_date: "2026-04-01" })).toEqual([]);
  });

  it("tells in its options what there is to ask for", async () => {
    expect(await getJson(gateway.endpoint, `${usage}/options`)).toEqual({
      start_date: "2026-03-01",
      end_date: "2026-03-10",
      product_lines: ["c1a", "h100-80gb-sxm-ib", "l40s-48gb", "persistent-ssd", "shared-volume", "snapshot"],
      projects: ["project-alpha", "project-beta"],
      regions: ["eu-iceland1", "us-east1"],
      resource_types: [
        "c1a.4x",
        "h100-80gb-sxm-ib.8x",
        "l40s-48gb.2x",
        "persistent-ssd",
        "shared-volume",
        "snapshot",
      ],
    });
  });

  it("of an organisation without anything is empty, and its options name one day", async () => {
    const organization = emptyOrganization({
      id: "org-acme",
      name: "new",
      now: new Date("2026-03-10T12:00:00Z"),
    });
    await withGateway({ organization }, async (endpoint) => {
      expect(await getItems(endpoint, usage, all)).toEqual([]);
      expect(
        (await get(endpoint, `${usage}/export`, { ...all, resources: "" })).text.trimEnd().split("\r\n"),
      ).toHaveLength(1);
      expect(await getJson(endpoint, `${usage}/options`)).toEqual({
        start_date: "2026-03-10",
        end_date: "2026-03-10",
        product_lines: [],
        projects: [],
        regions: [],
        resource_types: [],
      });
    });
  });

  it("by resource names each resource, and sums to usage by project", async () => {
    const rows = await exported();
    const sums = new Map<string, number>();
    for (const row of rows) {
      const key = JSON.stringify([
        row.usage_date,
        row.project_id,
        row.region,
        row.resource_type,
        row.billable_metric,
        row.reservation_id,
      ]);
      sums.set(key, (sums.get(key) ?? 0) + Number(row.quantity));
    }
    const items = await read();
    expect(sums.size).toBe(items.length);
    for (const item of items) {
      const key = JSON.stringify([
        item.date,
        item.project_id,
        item.region,
        item.resource_type,
        item.billable_metric,
        item.reservation_id,
      ]);
      expect(sums.get(key)).toBeCloseTo(Number(item.quantity), 9);
    }
    expect(rows.find(({ resource_id }) => resource_id === "vm-gone")).toEqual({
      usage_date: "2026-03-05",
      project_id: "project-alpha",
      project_name: "alpha",
      resource_id: "vm-gone",
      resource_name: "gone",
      resource_type: "l40s-48gb.2x",
      region: "us-east1",
      billable_metric: "gpu-hours",
      reservation_id: "reservation-instances",
      quantity: "24",
    });
  });

  it("by resource is narrowed to the resources named", async () => {
    const rows = await exported({ resources: "vm-gone,vm-brief" });
    expect(rows.map(({ resource_id }) => resource_id).sort()).toEqual(["vm-brief", "vm-gone"]);
  });

  it("by resource quotes whatever a resource is called", async () => {
    const organization = acme();
    const name = 'a "b",\r\nc <script> =cmd|x ü 🙂';
    const gone = organization.vms.find(({ id }) => id === "vm-gone");
    if (gone) gone.name = name;
    await withGateway({ organization }, async (endpoint) => {
      const { text, headers } = await get(endpoint, `${usage}/export`, { ...all, resources: "vm-gone" });
      expect(headers["content-type"]).toBe("text/csv; charset=utf-8");
      expect(text).toContain(`,vm-gone,"a ""b"",\r\nc <script> =cmd|x ü 🙂",l40s-48gb.2x,`);
    });
  });

  const required = ["projects", "resource_types", "regions", "start_date", "end_date"];
  it.each([
    ...required.map((name) => [usage, name]),
    ...[...required, "resources"].map((name) => [`${usage}/export`, name]),
  ])("at %s is refused without %s", async (path, name) => {
    const { [name]: _, ...rest }: Parameters = { ...all, resources: "" };
    const { status, text } = await get(gateway.endpoint, path, rest);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      code: "400",
      message: `bad_request: the parameter ${name} is required`,
    });
  });

  it.each([
    "2026-02-30",
    "2026-13-01",
    "yesterday",
    "2026-3-1",
    "2026-03-01T00:00:00Z",
    "",
    "-1",
    '"2026-03-01',
  ])("is refused from the date %j", async (start_date) => {
    expect((await get(gateway.endpoint, usage, { ...all, start_date })).status).toBe(400);
    expect(
      (await get(gateway.endpoint, `${usage}/export`, { ...all, resources: "", start_date })).status,
    ).toBe(400);
  });

  it("is refused for days in the wrong order, for another interval and for a project that is not one's own", async () => {
    const status = async (changed: Parameters) =>
      (await get(gateway.endpoint, usage, { ...all, ...changed })).status;
    expect(await status({ start_date: "2026-03-05", end_date: "2026-03-04" })).toBe(400);
    expect(await status({ interval: "hour" })).toBe(400);
    expect(await status({ interval: "day" })).toBe(200);
    expect(await status({ projects: "project-alpha,project-of-another" })).toBe(403);
  });

  it("comes in each way that servers are known to differ in", async () => {
    const plain = await read();
    const from = (quirks: Partial<Quirks>, changed: Parameters = {}) =>
      quirky(quirks, (endpoint) => getItems(endpoint, usage, { ...all, ...changed }));

    const quoted = await from({ literalQuotes: true });
    expect(quoted[0]).toEqual({
      billable_metric: '"gpu-hours"',
      date: '"2026-03-01"',
      project_id: '"project-alpha"',
      quantity: (5385 * 8) / 3600,
      region: '"us-east1"',
      reservation_id: '""',
      resource_type: '"h100-80gb-sxm-ib.8x"',
    });
    const day = { start_date: "2026-03-05", end_date: "2026-03-06" };
    const dates = (rows: Item[]) => [...new Set(rows.map(({ date }) => date))];
    expect(dates(await from({}, day))).toEqual(["2026-03-05", "2026-03-06"]);
    expect(dates(await from({ endDate: "exclusive" }, day))).toEqual(["2026-03-05"]);
    expect(dates(await from({ endDate: "overshooting" }, day))).toEqual([
      "2026-03-04",
      "2026-03-05",
      "2026-03-06",
      "2026-03-07",
    ]);
    const counted = await from(
      { gpuMetric: "instance-hours" },
      { projects: "project-alpha", resource_types: "h100-80gb-sxm-ib.8x" },
    );
    expect(counted.slice(0, 2).map(({ billable_metric, quantity }) => [billable_metric, quantity])).toEqual([
      ["instance-hours", 5385 / 3600],
      ["instance-hours", 24],
    ]);
    const spelled = await from({ spellMetric: (metric) => metric.toUpperCase().replaceAll("-", "_") });
    expect(new Set(spelled.map(({ billable_metric }) => billable_metric))).toEqual(
      new Set(["GPU_HOURS", "INSTANCE_HOURS", "GIB_HOURS"]),
    );
    const fewer = await from({ omittedFields: ["reservation_id"], extraFields: { weather: { is: "fine" } } });
    expect(Object.keys(fewer[0] ?? {}).sort()).toEqual([
      "billable_metric",
      "date",
      "project_id",
      "quantity",
      "region",
      "resource_type",
      "weather",
    ]);
    expect(fewer.map(({ quantity }) => quantity)).toEqual(plain.map(({ quantity }) => quantity));
    expect(await from({ requiresAllUsageParameters: false })).toEqual(plain);
    await quirky({ requiresAllUsageParameters: false }, async (endpoint) => {
      const { start_date = "", end_date = "" } = all;
      expect(await getItems(endpoint, usage, { start_date, end_date })).toEqual(plain);
    });
    const two = ["snapshot", "shared-volume"];
    const types = (rows: Item[]) => [...new Set(rows.map(({ resource_type }) => resource_type))].sort();
    expect(types(await from({ arrays: "csv" }, { resource_types: two }))).toEqual(["snapshot"]);
    expect(types(await from({ arrays: "csv" }, { resource_types: two.join(",") }))).toEqual([...two].sort());
    expect(types(await from({ arrays: "repeated" }, { resource_types: two }))).toEqual([...two].sort());
    expect(types(await from({ arrays: "repeated" }, { resource_types: two.join(",") }))).toEqual([]);
  });

  it("has its options and its export in those ways as well", async () => {
    const quirks: Partial<Quirks> = {
      literalQuotes: true,
      exportColumns: { usage_date: "date", project_name: null },
      extraExportColumns: { invoice: "none" },
    };
    await quirky(quirks, async (endpoint) => {
      expect(await getJson(endpoint, `${usage}/options`)).toMatchObject({
        start_date: '"2026-03-01"',
        end_date: '"2026-03-10"',
        projects: ["project-alpha", "project-beta"],
      });
      const { text } = await get(endpoint, `${usage}/export`, { ...all, resources: "vm-gone" });
      expect(text).toBe(
        "date,project_id,resource_id,resource_name,resource_type,region,billable_metric,reservation_id,quantity,invoice\r\n" +
          '"""2026-03-05""","""project-alpha""","""vm-gone""","""gone""","""l40s-48gb.2x""","""us-east1""","""gpu-hours""","""reservation-instances""",24,none\r\n',
      );
    });
  });

  it("is refused in a URL that is too long, and not in one that just fits", async () => {
    const target = (length: number) => get(gateway.endpoint, usage, { ...all, regions: "x".repeat(length) });
    const { text } = await target(0);
    expect(text).toContain("items");
    expect((await target(7800)).status).toBe(200);
    expect((await target(8000)).status).toBe(414);
  });

  it("counts the GPUs that the inventory shows running, hour by hour", async () => {
    const organization = acme();
    // Whole hours only, so that one look an hour sees all.
    organization.vms = organization.vms.filter(({ id }) => ["vm-train", "vm-gone", "vm-missed"].includes(id));
    let now = new Date();
    await withGateway({ organization, clock: () => now }, async (endpoint) => {
      const seen = new Map<string, number>();
      for (let hour = Date.UTC(2026, 2, 2); hour < Date.UTC(2026, 2, 7); hour += 3_600_000) {
        now = new Date(hour);
        for (const project of ["project-alpha", "project-beta"]) {
          const types = await getItems(endpoint, `/projects/${project}/compute/vms/types`);
          const gpus = new Map(types.map((type) => [type.product_name, Number(type.num_gpu)]));
          const vms = await getItems(endpoint, `/projects/${project}/compute/vms/instances`, {
            states: "RUNNING",
          });
          for (const { type, reservation_id } of vms) {
            const key = `${now.toISOString().slice(0, 10)} ${project} ${type} ${reservation_id}`;
            seen.set(key, (seen.get(key) ?? 0) + (gpus.get(type) ?? 0));
          }
        }
      }
      now = new Date("2026-03-07T00:00:00Z");
      const rows = await getItems(endpoint, usage, {
        ...all,
        start_date: "2026-03-02",
        end_date: "2026-03-06",
      });
      const hours = rows
        .filter(({ billable_metric }) => billable_metric === "gpu-hours")
        .map(
          (row) =>
            [
              `${row.date} ${row.project_id} ${row.resource_type} ${row.reservation_id}`,
              row.quantity,
            ] as const,
        );
      expect(new Map(hours)).toEqual(seen);
      expect(seen.size).toBeGreaterThan(5);
    });
  });
});
