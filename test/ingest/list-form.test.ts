import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Account, type ContractServer, startContractServer, type UsageRow } from "./contract-server.ts";
import { type Setup, setUp } from "./ingest-setup.ts";

const row = (project: string, date: string, type: string, quantity: string): UsageRow => ({
  ...{ project, date, type, quantity, region: "us-east1", metric: "gpu-hours" },
  ...{ resource: `${project}-${type}`, resourceName: "a vm" },
});

const account: Account = {
  organizations: [{ id: "org-1", name: "acme" }],
  projects: [
    { id: "p-1", name: "one", organization: "org-1" },
    { id: "p-2", name: "two", organization: "org-1" },
  ],
  usage: [
    row("p-1", "2026-10-02", "h100.8x", "8"),
    row("p-1", "2026-10-02", "a100.4x", "4.5"),
    row("p-2", "2026-10-02", "h100.8x", "16"),
    row("p-2", "2026-11-02", "a100.4x", "32"),
  ],
  options: { start: "2026-10-01", end: "2026-11-03" },
  vmTypes: [],
  vms: {},
  disks: {},
  snapshots: {},
  reservations: null,
};

let server: ContractServer;
let setup: Setup;

afterEach(async () => {
  await setup.close();
  await server.close();
});

describe.each(["joined", "repeated"] as const)(
  "a server that understands lists only when they are %s",
  (lists) => {
    beforeEach(async () => {
      server = await startContractServer(account, { lists });
      setup = await setUp({ endpoint: server.endpoint, now: "2026-11-04T06:00:00Z" });
    });

    test.each(["usage", "resource_usage"])("gives all of its %s", async (table) => {
      const { failures } = await setup.run();
      expect(failures).toEqual([]);
      expect(
        await setup.all(`select sum(quantity)::double as total, count(*)::integer as n from raw.${table}`),
      ).toEqual([{ total: 60.5, n: 4 }]);
    });

    test("is asked in its own form once that is known", async () => {
      await setup.run();
      const asked = server.seen.filter(({ path }) => path === "/organizations/org-1/usage");
      // Two windows; only the first request may be in the form that finds nothing.
      expect(asked).toHaveLength(lists === "joined" ? 2 : 3);
      expect(asked.at(-1)?.query.getAll("projects")).toHaveLength(lists === "joined" ? 1 : 2);
    });

    test("is asked in it from the first request on in later runs, and in the other once it reads that", async () => {
      await setup.run();
      await setup.replay();
      const askedOn = async (night: string) => {
        server.seen.length = 0;
        setup.at(`${night}T06:00:00Z`);
        expect((await setup.run()).failures).toEqual([]);
        return server.seen.flatMap(({ path, query }) =>
          path === "/organizations/org-1/usage" ? [query.getAll("projects").length] : [],
        );
      };
      const [own, other] = lists === "joined" ? [1, 2] : [2, 1];
      expect(await askedOn("2026-11-05")).toEqual([own, own]);

      server.quirks.lists = lists === "joined" ? "repeated" : "joined";
      expect(await askedOn("2026-11-06")).toEqual([own, other, other]);
      expect(await askedOn("2026-11-07")).toEqual([other, other]);
      expect(await setup.all("select count(*)::int as rows from raw.usage")).toEqual([{ rows: 4 }]);
    });
  },
);

test("a server that refuses a list that is joined is asked with its keys repeated", async () => {
  server = await startContractServer(account, { lists: "repeated" });
  server.fault = ({ query }) => (query.get("projects")?.includes(",") ? { status: 400 } : undefined);
  setup = await setUp({ endpoint: server.endpoint, now: "2026-11-04T06:00:00Z" });
  expect((await setup.run()).failures).toEqual([]);
  expect(await setup.all("select sum(quantity)::double as total from raw.usage")).toEqual([{ total: 60.5 }]);
});

test("a server that refuses both forms is quoted on the first", async () => {
  server = await startContractServer(account);
  server.fault = ({ path, query }) =>
    path.endsWith("/usage") ? { status: query.get("projects")?.includes(",") ? 400 : 403 } : undefined;
  setup = await setUp({ endpoint: server.endpoint, now: "2026-11-04T06:00:00Z" });
  const { failures } = await setup.run();
  expect(failures.length).toBeGreaterThan(0);
  for (const { message } of failures) expect(message).toContain("400");
});

