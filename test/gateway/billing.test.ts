import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { acme, serving, withGateway } from "./acme.ts";
import { get, getItems, getJson, type Item, plainCsv } from "./signed-client.ts";

const costs = "/organizations/org-acme/billing/costs";
const options = "/organizations/org-acme/billing/options";

const rowsOf = async (endpoint: string, parameters: Record<string, string> = {}) =>
  (await getJson<{ data: Item[] }>(endpoint, costs, parameters)).data;

describe("billing costs", () => {
  const gateway = serving();

  it("are on-demand hours at the list price of their day, and nothing that is reserved", async () => {
    const rows = await rowsOf(gateway.endpoint, { resource_types: "h100-80gb-sxm-ib.8x" });
    const about = { billable_metric: "gpu-hours", project_id: "project-alpha", region: "us-east1" };
    const row = (date: string, quantity: number, unit_price: number, cost: number) => ({
      ...about,
      resource_type: "h100-80gb-sxm-ib.8x",
      ...{ date, quantity, unit_price, cost: expect.closeTo(cost, 9) },
    });
    // 8 GPUs from 22:30:15; a whole day; until 01:00 at the new price; until it was reserved at 12:00.
    expect(rows).toEqual([
      row("2026-03-01", (5385 * 8) / 3600, 2, (5385 * 8 * 2) / 3600),
      row("2026-03-02", 192, 2, 384),
      row("2026-03-03", 8, 3, 24),
      row("2026-03-04", 96, 3, 288),
    ]);
  });

  it("are those of spot at its own price, in a row of its own", async () => {
    const organization = acme();
    const missed = organization.vms.find(({ id }) => id === "vm-missed");
    if (missed) organization.vms.push({ ...missed, id: "vm-twin", isSpot: false });
    await withGateway({ organization }, async (endpoint) => {
      const day = { start_date: "2026-03-06", end_date: "2026-03-06", projects: "project-beta" };
      const rows = await rowsOf(endpoint, { ...day, resource_types: "l40s-48gb.2x" });
      expect(rows.map(({ quantity, unit_price, cost }) => [quantity, unit_price, cost])).toEqual([
        [48, 0.5, 24],
        [48, 1.25, 60],
      ]);
    });
  });

  it("have neither price nor cost where the list has none", async () => {
    const rows = await rowsOf(gateway.endpoint, { start_date: "2026-03-02", end_date: "2026-03-02" });
    expect(rows.find(({ resource_type }) => resource_type === "c1a.4x")).toEqual({
      billable_metric: "instance-hours",
      date: "2026-03-02",
      project_id: "project-alpha",
      quantity: 620 / 3600,
      region: "us-east1",
      resource_type: "c1a.4x",
    });
  });

  it("have the quantities of the usage that has no reservation, for every day", async () => {
    const all = {
      projects: "",
      resource_types: "",
      regions: "",
      start_date: "2026-02-01",
      end_date: "2026-03-10",
    };
    const usage = await getItems(gateway.endpoint, "/organizations/org-acme/usage", all);
    const unreserved = usage.filter(({ reservation_id }) => reservation_id === "");
    const key = ({ date, project_id, region, resource_type, quantity }: Item) =>
      [date, project_id, region, resource_type, quantity].join(" ");
    const rows = await rowsOf(gateway.endpoint);
    expect(rows.map(key).sort()).toEqual(unreserved.map(key).sort());
    expect(usage.length).toBeGreaterThan(unreserved.length);
    expect(await getJson(gateway.endpoint, costs)).toMatchObject({ last_updated: "2026-03-10T12:00:00Z" });
  });

  it("are narrowed by days, projects and regions, and refused where these make no sense", async () => {
    const dates = async (parameters: Record<string, string>) => [
      ...new Set((await rowsOf(gateway.endpoint, parameters)).map(({ date }) => date)),
    ];
    expect(await dates({ start_date: "2026-03-03", end_date: "2026-03-04" })).toEqual([
      "2026-03-03",
      "2026-03-04",
    ]);
    expect(await dates({ regions: "nowhere" })).toEqual([]);
    const beta = await rowsOf(gateway.endpoint, { projects: "project-beta" });
    expect(new Set(beta.map(({ project_id }) => project_id))).toEqual(new Set(["project-beta"]));
    const status = async (parameters: Record<string, string>) =>
      (await get(gateway.endpoint, costs, parameters)).status;
    expect(await status({ start_date: "2026-03-04", end_date: "2026-03-03" })).toBe(400);
    expect(await status({ start_date: "March" })).toBe(400);
    expect(await status({ projects: "another" })).toBe(403);
    expect((await get(gateway.endpoint, "/organizations/another/billing/costs")).status).toBe(403);
  });
});

