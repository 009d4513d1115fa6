import { describe, expect, it } from "vitest";
import { serving, withGateway } from "./acme.ts";
import { get, getJson, type Item } from "./signed-client.ts";

const tracking = "/organizations/org-acme/reservations/gpu-tracking";
const alpha = "/projects/project-alpha";
const series = `${alpha}/metrics/timeseries`;

interface Data<T> {
  data: T;
}
interface Matrix {
  resultType: string;
  result: { metric: Item; values: [number, string][] }[];
}

describe("GPU tracking", () => {
  const gateway = serving();
  const rows = async (parameters: Record<string, string>, path = tracking) =>
    (await getJson<Data<Item[]>>(gateway.endpoint, path, parameters)).data;
  const march = { start_time: "2026-03-01T00:00:00Z", end_time: "2026-03-31T23:59:59Z" };

  it("has a row for every change of what ran or was reserved of a line", async () => {
    const lines = (await rows({ ...march, product_line: "h100-80gb-sxm-ib" })).map((row) => [
      ...[
        row.event_time,
        row.gpu_usage,
        row.on_demand_count,
        row.regional_capacity,
        row.global_capacity,
        row.price,
      ],
    ]);
    expect(lines).toEqual([
      ["2026-03-01T22:30:15Z", 8, 8, 0, 0, undefined],
      ["2026-03-03T01:00:00Z", 0, 0, 0, 0, undefined],
      ["2026-03-04T00:00:00Z", 8, 8, 0, 0, undefined],
      ["2026-03-04T12:00:00Z", 8, 0, 16, 16, 2.5],
    ]);
  });

  it("counts a reservation of instances in GPUs, and ends with its contract", async () => {
    const found = await rows({ ...march, product_line: "l40s-48gb", region: "us-east1" });
    expect(
      found.map((row) => [row.event_time, row.gpu_usage, row.on_demand_count, row.global_capacity]),
    ).toEqual([
      ["2026-03-01T00:00:00Z", 0, 0, 6],
      ["2026-03-05T06:00:00Z", 2, 0, 6],
      ["2026-03-05T18:00:00Z", 0, 0, 6],
      ["2026-03-06T00:00:00Z", 2, 2, 6],
      ["2026-03-09T00:00:00Z", 2, 2, 0],
    ]);
    expect(found[0]).toEqual({
      event_time: "2026-03-01T00:00:00Z",
      global_capacity: 6,
      gpu_usage: 0,
      on_demand_count: 0,
      organization_id: "org-acme",
      price: 2,
      product_line: "l40s-48gb",
      region: "us-east1",
      regional_capacity: 6,
    });
  });

  it("begins with how things stood, is of the last day by default, and has nothing of the future", async () => {
    const latest = await rows({});
    expect(
      latest.map(({ event_time, product_line, gpu_usage }) => [event_time, product_line, gpu_usage]),
    ).toEqual([
      ["2026-03-09T12:00:00Z", "h100-80gb-sxm-ib", 8],
      ["2026-03-09T12:00:00Z", "l40s-48gb", 2],
    ]);
    expect(await rows({ start_time: "2026-03-11T00:00:00Z", end_time: "2026-03-12T00:00:00Z" })).toEqual([]);
    expect(await rows({ ...march, region: "nowhere" })).toEqual([]);
    const status = async (parameters: Record<string, string>) =>
      (await get(gateway.endpoint, tracking, parameters)).status;
    expect(await status({ start_time: "noon" })).toBe(400);
    expect(await status({ start_time: march.end_time, end_time: march.start_time })).toBe(400);
  });

  it("has the latest counts with what runs beyond the reservations", async () => {
    const body = await getJson<Data<Item[]> & { reservation_id: string[] }>(
      gateway.endpoint,
      `${tracking}/latest`,
    );
    expect(body.reservation_id).toEqual(["reservation-line"]);
    expect(body.data).toEqual([
      {
        event_time: "2026-03-10T12:00:00Z",
        global_reservation_capacity: 16,
        organization_id: "org-acme",
        overage_count: 0,
        price: 2.5,
        product_line: "h100-80gb-sxm-ib",
        region: "us-east1",
        regional_reservation_capacity: 16,
        running_compute_unit_count: 8,
      },
      expect.objectContaining({ product_line: "l40s-48gb", overage_count: 2, running_compute_unit_count: 2 }),
    ]);
    expect(await rows({ product_line: "l40s-48gb" }, `${tracking}/latest`)).toHaveLength(1);
  });

  it("may be another than offered", async () => {
    const notOffered = { "/organizations/{organization_id}/reservations/gpu-tracking": 404 } as const;
    await withGateway({ quirks: { notOffered } }, async (endpoint) => {
      expect((await get(endpoint, tracking)).status).toBe(404);
    });
  });
});