test.each([503, 401])(
  "a server that answers the other form with %d leaves what is known, until it gives word",
  async (status) => {
    server = await startContractServer(account);
    setup = await setUp({ endpoint: server.endpoint, now: "2026-11-04T06:00:00Z" });
    expect((await setup.run()).failures).toEqual([]);
    const known = () =>
      setup.all(
        `select count(*)::int as rows, sum(quantity)::double as total
         from raw.usage
         where _known_to is null`,
      );

    // From now on it reads lists in the other form, but that night it can't.
    server.quirks.lists = "repeated";
    server.fault = ({ path, query }) =>
      path.endsWith("/usage") && query.getAll("projects").length > 1 ? { status } : undefined;
    setup.at("2026-11-05T06:00:00Z");
    const { failures } = await setup.run();
    expect(new Set(failures.map(({ stream }) => stream))).toEqual(new Set(["usage"]));
    for (const { message } of failures) expect(message).toContain(`answered ${status}`);
    expect(await known()).toEqual([{ rows: 4, total: 60.5 }]);

    server.fault = () => undefined;
    setup.at("2026-11-06T06:00:00Z");
    expect((await setup.run()).failures).toEqual([]);
    expect(await known()).toEqual([{ rows: 4, total: 60.5 }]);
    expect(await setup.all("select count(*)::int as rows from raw.usage")).toEqual([{ rows: 4 }]);
  },
);

describe.each([400, 403, 404])("a project whose usage is refused with %d", (status) => {
  beforeEach(async () => {
    server = await startContractServer(
      { ...account, projects: [...account.projects, { id: "p-3", name: "three", organization: "org-1" }] },
      { lists: "joined" },
    );
    setup = await setUp({ endpoint: server.endpoint, now: "2026-11-04T06:00:00Z" });
    expect((await setup.run()).failures).toEqual([]);
    // A request for it is refused as a whole; a list with its keys repeated finds nothing here, and is no refusal.
    server.fault = ({ path, query }) =>
      path.includes("/usage") && query.getAll("projects").join(",").split(",").at(0) === "p-1"
        ? query.getAll("projects").length > 1
          ? undefined
          : { status }
        : undefined;
  });

  test("takes nobody else's with it, and leaves what was known of it", async () => {
    const late = row("p-2", "2026-11-03", "h100.8x", "2");
    server.account.usage = [...server.account.usage, late];
    setup.at("2026-11-05T06:00:00Z");
    const { failures } = await setup.run();
    for (const table of ["usage", "resource_usage"]) {
      expect(
        await setup.all(
          `select project_id, sum(quantity)::double as total
           from raw.${table}
           where _known_to is null
           group by all
           order by all`,
        ),
      ).toEqual([
        { project_id: "p-1", total: 12.5 },
        { project_id: "p-2", total: 50 },
      ]);
    }
    expect(new Set(failures.map(({ stream }) => stream))).toEqual(new Set(["resource_usage", "usage"]));
    for (const { message } of failures)
      expect(message).toMatch(new RegExp(`${status}.*for project p-1 alone`));
    expect(
      await setup.all(
        `select distinct project_id, status
         from raw.read_windows
         where stream = 'usage' and attempted_at = '2026-11-05 06:00:00'
         order by all`,
      ),
    ).toEqual([
      { project_id: "p-1", status: "failed" },
      { project_id: "p-2", status: "complete" },
      { project_id: "p-3", status: "complete" },
    ]);
  });
});

test("a stream that is refused for every project is not asked for each of them", async () => {
  const projects = Array.from({ length: 40 }, (_, index) => `p-${100 + index}`);
  server = await startContractServer({
    ...account,
    projects: projects.map((id) => ({ id, name: id, organization: "org-1" })),
    options: { start: "2026-11-01", end: "2026-11-03", projects },
  });
  server.fault = ({ path }) => (path.endsWith("/usage") ? { status: 403 } : undefined);
  setup = await setUp({ endpoint: server.endpoint, now: "2026-11-04T06:00:00Z" });
  const { failures } = await setup.run();
  expect(failures.map(({ stream }) => stream)).toEqual(["usage"]);
  // One for all, five down to a single project, and two single ones more on the way up.
  expect(server.seen.filter(({ path }) => path.endsWith("/usage")).length).toBeLessThan(20);
});
