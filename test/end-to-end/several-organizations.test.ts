import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountsOf } from "../../src/accounts.ts";
import { loadConfig } from "../../src/config.ts";
import { TallyError } from "../../src/errors/tally-error.ts";
import { parseScenario } from "../../src/gateway/scenario/load.ts";
import { type Gateway, startGateway } from "../../src/gateway/server.ts";
import type { IngestOptions } from "../../src/ingest/ingest.ts";
import { run } from "../../src/run.ts";
import { openReadOnly, openWarehouse } from "../../src/warehouse.ts";
import { type Workspace, workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { dumpRaw } from "../ingest/ingest-setup.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const dayMs = 86_400_000;
const firstNight = Date.UTC(2026, 2, 10, 2, 30);
const secretOf = (name: string) =>
  Buffer.from(`the secret key of ${name}`.padEnd(32, "-")).toString("base64url");
const idOf = (digit: number, last: number) => `5d3f1c0e-8a51-4f0b-9c58-3a1c7be0${digit}00${last}`;

/** Each has a project that is called the same, whose one VM runs all day from the 1st of March on. */
const sizes = { acme: 8, bell: 4, coda: 2 } as const;
type Name = keyof typeof sizes;
const names = Object.keys(sizes) as Name[];
const digits: Record<Name, number> = { acme: 1, bell: 2, coda: 3 };

const scenarioOf = (name: Name): string => `
seed: ${name}
now: 2026-03-10T02:30:00Z
history_from: 2026-03-01
organization: { id: ${idOf(digits[name], 0)}, name: ${name} }
access_keys: [{ access_key_id: key-of-${name}, secret_key: ${secretOf(name)} }]
ssh_keys: [{ name: laptop, created: 2025-01-01 }]
tokens: [{ alias: terraform, created: 2025-01-01, expires: 2029-01-01 }]
locations: [us-east1-a]
projects: [{ key: training, id: ${idOf(digits[name], 1)}, name: training }]
vm_types:
  - { product_name: h100-80gb-sxm-ib.${sizes[name]}x, gpu_type: H100, num_gpu: ${sizes[name]}, cpu_cores: 16, memory_gb: 96, description: H100 }
vms:
  - { id: ${idOf(digits[name], 2)}, name: train, project: training, type: h100-80gb-sxm-ib.${sizes[name]}x, location: us-east1-a, created: 2026-03-01, os_disk_gib: 0, runs: [{ from: 2026-03-01 }] }
disks:
  - { id: ${idOf(digits[name], 3)}, name: data, project: training, location: us-east1-a, size_gib: 100, created: 2026-03-01 }
`;

const gateways = new Map<Name, Gateway>();
let clockMs = firstNight;
let underWay = 0;
let mostUnderWay = 0;

/** Each key is found in another way: the environment of Crusoe's own tools, a profile, and variables of a prefix. */
const home = mkdtempSync(join(tmpdir(), "tally-home-"));
const environment = {
  HOME: home,
  CRUSOE_ACCESS_KEY_ID: "key-of-acme",
  CRUSOE_SECRET_KEY: secretOf("acme"),
  CODA_ACCESS_KEY_ID: "key-of-coda",
  CODA_SECRET_KEY: secretOf("coda"),
};
const sources: Record<Name, string> = { acme: "", bell: 'profile = "bell"\n', coda: 'env_prefix = "CODA"\n' };

const tableOf = (name: Name): string => {
  const called = name === "coda" ? `id = "${idOf(digits.coda, 0)}"` : `name = "${name}"`;
  // The profile says itself where its organisation lives.
  const endpoint = name === "bell" ? "" : `endpoint = "${gateways.get(name)?.endpoint}"\n`;
  return `[[organization]]\n${called}\n${endpoint}${sources[name]}`;
};
const settings = "[warehouse]\nthreads = 1\n[status]\nstale_after_hours = 400\n";
/** The least that is written of reports. */
const brief = '[[report]]\nname = "brief"\nfolder = "reports"\npages = ["executive"]\nformats = ["csv"]\n';

beforeAll(async () => {
  for (const name of names) {
    const organization = parseScenario(scenarioOf(name), `${name}.yaml`);
    const { accessKeys } = organization;
    gateways.set(name, await startGateway({ organization, accessKeys, clock: () => new Date(clockMs) }));
  }
  mkdirSync(join(home, ".crusoe"));
  writeFileSync(
    join(home, ".crusoe", "config"),
    `[bell]\naccess_key_id = "key-of-bell"\nsecret_key = "${secretOf("bell")}"\napi_endpoint = "${gateways.get("bell")?.endpoint}"\n`,
  );
});

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
  rmSync(home, { recursive: true, force: true });
});