describe("metrics", () => {
  const gateway = serving();
  const day = { start: "2026-03-02T00:00:00Z", end: "2026-03-02T18:00:00Z", step: "6h" };
  const asked = { resource_type: "vm", ...day };
  const matrix = async (path: string, parameters: Record<string, string>) =>
    (await getJson<Data<Matrix>>(gateway.endpoint, path, parameters)).data;
  const second = (text: string) => Date.parse(text) / 1000;

  it("are a matrix as Prometheus has it, of the curve that the scenario declares", async () => {
    expect(await getJson(gateway.endpoint, series, asked)).toEqual({
      status: "success",
      data: {
        resultType: "matrix",
        result: [
          {
            metric: {
              __name__: "gpu_utilization",
              project_id: "project-alpha",
              vm_id: "vm-train",
              vm_name: "train",
              vm_type: "h100-80gb-sxm-ib.8x",
            },
            values: [
              [second("2026-03-02T00:00:00Z"), "70"],
              [second("2026-03-02T06:00:00Z"), "80"],
              [second("2026-03-02T12:00:00Z"), "90"],
              [second("2026-03-02T18:00:00Z"), "80"],
            ],
          },
        ],
      },
    });
  });

  it("have no points while the VM does not run, nor of the future", async () => {
    const { result } = await matrix(series, { ...asked, end: "2026-03-05T00:00:00Z", step: "86400" });
    expect(result[0]?.values.map(([at]) => at)).toEqual(
      ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"].map(second),
    );
    const night = { start: "2026-03-03T00:30:00Z", end: "2026-03-03T02:00:00Z", step: "30m" };
    const stopped = await matrix(series, { ...asked, ...night });
    expect(stopped.result[0]?.values).toHaveLength(1);
    const ahead = { start: "2026-03-10T06:00:00Z", end: "2026-03-12T00:00:00Z" };
    expect((await matrix(series, { ...asked, ...ahead })).result[0]?.values).toHaveLength(2);
  });

  it("are of one VM, or of none where there is none such or nobody watches", async () => {
    const one = await matrix(series, { ...asked, resource_id: "vm-train" });
    expect(one.result).toHaveLength(1);
    expect((await matrix(series, { ...asked, resource_id: "vm-brief" })).result).toEqual([]);
    expect((await matrix("/projects/project-beta/metrics/timeseries", asked)).result).toEqual([]);
  });

  it("answer a selector over a range, at an instant and by parameters alike", async () => {
    const all = await matrix(series, asked);
    const range = `${series}/api/v1/query-range`;
    for (const query of [
      "gpu_utilization",
      ' gpu_utilization {vm_id="vm-train"} ',
      '{vm_name="train", vm_id="vm-train",}',
    ]) {
      expect(await matrix(range, { ...day, query })).toEqual(all);
    }
    for (const query of ["up", 'gpu_utilization{vm_id="other"}', 'gpu_utilization{unknown="x"}']) {
      expect((await matrix(range, { ...day, query })).result).toEqual([]);
    }
    const parameters = { ...day, metric: "gpu_utilization", label: "vm_id=vm-train" };
    expect(await matrix(`${series}/query-parameters`, parameters)).toEqual(all);
    const instant = { query: "gpu_utilization", time: String(second("2026-03-02T12:00:00Z")) };
    expect(await getJson(gateway.endpoint, `${series}/api/v1/query`, instant)).toMatchObject({
      status: "success",
      data: { resultType: "vector", result: [{ value: [second("2026-03-02T12:00:00Z"), "90"] }] },
    });
  });

  it.each([
    ["without a type", series, day],
    ["of another type", series, { ...asked, resource_type: "toaster" }],
    ["without a step", series, { ...asked, step: "" }],
    ["by a step of nothing", series, { ...asked, step: "0" }],
    ["that ends before it starts", series, { ...asked, end: "2026-03-01T00:00:00Z" }],
    ["of too many points", series, { ...asked, step: "1s" }],
    ["at no time", series, { ...asked, start: "noon" }],
    [
      "by PromQL beyond a selector",
      `${series}/api/v1/query-range`,
      { ...day, query: "avg(gpu_utilization)" },
    ],
    ["by a matcher beyond =", `${series}/api/v1/query`, { query: 'a{b=~"c"}' }],
    ["by blanks, however many", `${series}/api/v1/query`, { query: `${" ".repeat(7000)}!` }],
    ["by nothing", `${series}/api/v1/query`, { query: "{}" }],
    ["by a function", `${series}/query-parameters`, { ...day, metric: "gpu_utilization", function: "rate" }],
    ["by a label without a value", `${series}/query-parameters`, { ...day, metric: "x", label: "vm_id" }],
  ])("are refused %s", async (_, path, parameters) => {
    expect((await get(gateway.endpoint, path, parameters)).status).toBe(400);
    expect(gateway.defects).toEqual([]);
  });
});

it("quotas count what there is, of the organisation and of a project", async () => {
  await withGateway({}, async (endpoint) => {
    const of = async (path: string) => (await getJson<{ quotas: Item[] }>(endpoint, path)).quotas;
    const [h100, disks, snapshots] = await of("/organizations/org-acme/quotas");
    expect(h100).toEqual({
      available: 8,
      description: "H100 GPUs",
      max: 16,
      programmatic_name: "h100",
      type: "gpus",
      used: 8,
    });
    // Three systems of 128 GiB, and the shared volume.
    expect([disks?.used, disks?.available]).toEqual([2432, 2568]);
    expect([snapshots?.used, snapshots?.available]).toEqual([1, 2]);
    expect(await of(`${alpha}/quotas`)).toEqual([
      {
        available: 0,
        category: "compute",
        description: "",
        max: 1,
        programmatic_name: "alpha-vms",
        type: "vms",
        used: 2,
      },
    ]);
    expect(await of("/projects/project-beta/quotas")).toEqual([]);
    expect((await get(endpoint, "/organizations/another/quotas")).status).toBe(403);
  });
});
