import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseScenario } from "../../src/gateway/scenario/load.ts";
import { serving, withGateway } from "./acme.ts";
import { get, getJson, type List, type Parameters } from "./signed-client.ts";

const fleet = parseScenario(`
seed: pages
now: 2026-03-10T12:00:00Z
history_from: 2026-03-01
organization: { id: o, name: pages }
locations: [us-east1-a, eu-iceland1-a]
projects: [{ key: p, id: p, name: p }]
vm_types: [{ product_name: c1a.4x, cpu_cores: 4, memory_gb: 16, description: "" }, { product_name: c1a.8x, cpu_cores: 8, memory_gb: 32, description: "" }]
vms:
${Array.from({ length: 23 }, (_, number) => {
  // Two of each name, so that the order needs more than the name.
  const name = `vm-${String(Math.floor(number / 2)).padStart(2, "0")}${number % 2 ? " twin" : ""}`;
  const type = number % 3 === 0 ? "c1a.8x" : "c1a.4x";
  const location = number % 5 === 0 ? "eu-iceland1-a" : "us-east1-a";
  const runs = number % 4 === 0 ? ", runs: []" : "";
  const created = `2026-03-0${1 + (number % 7)}T0${number % 10}:00Z`;
  return `  - { id: id-${number}, name: "${name}", project: p, type: ${type}, location: ${location}, created: ${created}${runs} }`;
}).join("\n")}
`);
for (const vm of fleet.vms) vm.name = vm.name.replace(" twin", "");

const path = "/projects/p/compute/vms/instances";
const idsOf = ({ items }: List) => items.map(({ id }) => String(id));

async function follow(endpoint: string, parameters: Parameters): Promise<string[][]> {
  const pages: string[][] = [];
  let token: string | undefined;
  do {
    const page: List = await getJson<List>(endpoint, path, {
      ...parameters,
      ...(token && { next_token: token }),
    });
    pages.push(idsOf(page));
    token = page.next_page_token;
  } while (token !== undefined && pages.length < 100);
  return pages;
}