async function workspaceOf(tallyToml: string): Promise<Workspace> {
  const root = join(temporaryFolder(), "costs");
  await writeWorkspace(root);
  const workspace = workspaceAt(root);
  writeFileSync(workspace.tallyToml, tallyToml);
  writeFileSync(
    workspace.csv.prices,
    "resource_type,unit_price\nh100-80gb-sxm-ib.8x,2.50\nh100-80gb-sxm-ib.4x,2.00\nh100-80gb-sxm-ib.2x,1.50\npersistent-ssd,0.001\n",
  );
  return workspace;
}

async function night(workspace: Workspace, options: IngestOptions = {}) {
  const effects = {
    ...testEffects({ cwd: workspace.root, now: new Date(clockMs).toISOString(), env: environment }),
    fetch: (async (input, init) => {
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      try {
        return await fetch(input, init);
      } finally {
        underWay--;
      }
    }) as typeof fetch,
  };
  const config = loadConfig(effects, workspace.tallyToml);
  const pace = { sleep: async () => undefined, random: () => 0.5 };
  try {
    await run({ effects, workspace, config, accounts: accountsOf(effects, config), pace }, options);
    return { code: 0, message: "", lacks: [] as readonly string[], said: effects.said() };
  } catch (error) {
    if (!(error instanceof TallyError)) throw error;
    const lacks = "lacks" in error ? (error.lacks as readonly string[]) : [];
    return { code: error.exitCode, message: error.message, lacks, said: effects.said() };
  }
}

async function published<T extends object>(workspace: Workspace, sql: string): Promise<T[]> {
  const analytics = await openReadOnly(workspace.analytics, { memoryLimit: "256MB", threads: 1 });
  try {
    return await analytics.all<T>(sql);
  } finally {
    analytics.close();
  }
}

const tables = {
  dim_project: "* exclude (last_seen_at)",
  dim_vm: "*",
  dim_disk: "*",
  fct_usage_daily: "*",
  fct_resource_usage_daily: "*",
  fct_gpu_hours_daily: "*",
  fct_cost_daily: "*",
  fct_usage_coverage: "*",
  fct_inventory: "*",
};

/** Up to which day GPU-hours are known of each organisation, and how many up to then. */
const lastDay = (workspace: Workspace) =>
  published<{ name: string; day: string; hours: string }>(
    workspace,
    `select organization_name as name, max(usage_date)::varchar as day, sum(gpu_hours)::decimal(18, 2)::varchar as hours
     from fct_gpu_hours_daily
     inner join dim_organization using (organization_id)
     where usage_date < date '${new Date(clockMs).toISOString().slice(0, 10)}'
     group by all
     order by all`,
  );

test("three organisations in one workspace come to the same tables as each in one of its own, under one limit of requests", async () => {
  clockMs = firstNight;
  const together = await workspaceOf(
    `${settings}${brief}[api]\nmax_in_flight = 4\n${names.map(tableOf).join("")}`,
  );
  mostUnderWay = 0;
  expect(await night(together)).toMatchObject({ code: 0, message: "" });
  // As many as may be, of all three together, and no more.
  expect(mostUnderWay).toBe(4);
  const alone = `${settings}${brief}[api]\nendpoint = "${gateways.get("acme")?.endpoint}"\n`;
  const apart = await Promise.all(
    names.map((name) => workspaceOf(name === "acme" ? alone : `${settings}${brief}${tableOf(name)}`)),
  );
  for (const workspace of apart) expect(await night(workspace)).toMatchObject({ code: 0 });
  for (const [table, columns] of Object.entries(tables)) {
    const sql = `select ${columns} from ${table} order by all`;
    const expected = (await Promise.all(apart.map((workspace) => published(workspace, sql)))).flat();
    const text = (row: object) => JSON.stringify(row);
    const rows = await published(together, sql);
    expect(rows.length, table).toBeGreaterThan(0);
    expect(rows.map(text).sort(), table).toEqual(expected.map(text).sort());
  }
  // What is of everything is of all of them: nine days of 8, 4 and 2 GPUs.
  expect(
    await published(
      together,
      "select sum(gpu_hours)::decimal(18, 2)::varchar as hours from fct_gpu_hours_trend where scope = 'all' and usage_date < '2026-03-10'",
    ),
  ).toEqual([{ hours: `${9 * 24 * 14}.00` }]);
  // Each user has a key and a token of the same name and age: they are three, and tokens are told apart.
  const findings = await published<{ kind: string; count: number; ids: number }>(
    together,
    `select resource_kind as kind, count(*)::integer as count, count(distinct resource_id)::integer as ids
     from fct_idle_findings where resource_kind in ('ssh_key', 'token') group by all order by all`,
  );
  const three = [
    { kind: "ssh_key", count: 3, ids: 3 },
    { kind: "token", count: 3, ids: 3 },
  ];
  expect(findings).toEqual(three);

  // A workspace that has read one becomes one of several, and a replay comes to the same.
  const [grown] = apart;
  if (!grown) throw new Error("There is no such workspace.");
  writeFileSync(grown.tallyToml, `${settings}${brief}${names.map(tableOf).join("")}`);
  clockMs = firstNight + dayMs;
  expect(await night(grown)).toMatchObject({ code: 0 });
  expect((await lastDay(grown)).map(({ hours }) => hours)).toEqual(["1920.00", "960.00", "480.00"]);
  expect(
    await published(
      grown,
      "select organization_name as name, is_current, read_status from dim_organization order by all",
    ),
  ).toEqual(names.map((name) => ({ name, is_current: true, read_status: "complete" })));
  const rawOf = async () => {
    const warehouse = await openWarehouse(grown.warehouse, { memoryLimit: "256MB", threads: 1 });
    const dump = await dumpRaw((sql) => warehouse.all(sql));
    warehouse.close();
    return dump;
  };
  const raw = await rawOf();
  expect(raw.ssh_keys).toHaveLength(4);
  expect(
    raw.ssh_keys?.filter((row) => (row as { _valid_to: string | null })._valid_to === null),
  ).toHaveLength(3);
  const replayed = await tally(["ingest", "--replay", "--workspace", grown.root], environment);
  expect(replayed.code, replayed.stderr).toBe(0);
  expect(await rawOf()).toEqual(raw);
}, 300_000);

