import { get as httpGet } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type FaultKindName, faultKinds, passingKinds } from "../../src/gateway/faults/kinds.ts";
import type { FaultInput } from "../../src/gateway/faults/rule.ts";
import type { Gateway, GatewayOptions } from "../../src/gateway/server.ts";
import { acme, start } from "./acme.ts";
import { hear } from "./raw-client.ts";
import { get, getItems, getJson, type Item, type List, plainCsv } from "./signed-client.ts";

let gateway: Gateway | undefined;
const defects: unknown[] = [];

async function failing(faults: FaultInput | FaultInput[], options: Partial<GatewayOptions> = {}) {
  const onDefect = (error: unknown) => defects.push(error);
  gateway = await start({ faults: [faults].flat(), onDefect, ...options });
  return gateway.endpoint;
}

afterEach(async () => {
  await gateway?.close();
  expect(defects).toEqual([]);
});

const types = "/projects/project-alpha/compute/vms/types";
const vms = "/projects/project-beta/compute/vms/instances";
const usage = "/organizations/org-acme/usage";
const march = {
  projects: "",
  resource_types: "",
  regions: "",
  start_date: "2026-03-01",
  end_date: "2026-03-09",
};

describe("a fault of the kind", () => {
  it("rate-limit refuses with 429 and says in seconds when to come back", async () => {
    const endpoint = await failing({ kind: "rate-limit", form: "seconds", retry_after: 7 });
    const { status, headers, text } = await get(endpoint, types);
    expect([status, headers["retry-after"], JSON.parse(text).code]).toEqual([429, "7", "429"]);
  });

  it("rate-limit says it as an HTTP date that lies ahead as well", async () => {
    const wallClock = () => new Date("2026-03-10T12:00:00.400Z");
    const faults = { kind: "rate-limit", form: "date", retry_after: 90 } as const;
    const endpoint = await failing(faults, { wallClock });
    expect((await get(endpoint, types)).headers["retry-after"]).toBe("Tue, 10 Mar 2026 12:01:31 GMT");
  });

  it("server-error answers 500 or 503, and as many in a row as a burst is long", async () => {
    const endpoint = await failing({ kind: "server-error", burst: 3, times: 3, after: 1 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn++) statuses.push((await get(endpoint, types)).status);
    expect(statuses.map((status) => status >= 500)).toEqual([false, true, true, true, false, false]);
    expect(statuses.every((status) => [200, 500, 503].includes(status))).toBe(true);
    await gateway?.close();
    const other = await failing({ kind: "server-error", status: 504 });
    expect((await get(other, types)).status).toBe(504);
  });

  it("bad-gateway answers 502 with a page", async () => {
    const { status, headers, text } = await get(await failing({ kind: "bad-gateway" }), types);
    expect([status, headers["content-type"]]).toEqual([502, "text/html; charset=utf-8"]);
    expect(text).toMatch(/^<!doctype html>/);
  });

  it("reset cuts the connection before anything was said", async () => {
    const heard = await hear(await failing({ kind: "reset", form: "before" }), types);
    expect(heard).toMatchObject({ status: 0, body: "", ended: "reset" });
  });

  it("reset cuts the connection amid the body", async () => {
    const heard = await hear(await failing({ kind: "reset", form: "amid" }), types);
    expect(heard).toMatchObject({ status: 200, ended: "reset" });
    expect(heard.body).toMatch(/^\{"items":\[/);
    expect(heard.body.length).toBeLessThan(Number(heard.headers["content-length"]));
  });

  it("truncate ends the body before the length that was announced", async () => {
    const heard = await hear(await failing({ kind: "truncate", form: "length" }), types);
    expect(heard).toMatchObject({ status: 200, ended: "end" });
    expect(heard.body.length).toBe(Math.floor(Number(heard.headers["content-length"]) / 2));
  });

  it("truncate ends a chunked body without its last chunk", async () => {
    const heard = await hear(await failing({ kind: "truncate", form: "chunked" }), usage, march);
    expect(heard).toMatchObject({ status: 200, ended: "end", headers: { "transfer-encoding": "chunked" } });
    expect(heard.body).toMatch(/^[0-9a-f]+\r\n\{"items":\[\{/);
    expect(heard.body.endsWith("0\r\n\r\n")).toBe(false);
  });

  it("truncate passes half a body for a whole one", async () => {
    const { status, text } = await get(await failing({ kind: "truncate", form: "body" }), types);
    expect(status).toBe(200);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it("slow comes whole in the end, a few bytes at a time", async () => {
    const path = "/locations";
    const endpoint = await failing({ kind: "slow", bytes: 8, every_ms: 10 });
    const heard = await hear(endpoint, path);
    expect(heard.gapsMs.length).toBeGreaterThan(3);
    const { status, text } = await get(endpoint, path);
    expect([status, JSON.parse(text)]).toEqual([200, { items: ["us-east1-a", "eu-iceland1-a"] }]);
  });

  it("slow may say nothing for a while first", async () => {
    const heard = await hear(await failing({ kind: "slow", delay_ms: 150, bytes: 4096, every_ms: 0 }), types);
    expect(heard.gapsMs[0]).toBeGreaterThanOrEqual(140);
  });

  it("endless goes on for as long as it is read, and ends when the client goes", async () => {
    const answered: number[] = [];
    const endpoint = await failing(
      { kind: "endless", form: "blanks" },
      { onAnswer: (_, status) => answered.push(status) },
    );
    const heard = await hear(endpoint, types, {}, { enoughBytes: 20_000_000, patienceMs: 3000 });
    expect(heard).toMatchObject({ status: 200, ended: "open" });
    expect(heard.body).toMatch(/^[0-9a-f]+\r\n\{"items":\[/);
    await expect.poll(() => answered).toEqual([200]);
  });

  it("endless falls silent, and never ends", async () => {
    const heard = await hear(
      await failing({ kind: "endless", form: "silence" }),
      types,
      {},
      { patienceMs: 200 },
    );
    expect(heard).toMatchObject({ status: 200, ended: "open" });
    expect(heard.body.endsWith("\r\n0\r\n\r\n")).toBe(false);
    // Closing does not wait for it.
    await gateway?.close();
  });

  it("wrong-type is a page under 200, or the right body under the wrong name", async () => {
    const page = await get(await failing({ kind: "wrong-type", form: "page" }), types);
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.text).toContain("<h1>");
    await gateway?.close();
    const label = await get(await failing({ kind: "wrong-type", form: "label" }), types);
    expect([label.status, label.headers["content-type"]]).toEqual([200, "text/html"]);
    expect(JSON.parse(label.text).items).toHaveLength(3);
  });

  it("wrong-shape turns the list into something else", async () => {
    const shape = async (form: "items-object" | "items-missing" | "bare-list") => {
      const body: unknown = await getJson(await failing({ kind: "wrong-shape", form }), types);
      await gateway?.close();
      return body;
    };
    const object = await shape("items-object");
    expect(object).toEqual({
      items: { 0: expect.any(Object), 1: expect.any(Object), 2: expect.any(Object) },
    });
    expect(await shape("items-missing")).toEqual({});
    expect(await shape("bare-list")).toHaveLength(3);
  });

  it("wrong-shape spoils one row: a word for a number, a field that is missing, a row that is null", async () => {
    const right = await getItems(await failing([]), usage, march);
    const spoiled = async (fault: Omit<FaultInput & { kind: "wrong-shape" }, "kind">) => {
      await gateway?.close();
      const items = await getItems(await failing({ kind: "wrong-shape", ...fault }), usage, march);
      return items
        .map((item, row) => ({ item, row }))
        .filter(({ item, row }) => {
          return JSON.stringify(item) !== JSON.stringify(right[row]);
        });
    };
    const { quantity: _, ...unmeasured } = right[2] ?? {};
    const { region: __, ...nowhere } = right[0] ?? {};
    expect(await spoiled({ form: "word", row: 1 })).toEqual([
      { row: 1, item: { ...right[1], quantity: "many" } },
    ]);
    expect(await spoiled({ form: "missing", row: 2 })).toEqual([{ row: 2, item: unmeasured }]);
    expect(await spoiled({ form: "missing", row: 0, field: "region" })).toEqual([{ row: 0, item: nowhere }]);
    expect(await spoiled({ form: "null-row", row: 3 })).toEqual([{ row: 3, item: null }]);
    expect(await spoiled({ form: "word", field: "nothing" })).toEqual([]);
    expect(await spoiled({ form: "word" })).toHaveLength(1);
  });

  it("wrong-shape spoils a CSV as well", async () => {
    const endpoint = await failing({ kind: "wrong-shape", form: "word", row: 0 });
    const { text } = await get(endpoint, `${usage}/export`, { ...march, resources: "" });
    const [first, second] = plainCsv(text);
    expect(first?.quantity).toBe("many");
    expect(Number(second?.quantity)).toBeGreaterThan(0);
  });

  it("duplicate repeats rows, at least one", async () => {
    const count = (items: readonly Item[]) => new Set(items.map((item) => JSON.stringify(item))).size;
    const right = await getItems(await failing([]), usage, march);
    await gateway?.close();
    const every = await getItems(await failing({ kind: "duplicate", share: 1, copies: 2 }), usage, march);
    expect([every.length, count(every)]).toEqual([right.length * 3, right.length]);
    await gateway?.close();
    const one = await getItems(await failing({ kind: "duplicate", share: 0 }), usage, march);
    expect([one.length, count(one)]).toEqual([right.length + 1, right.length]);
    await gateway?.close();
    const file = await get(await failing({ kind: "duplicate", share: 1 }), `${usage}/export`, {
      ...march,
      resources: "",
    });
    const rows = plainCsv(file.text);
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length / 2);
  });

  it("token-loop gives each page the token that it came with", async () => {
    const endpoint = await failing({ kind: "token-loop", form: "same" });
    const first = await getJson<List>(endpoint, vms, { limit: "2" });
    const next = { limit: "2", next_token: first.next_page_token ?? "" };
    const second = await getJson<List>(endpoint, vms, next);
    expect(second).toEqual(first);
    expect(await getJson<List>(endpoint, vms, next)).toEqual(second);
    // A list that is sent whole leads back to itself too.
    const whole = await getJson<List>(endpoint, types);
    const again = await getJson<List>(endpoint, types, { next_token: whole.next_page_token ?? "" });
    expect(again).toEqual(whole);
  });

  it("token-loop leads from the last page to the first", async () => {
    const endpoint = await failing({ kind: "token-loop", form: "around" });
    const seen: string[] = [];
    let next = "";
    for (let page = 0; page < 5; page++) {
      const list: List = await getJson<List>(endpoint, vms, {
        limit: "2",
        ...(next && { next_token: next }),
      });
      next = list.next_page_token ?? "";
      seen.push(...list.items.map(({ name }) => String(name)));
    }
    expect(new Set(seen).size).toBe(4);
    expect(seen.slice(4, 8)).toEqual(seen.slice(0, 4));
  });

  it.each(["appears", "disappears"] as const)(
    "shifting-page: a row %s before the next page",
    async (form) => {
      const names = async (faults: FaultInput[]) => {
        const endpoint = await failing(faults);
        const seen: unknown[] = [];
        let next: string | undefined;
        do {
          const list: List = await getJson<List>(endpoint, vms, {
            limit: "3",
            ...(next && { next_token: next }),
          });
          seen.push(...list.items.map(({ name }) => name));
          next = list.next_page_token;
        } while (next);
        await gateway?.close();
        return seen;
      };
      const [a, b, c, d] = await names([]);
      const expected = form === "appears" ? [a, b, c, c, d] : [a, b, c];
      expect(await names([{ kind: "shifting-page", form }])).toEqual(expected);
    },
  );

  it("clock-skew refuses a signature of now, takes one of the gateway's own time, and shows it", async () => {
    const endpoint = await failing({ kind: "clock-skew", minutes: -12 });
    const now = await hear(endpoint, types);
    expect(now.status).toBe(401);
    expect(JSON.parse(now.body).message).toMatch(/X-Crusoe-Timestamp is more than 5 minutes/);
    const skewMs = Date.parse(now.headers.date ?? "") - Date.now();
    expect(Math.abs(skewMs + 12 * 60_000)).toBeLessThan(2000);
    expect((await hear(endpoint, types, {}, { at: new Date(Date.now() + skewMs) })).status).toBe(200);
  });

  it("redirect leads to another port, and tells whether credentials came along", async () => {
    const endpoint = await failing({ kind: "redirect", path: "/locations" });
    const { status, headers } = await get(endpoint, "/locations");
    const location = String(headers.location);
    expect([status, new URL(location).pathname]).toEqual([302, "/v1alpha5/locations"]);
    expect(new URL(location).port).not.toBe(new URL(endpoint).port);
    expect(gateway?.faults.visits()).toEqual([]);
    const follow = (sent: Record<string, string>) =>
      new Promise((resolve) => httpGet(location, { headers: sent }, (reply) => resolve(reply.resume())));
    await follow({});
    await follow({ Authorization: "Bearer 1.0:a:b", "X-Crusoe-Timestamp": "now" });
    expect(gateway?.faults.visits()).toEqual([
      { method: "GET", target: "/v1alpha5/locations", credentials: [] },
      { method: "GET", target: "/v1alpha5/locations", credentials: ["authorization", "x-crusoe-timestamp"] },
    ]);
  });

  it.each([
    ["unauthorized", 401],
    ["forbidden", 403],
    ["not-found", 404],
    ["not-implemented", 501],
  ] as const)("%s refuses with %i", async (kind, expected) => {
    const { status, text } = await get(await failing({ kind }), types);
    expect([status, JSON.parse(text)]).toEqual([
      expected,
      { code: String(expected), message: expect.any(String) },
    ]);
  });
});

describe("which requests a fault strikes", () => {
  const statuses = async (endpoint: string, paths: readonly string[]) => {
    const found: number[] = [];
    for (const path of paths) found.push((await get(endpoint, path)).status);
    return found;
  };

  it("is told by path, under either version, and by method", async () => {
    const endpoint = await failing([
      { kind: "forbidden", path: "/projects/*/compute/vms/types" },
      { kind: "not-found", path: "/users/**", method: "get" },
      { kind: "unauthorized", path: "/organizations/{organization_id}/usage" },
      { kind: "unauthorized", method: "POST" },
    ]);
    const paths = [types, "/users/ssh-keys", `${usage}/options`, "/locations", "/projects/project-alpha/x"];
    expect(await statuses(endpoint, paths)).toEqual([403, 404, 200, 200, 404]);
    expect((await get(endpoint, usage, march)).status).toBe(401);
    expect((await get(endpoint.replace("v1alpha5", "v1"), types)).status).toBe(403);
  });

  it("is told by count: so many, so many of each, and after so many", async () => {
    const first = await failing({ kind: "forbidden", times: 2 });
    expect(await statuses(first, [types, "/locations", types, "/locations"])).toEqual([403, 403, 200, 200]);
    await gateway?.close();
    const each = await failing({ kind: "forbidden", times_each: 1 });
    expect(await statuses(each, [types, "/locations", types, "/locations"])).toEqual([403, 403, 200, 200]);
    expect((await get(each, types, { again: "1" })).status).toBe(403);
    await gateway?.close();
    const after = await failing({ kind: "forbidden", after: 1, times: 1 });
    expect(await statuses(after, [types, types, types])).toEqual([200, 403, 200]);
  });

  it("is told by the gateway's clock", async () => {
    const faults = { kind: "forbidden", from: "2026-03-10T13:00Z", to: "2026-03-10T14:00Z" } as const;
    const endpoint = await failing(faults);
    const found: number[] = [];
    for (const seconds of [0, 3600, 3599, 1]) {
      gateway?.clock.advance({ seconds });
      found.push((await get(endpoint, types)).status);
    }
    expect(found).toEqual([200, 403, 403, 200]);
  });

  it("is the first of several that strikes", async () => {
    const endpoint = await failing([
      { kind: "forbidden", times: 1 },
      { kind: "not-found", times: 1 },
    ]);
    expect(await statuses(endpoint, [types, types, types])).toEqual([403, 404, 200]);
    expect(gateway?.faults.list()).toEqual([
      { fault: { kind: "forbidden", times: 1 }, matched: 3, struck: 1 },
      { fault: { kind: "not-found", times: 1 }, matched: 2, struck: 1 },
    ]);
  });

  it("is about its rate of them, the same for the same seed in whatever order they come", async () => {
    const targets = Array.from({ length: 400 }, (_, number) => String(number));
    const struck = async (faultSeed: string, order: readonly string[]) => {
      const endpoint = await failing({ kind: "forbidden", rate: 0.3 }, { faultSeed });
      const found = new Map<string, number>();
      await Promise.all(
        order.map(async (n) => found.set(n, (await get(endpoint, "/locations", { n })).status)),
      );
      await gateway?.close();
      return targets.map((target) => found.get(target) === 403);
    };
    const [once, turned, other] = [
      await struck("a", targets),
      await struck("a", [...targets].reverse()),
      await struck("b", targets),
    ];
    expect(turned).toEqual(once);
    expect(other).not.toEqual(once);
    for (const each of [once, other]) {
      const share = each.filter(Boolean).length / targets.length;
      // 400 draws of 0.3: four standard deviations to either side.
      expect(Math.abs(share - 0.3)).toBeLessThan(0.092);
    }
  });

  it("is drawn anew for each attempt, so that asking again may succeed", async () => {
    const endpoint = await failing({ kind: "forbidden", rate: 0.5 }, { faultSeed: 1 });
    const found = await statuses(
      endpoint,
      Array.from({ length: 60 }, () => types),
    );
    const share = found.filter((status) => status === 403).length / found.length;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });

  it("may be of any kind that passes: all of them come, and none else", async () => {
    const kinds = new Map<FaultKindName, number>();
    const endpoint = await failing(
      { kind: "any", rate: 0.6 },
      { onAnswer: (_, __, kind) => kind && kinds.set(kind, (kinds.get(kind) ?? 0) + 1) },
    );
    for (let n = 0; n < 300; n++) await get(endpoint, "/locations", { n: String(n) }).catch(() => undefined);
    expect([...kinds.keys()].sort()).toEqual([...passingKinds].sort());
    const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
    expect(Math.abs(total / 300 - 0.6)).toBeLessThan(0.113);
  });

  it("may stand in the scenario", async () => {
    const organization = acme();
    organization.faults.push({ kind: "not-found", path: "/locations" });
    const endpoint = await failing([], { organization });
    expect(await statuses(endpoint, ["/locations", types])).toEqual([404, 200]);
  });

  it("is said when a rule is no rule", async () => {
    const wrong = (fault: object) => start({ faults: [fault as FaultInput] });
    await expect(wrong({ kind: "nonsense" })).rejects.toThrow(
      /"nonsense" is no kind of fault; there are any, rate/,
    );
    await expect(wrong({ kind: "reset", bytes: 3 })).rejects.toThrow(/"bytes" is no key of that fault/);
    await expect(wrong({ kind: "reset", rate: 2 })).rejects.toThrow(/rate/);
    await expect(wrong({ kind: "reset", from: "soon" })).rejects.toThrow(/from: not a date/);
    await expect(wrong({})).rejects.toThrow(/nothing is no kind/);
  });

  it("covers every kind of the table in these tests", () => {
    const tested = [
      ...["rate-limit", "server-error", "bad-gateway", "reset", "truncate", "slow", "endless", "wrong-type"],
      ...["wrong-shape", "duplicate", "token-loop", "shifting-page", "clock-skew", "redirect"],
      ...["unauthorized", "forbidden", "not-found", "not-implemented"],
    ];
    expect(Object.keys(faultKinds).sort()).toEqual(tested.sort());
  });
});