describe("billing options", () => {
  const gateway = serving();

  it("name what was billed by the hour", async () => {
    expect(await getJson(gateway.endpoint, options)).toEqual({
      end_date: "2026-03-10",
      product_lines: ["c1a", "h100-80gb-sxm-ib", "l40s-48gb", "persistent-ssd", "shared-volume", "snapshot"],
      projects: ["project-alpha", "project-beta"],
      regions: ["eu-iceland1", "us-east1"],
      resource_types: [
        ...["c1a.4x", "h100-80gb-sxm-ib.8x", "l40s-48gb.2x", "persistent-ssd", "shared-volume", "snapshot"],
      ],
      start_date: "2026-03-01",
    });
  });

  it("leave out what was reserved in the days that were asked for", async () => {
    const asked = { start_date: "2026-03-05", end_date: "2026-03-05" };
    const { resource_types } = await getJson(gateway.endpoint, options, asked);
    expect(resource_types).toEqual(["c1a.4x", "persistent-ssd", "snapshot"]);
    expect((await get(gateway.endpoint, options, { ...asked, end_date: "2026-03-04" })).status).toBe(400);
  });
});

it("the sample organisation is billed by the list prices that its price file has", async () => {
  const demo = new URL("../../data/demo/", import.meta.url);
  const organization = await loadScenario(new URL("organization.yaml", demo).pathname);
  const file = plainCsv(readFileSync(new URL("prices.csv", demo), "utf8").replaceAll("\n", "\r\n"));
  const listed = file.filter(({ project_id, reservation_id }) => !project_id && !reservation_id);
  const at = (resourceType: string, date: string) => {
    const second = Date.parse(date) / 1000;
    return organization.listPrices.filter(
      (price) =>
        price.resourceType === resourceType &&
        price.from <= second &&
        (price.to === null || second < price.to),
    );
  };
  for (const { resource_type = "", unit_price, effective_from = "", effective_to } of listed) {
    expect(at(resource_type, effective_from).map((price) => price.unitPrice)).toEqual([Number(unit_price)]);
    if (effective_to) {
      expect(at(resource_type, effective_to).map((price) => price.unitPrice)).toEqual([Number(unit_price)]);
    }
  }
  expect(organization.listPrices).toHaveLength(listed.length);
});

describe("the export by product line", () => {
  const path = "/organizations/org-acme/billing/export-productline";
  const day = { start_date: "2026-03-06", end_date: "2026-03-06" };

  it("adds up what a line's sizes and prices came to, and has no cost where some of it has no price", async () => {
    const organization = acme();
    const missed = organization.vms.find(({ id }) => id === "vm-missed");
    if (missed) organization.vms.push({ ...missed, id: "vm-twin", isSpot: false });
    await withGateway({ organization }, async (endpoint) => {
      const rows = plainCsv((await get(endpoint, path, day)).text);
      expect(rows.filter(({ product_line }) => product_line === "l40s-48gb")).toEqual([
        {
          ...{
            date: "2026-03-06",
            project_id: "project-beta",
            product_line: "l40s-48gb",
            region: "us-east1",
          },
          // A day of two GPUs twice: 48 at 0.5, 48 at 1.25.
          ...{ billable_metric: "gpu-hours", quantity: "96", cost: "84" },
        },
      ]);
      expect(rows.find(({ product_line }) => product_line === "c1a")).toMatchObject({
        quantity: "72",
        cost: "",
      });
      const one = plainCsv((await get(endpoint, path, { ...day, product_lines: "c1a" })).text);
      expect(one.map(({ product_line }) => product_line)).toEqual(["c1a"]);
      expect((await get(endpoint, path, { start_date: "2026-03-06" })).status).toBe(400);
    });
  });
});