test("an organisation that fails, each in its way, takes nothing from the others, keeps what it had, and is named wherever data are", async () => {
  clockMs = firstNight;
  const lost = '[[organization]]\nname = "dune"\nenv_prefix = "DUNE"\n';
  const reports =
    '[[report]]\nname = "all"\nfolder = "reports"\npages = ["monthly"]\nformats = ["html", "csv"]\n[[report]]\nname = "acme"\norganizations = ["acme"]\npages = ["monthly"]\nformats = ["html", "csv"]\n';
  const workspace = await workspaceOf(`${settings}${brief}${names.map(tableOf).join("")}`);
  expect(await night(workspace)).toMatchObject({ code: 0 });
  const [bell, coda] = [gateways.get("bell"), gateways.get("coda")];
  if (!bell || !coda) throw new Error("The gateways are not there.");

  // One refuses the key, one answers nothing but 5xx, and of a new one no key is set.
  writeFileSync(workspace.tallyToml, `${settings}${reports}${names.map(tableOf).join("")}${lost}`);
  clockMs = firstNight + 2 * dayMs;
  bell.faults.add({ kind: "unauthorized" });
  coda.faults.add({ kind: "server-error", status: 503 });
  const second = await night(workspace);
  expect(second).toMatchObject({
    code: 3,
    lacks: ["organizations of bell", `organizations of ${idOf(3, 0)}`, "organizations of dune"].sort(),
  });
  expect(second.said).toContain("bell: GET /v1alpha5/organizations/entities answered 401");
  expect(second.said).toContain(`${idOf(3, 0)}: GET /v1alpha5/organizations/entities answered 503`);
  expect(second.said).toContain(
    "dune: No Crusoe credential was found in the environment, as DUNE_ACCESS_KEY_ID",
  );
  expect(second.said).not.toContain(secretOf("bell"));
  expect(await lastDay(workspace)).toEqual([
    { name: "acme", day: "2026-03-11", hours: `${11 * 24 * 8}.00` },
    { name: "bell", day: "2026-03-10", hours: `${(9 * 24 + 2.5) * 4}.00` },
    { name: "coda", day: "2026-03-10", hours: `${(9 * 24 + 2.5) * 2}.00` },
  ]);
  // What could not be asked for is not gone.
  expect(
    await published(
      workspace,
      "select count(*)::integer as vms, count(*) filter (is_current)::integer as current_vms, (select count(*)::integer from dim_disk where is_current) as disks from dim_vm",
    ),
  ).toEqual([{ vms: 3, current_vms: 3, disks: 3 }]);
  expect(
    await published(
      workspace,
      "select coalesce(organization_name, organization_id) as name, read_status as status, message is null as is_fine from dim_organization order by 1",
    ),
  ).toEqual([
    { name: "acme", status: "complete", is_fine: true },
    { name: "bell", status: "failed", is_fine: false },
    { name: "coda", status: "failed", is_fine: false },
    { name: "dune", status: "failed", is_fine: false },
  ]);
  expect(
    await published(
      workspace,
      `select organization_name as name, usage_date::varchar as day, status
       from fct_usage_coverage inner join dim_organization using (organization_id)
       where stream = 'usage' and usage_date between '2026-03-09' and '2026-03-11' order by all`,
    ),
  ).toEqual([
    { name: "acme", day: "2026-03-09", status: "complete" },
    { name: "acme", day: "2026-03-10", status: "complete" },
    { name: "acme", day: "2026-03-11", status: "complete" },
    { name: "bell", day: "2026-03-09", status: "complete" },
    { name: "bell", day: "2026-03-10", status: "partial" },
    { name: "bell", day: "2026-03-11", status: "failed" },
    { name: "coda", day: "2026-03-09", status: "complete" },
    { name: "coda", day: "2026-03-10", status: "partial" },
    { name: "coda", day: "2026-03-11", status: "failed" },
  ]);
  // Findings of what was not read again stay as they were.
  expect(
    await published(
      workspace,
      "select count(*)::integer as open from fct_idle_findings where rule_id = 'unattached_disk' and status = 'open'",
    ),
  ).toEqual([{ open: 3 }]);
  const at = { TALLY_NOW: new Date(clockMs).toISOString() };
  const status = await tally(["status", "--workspace", workspace.root], at);
  expect(status.stdout).toContain("acme: read 2026-03-12T02:30:00.000Z, 11 of 11 project-days in full\n");
  expect(status.stdout).toMatch(
    /bell: read 2026-03-10T.*, 9 of 11 project-days in full; the last attempt failed: .*401/,
  );
  expect(status.stdout).toMatch(/dune: never read, 0 of 0 project-days in full; .*DUNE_ACCESS_KEY_ID/);
  const rendered = await tally(["report", "--month", "2026-03", "--workspace", workspace.root], at);
  expect(rendered.code, rendered.stderr).toBe(0);
  const file = (...path: string[]) => readFileSync(join(workspace.reports, ...path), "utf8");
  // 2.50, 2.00 and 1.50 for a GPU-hour, and 0.1 an hour for each disk.
  const costs = [
    `${idOf(1, 0)},acme,USD,5356.65,,,2132.00,0.00,0.00`,
    `${idOf(2, 0)},bell,USD,1769.85,,,874.00,0.00,0.00`,
    `${idOf(3, 0)},coda,USD,677.35,,,437.00,0.00,0.00`,
  ];
  expect(file("2026-03", "cost-by-organization.csv").trim().split(/\r?\n/).slice(1)).toEqual(costs);
  expect(file("acme", "2026-03", "cost-by-organization.csv").trim().split(/\r?\n/).slice(1)).toEqual(
    costs.slice(0, 1),
  );
  expect(file("acme", "2026-03", "coverage.csv")).not.toMatch(/bell|coda|dune/);
  expect(file("2026-03", "index.html")).toContain("Nothing was read of dune.");
  expect(file("2026-03", "index.html")).toContain("Cost by organisation");
  const coverage = file("2026-03", "coverage.csv");
  expect(coverage).toMatch(/^usage,,,failed,2026-03-01,2026-03-11,11,,.*DUNE_ACCESS_KEY_ID.*,dune,dune\r?$/m);

  // One comes back, and the other's server is gone; one may be asked for alone.
  coda.faults.clear();
  clockMs += dayMs;
  expect(await night(workspace, { organizations: ["coda"] })).toMatchObject({ code: 0 });
  expect(await night(workspace, { organizations: ["eden"] })).toMatchObject({ code: 2 });
  await bell.close();
  expect(await night(workspace)).toMatchObject({
    code: 3,
    lacks: ["organizations of bell", "organizations of dune"],
  });
  expect(await lastDay(workspace)).toEqual([
    { name: "acme", day: "2026-03-12", hours: `${12 * 24 * 8}.00` },
    { name: "bell", day: "2026-03-10", hours: `${(9 * 24 + 2.5) * 4}.00` },
    { name: "coda", day: "2026-03-12", hours: `${12 * 24 * 2}.00` },
  ]);

  // What is named no more is missed no more: one that never was there is forgotten, one that was stays with what it had.
  writeFileSync(workspace.tallyToml, `${settings}${brief}${tableOf("acme")}${tableOf("coda")}`);
  expect(await night(workspace)).toMatchObject({ code: 0, message: "" });
  expect(
    await published(
      workspace,
      `select organization_name as name, is_current, read_status as status, message,
         (select count(*)::integer from fct_usage_coverage as days
          where days.organization_id = dim_organization.organization_id and days.status = 'failed') as failed_days
       from dim_organization order by 1`,
    ),
  ).toEqual([
    { name: "acme", is_current: true, status: "complete", message: null, failed_days: 0 },
    { name: "bell", is_current: false, status: "complete", message: null, failed_days: 0 },
    { name: "coda", is_current: true, status: "complete", message: null, failed_days: 0 },
  ]);

  // Where none can be read there is nothing to publish, and what was published stays.
  writeFileSync(workspace.tallyToml, `${settings}${brief}${tableOf("bell")}${lost}`);
  const last = await night(workspace);
  expect(last.code).toBe(1);
  expect(last.message).toContain("can't be reached");
  expect((await lastDay(workspace)).length).toBe(3);
}, 300_000);
