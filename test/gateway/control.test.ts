import { describe, expect, it } from "vitest";
import { serving, start, withGateway } from "./acme.ts";
import { get, getItems, send } from "./signed-client.ts";

const types = "/projects/project-alpha/compute/vms/types";

async function control(
  endpoint: string,
  call: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const [method = "GET", path = ""] = call.split(" ");
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const { status, text } = await send(endpoint, `/_control${path}`, { method, headers, ...sent });
  return { status, body: JSON.parse(text) };
}

describe("/_control", () => {
  it("is not there unless it was asked for", async () => {
    await withGateway({}, async (endpoint) => {
      expect((await control(endpoint, "GET /faults")).status).toBe(401);
      expect((await control(endpoint, "POST /advance", { seconds: 1 })).status).toBe(401);
      expect((await get(endpoint.replace("/v1alpha5", ""), "/_control/faults")).status).toBe(404);
    });
  });

  it("adds faults as objects or as on the command line, counts them and clears them", async () => {
    await withGateway({ control: true }, async (endpoint) => {
      expect(await control(endpoint, "GET /faults")).toEqual({
        status: 200,
        body: { faults: [], visits: [] },
      });
      const added = await control(endpoint, "POST /faults", [
        { kind: "forbidden", times: 1 },
        "rate-limit,path=/locations,form=seconds,retry_after=2",
      ]);
      expect(added.status).toBe(200);
      expect((await get(endpoint, types)).status).toBe(403);
      expect((await get(endpoint, types)).status).toBe(200);
      const limited = await get(endpoint, "/locations");
      expect([limited.status, limited.headers["retry-after"]]).toEqual([429, "2"]);
      expect((await control(endpoint, "POST /faults", { kind: "bad-gateway" })).status).toBe(200);
      expect((await control(endpoint, "GET /faults")).body).toEqual({
        faults: [
          { fault: { kind: "forbidden", times: 1 }, matched: 3, struck: 1 },
          {
            fault: { kind: "rate-limit", path: "/locations", form: "seconds", retry_after: 2 },
            matched: 1,
            struck: 1,
          },
          { fault: { kind: "bad-gateway" }, matched: 0, struck: 0 },
        ],
        visits: [],
      });
      expect((await control(endpoint, "DELETE /faults")).body).toEqual({ faults: [], visits: [] });
      expect((await get(endpoint, "/locations")).status).toBe(200);
    });
  });

  it("is never struck by a fault itself", async () => {
    await withGateway({ control: true, faults: [{ kind: "reset" }] }, async (endpoint) => {
      expect((await control(endpoint, "DELETE /faults")).status).toBe(200);
      expect((await get(endpoint, types)).status).toBe(200);
    });
  });

  it("adds none of several faults where one is wrong", async () => {
    await withGateway({ control: true }, async (endpoint) => {
      const wrong = await control(endpoint, "POST /faults", [{ kind: "reset" }, { kind: "reset", rate: 3 }]);
      expect(wrong).toEqual({ status: 400, body: { code: "400", message: expect.stringContaining("rate") } });
      expect((await control(endpoint, "GET /faults")).body).toMatchObject({ faults: [] });
    });
  });

  it("moves a clock that stands: inventory and usage are those of the new time", async () => {
    const clock = () => new Date("2026-03-05T12:00:00Z");
    await withGateway({ control: true, clock }, async (endpoint) => {
      const names = async () =>
        (await getItems(endpoint, "/projects/project-alpha/compute/vms/instances")).map(({ name }) => name);
      const reserved = async () =>
        (
          await getItems(endpoint, "/organizations/org-acme/usage", {
            ...{ projects: "", regions: "", resource_types: "l40s-48gb.2x" },
            ...{ start_date: "2026-03-05", end_date: "2026-03-06" },
          })
        ).map(({ date, quantity }) => [date, quantity]);
      expect(await names()).toEqual(["brief", "gone", "train"]);
      expect(await reserved()).toEqual([["2026-03-05", 12]]);
      expect(await control(endpoint, "POST /advance", { seconds: 6 * 3600 })).toEqual({
        status: 200,
        body: { now: "2026-03-05T18:00:00.000Z", pace: 0 },
      });
      expect(await names()).toEqual(["brief", "train"]);
      expect((await control(endpoint, "POST /advance", { to: "2026-03-06T06:00Z" })).status).toBe(200);
      expect((await control(endpoint, "GET /clock")).body).toEqual({
        now: "2026-03-06T06:00:00.000Z",
        pace: 0,
      });
      expect(await reserved()).toEqual([
        ["2026-03-05", 24],
        ["2026-03-06", 12],
      ]);
    });
  });

  it("moves a clock that runs, which runs on from there", async () => {
    let now = Date.parse("2026-03-05T12:00:00Z");
    const gateway = await start({ control: true, clock: () => new Date(now) });
    await control(gateway.endpoint, "POST /advance", { seconds: 60 });
    now += 5000;
    expect((await control(gateway.endpoint, "GET /clock")).body).toMatchObject({
      now: "2026-03-05T12:01:05.000Z",
    });
    gateway.clock.advance({ to: new Date("2026-03-08T00:00:00Z") });
    expect(gateway.clock.now().toISOString()).toBe("2026-03-08T00:00:00.000Z");
    await gateway.close();
  });

  it("lets the clock run so many times as fast, jump while it runs, and stand again", async () => {
    let machine = Date.parse("2030-01-01T00:00:00Z");
    await withGateway({ control: true, wallClock: () => new Date(machine) }, async (endpoint) => {
      const time = async () => (await control(endpoint, "GET /clock")).body;
      expect(await control(endpoint, "POST /clock", { pace: 3600 })).toEqual({
        status: 200,
        body: { now: "2026-03-10T12:00:00.000Z", pace: 3600 },
      });
      machine += 24_000;
      expect(await time()).toEqual({ now: "2026-03-11T12:00:00.000Z", pace: 3600 });
      await control(endpoint, "POST /advance", { seconds: 1800 });
      machine += 1000;
      expect(await time()).toEqual({ now: "2026-03-11T13:30:00.000Z", pace: 3600 });
      // The machine's own clock is put right, an hour back.
      machine -= 3_600_000;
      expect(await time()).toEqual({ now: "2026-03-11T13:30:00.000Z", pace: 3600 });
      machine += 500;
      expect(await time()).toEqual({ now: "2026-03-11T14:00:00.000Z", pace: 3600 });
      await control(endpoint, "POST /clock", { pace: 0 });
      machine += 1000;
      expect(await time()).toEqual({ now: "2026-03-11T14:00:00.000Z", pace: 0 });
      await control(endpoint, "POST /clock", { pace: 366 * 86_400 });
      machine += 100_000_000;
      expect(await time()).toMatchObject({ now: "9999-12-31T23:59:59.000Z" });
    });
  });

  it("carries a fleet through two years of days in seconds", async () => {
    const clock = () => new Date("2026-03-10T00:00:00Z");
    await withGateway({ control: true, clock }, async (endpoint) => {
      let hours = 0;
      for (let day = 0; day < 730; day++) {
        await control(endpoint, "POST /advance", { seconds: 86_400 });
        const date = new Date(clock().getTime() + day * 86_400_000).toISOString().slice(0, 10);
        const rows = await getItems(endpoint, "/organizations/org-acme/usage", {
          ...{ projects: "", regions: "", resource_types: "c1a.4x" },
          ...{ start_date: date, end_date: date },
        });
        for (const { quantity } of rows) hours += Number(quantity);
      }
      // The three of the fleet, day and night.
      expect(hours).toBe(3 * 24 * 730);
    });
  }, 20_000);

  describe("refuses", () => {
    const gateway = serving({ control: true });
    it.each([
      ["time that runs back", "POST /advance", { to: "2026-03-01" }, 400],
      ["negative seconds", "POST /advance", { seconds: -1 }, 400],
      ["time without end", "POST /advance", { seconds: 1e300 }, 400],
      ["no time", "POST /advance", { to: "tomorrow" }, 400],
      ["both at once", "POST /advance", { seconds: 1, to: "2027-01-01" }, 400],
      ["a time after all calendars", "POST /advance", { seconds: 1e12 }, 400],
      ["a pace that runs back", "POST /clock", { pace: -1 }, 400],
      ["a pace without measure", "POST /clock", { pace: 1e9 }, 400],
      ["a pace in words", "POST /clock", { pace: "fast" }, 400],
      ["a body that is missing", "POST /advance", undefined, 400],
      ["a body that is not JSON", "POST /faults", "{", 400],
      ["a body that is no fault", "POST /faults", "3", 400],
      ["a fault in words that are none", "POST /faults", ["reset,rate"], 400],
      ["a body without measure", "POST /faults", `"${"x".repeat(2_000_000)}"`, 400],
      ["another method", "PUT /faults", {}, 405],
      ["another path", "GET /secrets", undefined, 404],
    ])("%s", async (_, call, body, expected) => {
      const { status, body: answer } = await control(gateway.endpoint, call, body);
      expect([status, answer]).toEqual([expected, { code: String(expected), message: expect.any(String) }]);
      expect((await control(gateway.endpoint, "GET /clock")).body).toEqual({
        now: "2026-03-10T12:00:00.000Z",
        pace: 0,
      });
    });

    it("a page in a browser of this machine, by its origin or by the name that it called", async () => {
      const from = (headers: Record<string, string>) =>
        control(gateway.endpoint, "DELETE /faults", undefined, headers);
      expect((await from({ origin: "http://evil.example" })).status).toBe(403);
      expect((await from({ host: "evil.example:8471" })).status).toBe(403);
      expect((await from({ host: "localhost:8471" })).status).toBe(200);
    });
  });
});
