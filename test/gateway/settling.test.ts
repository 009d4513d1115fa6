import { describe, expect, it } from "vitest";
import { parseScenario } from "../../src/gateway/scenario/load.ts";
import { acmeYaml, withGateway } from "./acme.ts";
import { get, getJson, type Item, plainCsv } from "./signed-client.ts";

/** What each endpoint says of one VM's hours by day, at each of the times. */
async function known(metering: string, times: readonly string[]) {
  const organization = parseScenario(`${acmeYaml}\nmetering: ${metering}\n`);
  let now = new Date(0);
  return withGateway({ organization, clock: () => now }, async (endpoint) => {
    const path = "/organizations/org-acme";
    const asked = {
      ...{ projects: "project-alpha", regions: "", resource_types: "h100-80gb-sxm-ib.8x" },
      ...{ start_date: "2026-03-01", end_date: "2026-03-03" },
    };
    const found: Record<string, Record<string, number>> = {};
    for (const time of times) {
      now = new Date(time);
      const usage = (await getJson<{ items: Item[] }>(endpoint, `${path}/usage`, asked)).items;
      const rows = plainCsv((await get(endpoint, `${path}/usage/export`, { ...asked, resources: "" })).text);
      const costs = (await getJson<{ data: Item[] }>(endpoint, `${path}/billing/costs`, asked)).data;
      const hours = (list: readonly Item[], day: string) =>
        Object.fromEntries(list.map((row) => [String(row[day]).slice(8), Number(row.quantity)]));
      found[time] = hours(usage, "date");
      expect(hours(rows, "usage_date")).toEqual(found[time]);
      expect(hours(costs, "date")).toEqual(found[time]);
    }
    return found;
  });
}

// 1 March from 22:30:15: 5385 s of 8 GPUs. The 2nd: a day. The 3rd: an hour.
const exact = { "01": (5385 * 8) / 3600, "02": 192, "03": 8 };

describe("usage", () => {
  it("of a day is answered from so many hours after its end on, wherever it is asked for", async () => {
    expect(
      await known("{ settles_after_hours: 6 }", [
        "2026-03-02T05:59:59Z",
        "2026-03-02T06:00:00Z",
        "2026-03-04T05:59:59Z",
        "2026-03-04T06:00:00Z",
      ]),
    ).toEqual({
      "2026-03-02T05:59:59Z": {},
      "2026-03-02T06:00:00Z": { "01": exact["01"] },
      "2026-03-04T05:59:59Z": { "01": exact["01"], "02": 192 },
      "2026-03-04T06:00:00Z": exact,
    });
  });

  it("that is restated is so many times what it should be, and in the end exact", async () => {
    const times = ["2026-03-04T02:00:00Z", "2026-03-06T02:00:00Z"];
    expect(
      await known("{ settles_after_hours: 2, restated: { share: 1, factor: 0.75, within_days: 2 } }", times),
    ).toMatchObject({
      // The day that settled this second is as it was at first; those before may be restated by now.
      "2026-03-04T02:00:00Z": { "03": 6 },
      "2026-03-06T02:00:00Z": exact,
    });
  });

  it("that comes late is missing at first, and comes within the days", async () => {
    const times = ["2026-03-04T00:00:00Z", "2026-03-07T00:00:00Z"];
    const found = await known("{ late: { share: 1, within_days: 3 } }", times);
    expect(found["2026-03-04T00:00:00Z"]).not.toHaveProperty("03");
    expect(found["2026-03-07T00:00:00Z"]).toMatchObject(exact);
  });

  it("is restated in the share of rows that was asked for, the same ones for the same seed", async () => {
    const many = (seed: number, clock: string) =>
      withGateway(
        {
          organization: parseScenario(`
seed: ${seed}
now: ${clock}
until: 2026-05-01
history_from: 2026-02-01
organization: { name: acme, id: org-acme }
metering: { restated: { share: 0.25, factor: 0.5, within_days: 4 } }
locations: [us-east1-a]
projects: [{ key: alpha, id: project-alpha, name: alpha }]
vm_types: [{ product_name: c1a.4x, cpu_cores: 4, memory_gb: 16, description: 4 vCPU }]
fleets: [{ name: web, project: alpha, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: 400, os_disk_gib: 0 }]`),
        },
        async (endpoint) => {
          const asked = { projects: "", resources: "", regions: "", resource_types: "" };
          const days = { start_date: "2026-03-01", end_date: "2026-03-01" };
          const { text } = await get(endpoint, "/organizations/org-acme/usage/export", { ...asked, ...days });
          const rows = plainCsv(text);
          expect(rows).toHaveLength(400);
          return rows.filter(({ quantity }) => quantity === "12").map((row) => row.resource_id);
        },
      );
    const struck = await many(1, "2026-03-02");
    expect(struck.length).toBeGreaterThan(60);
    expect(struck.length).toBeLessThan(140);
    expect(await many(1, "2026-03-02")).toEqual(struck);
    const left = await many(1, "2026-03-04");
    expect(left.length).toBeLessThan(struck.length);
    expect(left.every((id) => struck.includes(id))).toBe(true);
    expect(await many(1, "2026-03-06")).toEqual([]);
    expect(await many(2, "2026-03-02")).not.toEqual(struck);
  });
});