describe("the list of VMs", () => {
  const gateway = serving({ organization: fleet });
  const list = (parameters: Parameters) => getJson<List>(gateway.endpoint, path, parameters);

  it("comes in pages of twenty, and the token leads to the rest", async () => {
    const first = await list({});
    expect(first.items).toHaveLength(20);
    const second = await list({ next_token: first.next_page_token ?? "" });
    expect(second.items).toHaveLength(3);
    expect(second.next_page_token).toBeUndefined();
    expect(first.prev_page_token).toBeUndefined();
    expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBe(23);
  });

  it("comes whole and without a double for any limit and any order", async () => {
    const sorts = [
      "name",
      "-name",
      "created_at",
      "-created_at",
      "updated_at",
      "type",
      "-type",
      "location",
      "state",
    ];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.constantFrom(...sorts), async (limit, sort) => {
        const pages = await follow(gateway.endpoint, { limit: String(limit), sort });
        expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
        expect(pages.flat().sort()).toEqual(fleet.vms.map(({ id }) => id).sort());
      }),
      { numRuns: 40 },
    );
  });

  it("pages back the way it came", async () => {
    const pages = await follow(gateway.endpoint, { limit: "5" });
    let page = await list({ limit: "5" });
    while (page.next_page_token) page = await list({ limit: "5", next_token: page.next_page_token });
    const back = [idsOf(page)];
    while (page.prev_page_token) {
      page = await list({ limit: "5", prev_token: page.prev_page_token });
      back.unshift(idsOf(page));
    }
    expect(back).toEqual(pages);
    expect(pages).toHaveLength(5);
  });

  it("loses nothing and doubles nothing when VMs come and go between two pages", async () => {
    const organization = structuredClone(fleet);
    await withGateway({ organization }, async (endpoint) => {
      const first = await getJson<List>(endpoint, path, { limit: "10", sort: "name" });
      const seen = new Set(idsOf(first));
      // Half of the first page goes, and nobody on the second may be skipped for it.
      const gone = idsOf(first).slice(0, 5);
      organization.vms = organization.vms.filter(({ id }) => !gone.includes(id));
      organization.revision++;
      const rest = await getJson<List>(endpoint, path, {
        limit: "100",
        sort: "name",
        next_token: first.next_page_token ?? "",
      });
      expect(idsOf(rest).filter((id) => seen.has(id))).toEqual([]);
      expect(new Set([...seen, ...idsOf(rest)]).size).toBe(23);
    });
  });

  it("is sorted by what is asked for", async () => {
    const by = async (sort: string, field: string) =>
      (await list({ sort, limit: "100" })).items.map((item) => String(item[field]));
    for (const field of ["name", "created_at", "type", "location"]) {
      const ascending = await by(field, field);
      expect(ascending).toEqual([...ascending].sort());
      expect(await by(`-${field}`, field)).toEqual([...ascending].reverse());
    }
  });

  it("keeps to the gateway's own most, whatever limit is asked for", async () => {
    await withGateway({ organization: fleet, quirks: { maxLimit: 7 } }, async (endpoint) => {
      expect((await follow(endpoint, { limit: "1000" })).map(({ length }) => length)).toEqual([7, 7, 7, 2]);
      expect((await follow(endpoint, {})).map(({ length }) => length)).toEqual([7, 7, 7, 2]);
    });
  });

  it.each([
    [{ ids: "id-1,id-4,none" }, ["id-1", "id-4"]],
    [{ names: "vm-03,vm-11" }, ["id-22", "id-6", "id-7"]],
    [{ types: "c1a.8x", locations: "eu-iceland1-a" }, ["id-0", "id-15"]],
    [{ states: "STATE_SHUTOFF" }, ["id-0", "id-12", "id-16", "id-20", "id-4", "id-8"]],
    [{ states: "STOPPED", types: "c1a.8x" }, ["id-0", "id-12"]],
    [{ states: "RUNNING,STATE_SHUTOFF", ids: "id-0,id-1" }, ["id-0", "id-1"]],
    [{ ids: ["id-2", "id-3"] }, ["id-2", "id-3"]],
    [{ nvlink_domain_ids: "any" }, []],
    [{ names: "", ids: "id-9" }, ["id-9"]],
  ])("is filtered by %o", async (parameters, expected) => {
    expect(idsOf(await list({ ...(parameters as Parameters), limit: "100" })).sort()).toEqual(expected);
  });

  it.each([
    { limit: "0" },
    { limit: "-1" },
    { limit: "ten" },
    { limit: "1e9" },
    { sort: "price" },
    { sort: "__proto__" },
    { next_token: "%%" },
    { next_token: "bm8" },
    { prev_token: "WzFd" },
  ])("refuses %o", async (parameters) => {
    expect((await get(gateway.endpoint, path, parameters as Parameters)).status).toBe(400);
  });

  it("spells states either way", async () => {
    const states = async (vmStates: "prefixed" | "plain") =>
      withGateway({ organization: fleet, quirks: { vmStates } }, async (endpoint) => {
        const { items } = await getJson<List>(endpoint, path, { ids: "id-0,id-1" });
        return items.map(({ state }) => state);
      });
    expect(await states("prefixed")).toEqual(["STATE_SHUTOFF", "STATE_RUNNING"]);
    expect(await states("plain")).toEqual(["STOPPED", "RUNNING"]);
  });

  it("is not the only one with pages, where a gateway pages all lists", async () => {
    await withGateway({ organization: fleet, quirks: { pageSizeOfOtherLists: 9 } }, async (endpoint) => {
      const found: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        const page: List = await getJson<List>(
          endpoint,
          "/projects/p/storage/disks",
          token ? { next_token: token } : {},
        );
        found.push(...idsOf(page));
        token = page.next_page_token;
        pages++;
      } while (token !== undefined && pages < 20);
      expect(pages).toBe(3);
      expect(found.sort()).toEqual(fleet.disks.map(({ id }) => id).sort());
    });
  });
});
