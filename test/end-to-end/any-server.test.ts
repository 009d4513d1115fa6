import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type Account,
  accessKeyId,
  type ContractServer,
  type Quirks,
  secretKey,
  startContractServer,
  type UsageRow,
} from "../ingest/contract-server.ts";
import { type Ended, tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const organizationId = "0b1e0000-0000-4000-8000-000000000001";
const hostileNames = [
  "=cmd|' /C calc'!A0",
  "<script>alert(1)</script>",
  'a "quoted"\nname',
  "\u202egnp.exe",
  "東京 🚀",
];

/** An account with usage on each of `days` days before 2026-11-04, its figures from a small generator of its own. */
function accountOf({ projects, days }: { projects: number; days: number }): Account {
  let state = projects * 1000 + days;
  const roll = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const usage: UsageRow[] = [];
  for (let day = 0; day < days; day++) {
    const date = new Date(Date.UTC(2026, 10, 3 - day)).toISOString().slice(0, 10);
    for (let project = 0; project < projects; project++) {
      for (const [type, metric] of [
        ["h100-80gb-sxm-ib.8x", "GPU_HOURS"],
        ["a40.2x", "instance-hours"],
        ["persistent-ssd", "GiB-hours"],
      ] as const) {
        if (roll(4) === 0) continue;
        const quantity = `${roll(5000)}.${String(roll(1_000_000)).padStart(6, "0")}`;
        const region = roll(2) ? "us-east1" : "eu-iceland1";
        const reservation = roll(3) ? {} : { reservation: "res-1" };
        usage.push({
          ...{ project: `p-${project}`, date, region, type, metric, quantity, ...reservation },
          ...{ resource: `r-${project}-${type}`, resourceName: hostileNames[project] ?? `vm ${project}` },
        });
      }
    }
  }
  const oldest = new Date(Date.UTC(2026, 10, 4 - days)).toISOString().slice(0, 10);
  return {
    organizations: [{ id: organizationId, name: "acme" }],
    projects: Array.from({ length: projects }, (_, i) => {
      const name = hostileNames[i];
      return { id: `p-${i}`, organization: organizationId, ...(name !== undefined && { name }) };
    }),
    usage,
    options: { start: oldest, end: "2026-11-03" },
    vmTypes: [{ product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 }],
    vms: {},
    disks: {},
    snapshots: {},
    reservations: null,
  };
}

async function serve(account: Account, quirks: Quirks = {}): Promise<ContractServer> {
  const server = await startContractServer(account, quirks);
  onTestFinished(() => server.close());
  return server;
}

const environment = (server: ContractServer) => ({
  CRUSOE_API_ENDPOINT: server.endpoint,
  CRUSOE_ACCESS_KEY_ID: accessKeyId,
  CRUSOE_SECRET_KEY: secretKey,
  TALLY_NOW: "2026-11-04T06:00:00Z",
});

/** A workspace as `tally init` leaves it, but for threads, which gain nothing on a few rows. */
async function initOnly(): Promise<string> {
  const root = join(temporaryFolder(), "W");
  expect((await tally(["init", root])).code).toBe(0);
  const settings = join(root, "tally.toml");
  const written = readFileSync(settings, "utf8");
  const small = written.replace("\n[warehouse]\n", "\n[warehouse]\nthreads = 1\n");
  expect(small).not.toBe(written);
  writeFileSync(settings, small);
  return root;
}

async function initAndRun(server: ContractServer): Promise<{ root: string; ran: Ended }> {
  const root = await initOnly();
  return { root, ran: await tally(["run", "--workspace", root], environment(server)) };
}

async function rows<T>(root: string, query: string): Promise<T[]> {
  const { code, stdout, stderr } = await tally(["sql", "--workspace", root, "--format", "json", query]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T[];
}

type Total = { usage_date: string; project_id: string; resource_type: string; total: string };

/** The server's own sums, in millionths by BigInt: no figure of tally's is asked. */
function serverTotals(usage: readonly UsageRow[]): Total[] {
  const sums = new Map<string, bigint>();
  for (const row of usage) {
    const key = [row.date, row.project, row.type].join("|");
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(row.quantity.replace(".", "")));
  }
  return [...sums].sort().map(([key, millionths]) => {
    const [usage_date = "", project_id = "", resource_type = ""] = key.split("|");
    const digits = String(millionths).padStart(7, "0");
    return { usage_date, project_id, resource_type, total: `${digits.slice(0, -6)}.${digits.slice(-6)}` };
  });
}

async function publishedTotals(root: string, table: string): Promise<Total[]> {
  const totals = await rows<Total>(
    root,
    `select usage_date, project_id, resource_type, sum(quantity)::decimal(38, 6)::varchar as total from ${table} group by all`,
  );
  const key = (row: Total) => [row.usage_date, row.project_id, row.resource_type].join("|");
  return totals.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

describe("on any server that speaks the contract, `tally init W && tally run --workspace W`", () => {
  it.each<[string, number, number, Quirks]>([
    ["that answers as the reference does", 3, 40, {}],
    [
      "that ends its days exclusively and quotes its values",
      5,
      70,
      { endDate: "exclusive", hasQuotes: true },
    ],
    [
      "that writes times, text numbers, and pages its usage",
      2,
      33,
      { hasTimes: true, hasTextNumbers: true, usagePage: 7 },
    ],
    ["with two hundred projects", 200, 3, { endDate: "inclusive" }],
  ])(
    "publishes exactly the usage of a server %s",
    { timeout: 120_000 },
    async (_what, projects, days, quirks) => {
      const account = accountOf({ projects, days });
      const { root, ran } = await initAndRun(await serve(account, quirks));
      expect(ran.code, ran.stderr).toBe(0);
      expect(await publishedTotals(root, "fct_usage_daily")).toEqual(serverTotals(account.usage));
      expect(await publishedTotals(root, "fct_resource_usage_daily")).toEqual(serverTotals(account.usage));
      expect(readFileSync(ran.stdout.trimEnd(), "utf8")).toContain("</html>");
    },
  );

  it("knows GPU-hours by the metric, or a type no longer listed by its name; prices by the user's own list, and nothing else", async () => {
    const account = accountOf({ projects: 1, days: 1 });
    const row = { project: "p-0", date: "2026-11-03", region: "us-east1" };
    account.usage = [
      { ...row, type: "h100-80gb-sxm-ib.8x", metric: "gpu hours", quantity: "10.333333" },
      { ...row, type: "a40.2x", metric: "Instance-Hours", quantity: "3.25" },
      { ...row, type: "c1a.8x", metric: "instance-hours", quantity: "24" },
    ];
    const server = await serve(account);
    const root = await initOnly();
    writeFileSync(
      join(root, "prices.csv"),
      "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to\nh100-80gb-sxm-ib.8x,GPU_HOURS,,,,3.60,,,\n",
    );
    const ran = await tally(["run", "--workspace", root], environment(server));
    expect(ran.code, ran.stderr).toBe(0);
    expect(
      await rows(
        root,
        "select resource_type, gpu_type, gpu_hours::decimal(9, 6)::varchar as h from fct_gpu_hours_daily order by all",
      ),
    ).toEqual([
      { resource_type: "a40.2x", gpu_type: "A40", h: "6.500000" },
      { resource_type: "h100-80gb-sxm-ib.8x", gpu_type: "H100", h: "10.333333" },
    ]);
    expect(
      await rows(
        root,
        "select resource_type, cost::varchar as cost, price_source from fct_cost_daily order by all",
      ),
    ).toEqual([
      { resource_type: "a40.2x", cost: null, price_source: null },
      { resource_type: "c1a.8x", cost: null, price_source: null },
      { resource_type: "h100-80gb-sxm-ib.8x", cost: "37.1999988000", price_source: "prices.csv:2" },
    ]);
  });

  it("writes a report for an organisation that has nothing yet", async () => {
    const account = { ...accountOf({ projects: 0, days: 0 }), options: { start: "", end: "" } };
    const { ran } = await initAndRun(await serve(account));
    expect(ran.code, ran.stderr).toBe(0);
    expect(readFileSync(ran.stdout.trimEnd(), "utf8")).toContain("no usage");
  });

  it("changes nothing when it is run again, but for what the server restated", async () => {
    const account = accountOf({ projects: 2, days: 10 });
    const server = await serve(account);
    const { root } = await initAndRun(server);
    expect((await tally(["run", "--workspace", root], environment(server))).code).toBe(0);
    expect(await rows(root, "select max(revision)::integer as most from fct_usage_revisions")).toEqual([
      { most: 1 },
    ]);
    const restated = account.usage.find((row) => row.date === "2026-11-02");
    if (!restated) throw new Error("The account has no usage on that day.");
    restated.quantity = "1.500000";
    const later = { ...environment(server), TALLY_NOW: "2026-11-05T06:00:00Z" };
    expect((await tally(["run", "--workspace", root], later)).code).toBe(0);
    expect(await publishedTotals(root, "fct_usage_daily")).toEqual(serverTotals(account.usage));
    expect(
      await rows(
        root,
        "select usage_date, revision::integer as revision from fct_usage_revisions where revision > 1",
      ),
    ).toEqual([{ usage_date: "2026-11-02", revision: 2 }]);
  });

  it("says in one line that a key is refused, and nothing of the key", async () => {
    const server = await serve(accountOf({ projects: 1, days: 1 }));
    const root = join(temporaryFolder(), "W");
    await tally(["init", root]);
    const wrong = Buffer.from("another secret key, and a wrong one").toString("base64url");
    const { code, stdout, stderr } = await tally(["run", "--workspace", root], {
      ...environment(server),
      CRUSOE_SECRET_KEY: wrong,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("401");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toContain(wrong);
  });

  it("keeps what it could read where one stream fails for good, exits 3, and says on the page what is missing", async () => {
    const account = accountOf({ projects: 2, days: 10 });
    const server = await serve(account);
    server.fault = ({ path }) => (path.endsWith("/usage/export") ? { status: 400 } : undefined);
    const { root, ran } = await initAndRun(server);
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.stderr).toContain("resource_usage");
    expect(await publishedTotals(root, "fct_usage_daily")).toEqual(serverTotals(account.usage));
    expect(
      await rows(root, "select distinct status from fct_usage_coverage where stream = 'resource_usage'"),
    ).toEqual([{ status: "failed" }]);
  });
});
