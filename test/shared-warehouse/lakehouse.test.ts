import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { Gateway } from "../../src/gateway/server.ts";
import { build } from "../../src/models/build.ts";
import type { PublishedContext } from "../../src/open-published.ts";
import { withSandbox } from "../../src/query/sandbox.ts";
import { serve } from "../../src/serve/serve.ts";
import { attachToRead } from "../../src/shared-warehouse/attach.ts";
import { copyToSharedWarehouse } from "../../src/shared-warehouse/commit.ts";
import { restore } from "../../src/shared-warehouse/restore.ts";
import type { WarehouseTarget } from "../../src/shared-warehouse/target.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { gatewayEnvironment } from "../exports/gateway-environment.ts";
import { changePublished } from "../exports/published-by.ts";
import { acme, start } from "../gateway/acme.ts";
import { noExtensions } from "../services/extensions.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../services/postgres.ts";
import { tally } from "../tally-process.ts";
import { differences, filesIn, keptFolder } from "./comparing.ts";

// The catalog is in PostgreSQL where that can be had here, and in a file of DuckDB where it can't.
const hasPostgres = noPostgres() === undefined && noExtensions("postgres_scanner") === undefined;

const nextNight = "2026-03-12T12:00:00Z";
let clock = new Date("2026-03-10T12:00:00Z");

let gateway: Gateway | undefined;
let postgres: PostgresServer | undefined;
let env: Record<string, string>;
const folder = keptFolder();
const root = join(folder, "acme");
const reader = join(folder, "analyst");

/** A folder with nothing but the settings, as another machine has it. */
function machine(name: string, more = "", formats = '"csv"'): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const warehouse = `[warehouse]\nthreads = 1\ntarget_env = "LAKE"\ndata_path = "${folder}/data"\n`;
  writeFileSync(join(path, "tally.toml"), `[reports]\nformats = [${formats}]\n${warehouse}${more}`);
  return path;
}

const ownModel = `/*
description: A table of one's own.
grain: [project_id]
columns:
  project_id: The project.
*/
select distinct project_id from dim_project
`;

const both = '"html", "csv"';

/** Who reads has no key of the API. */
const withoutKey = { CRUSOE_ACCESS_KEY_ID: "", CRUSOE_SECRET_KEY: "" };

async function done(args: readonly string[], more: Record<string, string> = {}) {
  const ended = await tally(args, { ...env, ...more });
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

function contextOf(path: string): PublishedContext & { effects: ReturnType<typeof testEffects> } {
  const effects = testEffects({ env, now: env.TALLY_NOW ?? "" });
  return { effects, workspace: workspaceAt(path), config: loadConfig(effects, join(path, "tally.toml")) };
}

function targetOf({ config }: Pick<PublishedContext, "config">): WarehouseTarget {
  if (!config.target) throw new Error("tally.toml names no target");
  return config.target;
}

const files = (path: string, kind: string) => filesIn(join(path, kind));

describe.skipIf(noExtensions("ducklake") !== undefined)("a lakehouse that runs commit to", () => {
  beforeAll(async () => {
    if (hasPostgres) postgres = await startPostgres();
    gateway = await start({ organization: acme(), clock: () => clock });
    const lake = postgres ? `postgres:${postgres.urlWithPassword}` : join(folder, "lake.ducklake");
    env = { ...gatewayEnvironment(gateway.endpoint), LAKE: `ducklake:${lake}` };
    await writeWorkspace(machine("acme", "", both));
    appendFileSync(join(root, "prices.csv"), "h100-80gb-sxm-ib.8x,,,,,3.5,USD,2026-01-01,\n");
    mkdirSync(join(root, "sql", "marts"), { recursive: true });
    writeFileSync(join(root, "sql", "marts", "fct_own.sql"), ownModel);
    const { stderr } = await done(["run", "--workspace", root, "--verbose"]);
    expect(stderr).toContain("copy_target: done");
    await done(["export", "--focus", "1.2", "--workspace", root]);
    machine("analyst", "", both);
  }, 180_000);
  afterAll(async () => {
    await gateway?.close();
    await postgres?.close();
  });

  it("gives a machine that has its address alone what the writer's has, byte for byte", async () => {
    const ask = (...args: string[]) => done([...args, "--shared", "--workspace", reader], withoutKey);
    await ask("report");
    await ask("export", "--focus", "1.2");
    for (const kind of ["reports", "exports"]) {
      expect(files(reader, kind).length).toBeGreaterThan(2);
      expect(files(reader, kind)).toEqual(files(root, kind));
      for (const file of files(root, kind)) {
        const read = (path: string) => readFileSync(join(path, kind, file), "utf8");
        expect(read(reader), file).toBe(read(root));
      }
    }
    expect(readdirSync(reader).sort()).toEqual(["exports", "reports", "tally.toml"]);

    const status = JSON.parse((await ask("status", "--json")).stdout);
    expect(status).toMatchObject({ is_stale: false, shared: { workspace: "acme" }, last_run: null });
    const query = ["sql", "@top-spenders", "--param", "month=2026-03-01", "--format", "csv"];
    const own = await done([...query, "--workspace", root]);
    expect((await ask(...query)).stdout).toBe(own.stdout);
    expect(own.stdout).toMatch(/\n.*\d/);

    // As it was a while after the commit: beside the reports of now, whatever was committed since.
    const at = new Date().toISOString();
    const then = await ask("report", "--at", at, "--format", "csv", "--week", "2026-W10");
    expect(then.stdout).toContain(`@${at.replaceAll(":", "")}`);
    const later = (
      await tally(["status", "--shared", "--at", "2999-01-01T00:00:00Z", "--workspace", reader], env)
    ).stderr;
    expect(later).toContain("is yet to come");
    const doctor = await tally(["doctor", "--workspace", root], env);
    expect(doctor.stdout).toContain("can be read, and has acme; this workspace is called acme there.");
  }, 120_000);

  it("lets a query reach nothing but its tables", async () => {
    const context = { ...contextOf(reader), shared: { isOfAll: true } };
    const refused: [string, RegExp][] = [
      ["from read_csv('/etc/passwd')", /read_csv\(\) can't be called/],
      ["from '/etc/passwd'", /does not exist/],
      ["select * from (with t as (from glob('/etc/*')) from t)", /glob\(\) can't be called/],
      ["from query('from dim_vm')", /query\(\) can't be called/],
      ["from __ducklake_metadata_shared.ducklake_snapshot", /catalog of a shared warehouse can't/],
      [`copy (select 1) to '${folder}/data/x'`, /only a SELECT/],
      ["delete from dim_vm", /only a SELECT/],
      ["set threads = 1", /only a SELECT/],
    ];
    for (const shared of [{ isOfAll: true }, { of: "acme" }]) {
      await withSandbox({ ...context, shared }, {}, async (sandbox) => {
        for (const [sql, why] of refused) {
          await expect(
            sandbox.query(sql, {}, async () => undefined),
            sql,
          ).rejects.toThrow(why);
        }
        const [row] = await sandbox.all<{ n: number }>(
          "select count(*)::integer as n from fct_gpu_hours_daily",
        );
        expect(row?.n).toBeGreaterThan(5);
      });
    }
  });

  it("has raw tables on which the models run unchanged", async () => {
    const { effects, workspace, config } = contextOf(machine("elsewhere"));
    const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
    try {
      await attachToRead(warehouse, { effects, workspace }, targetOf({ config }));
      const raw = await warehouse.all<{ name: string }>(
        "select distinct table_name as name from duckdb_columns() where database_name = 'shared' and schema_name = 'raw'",
      );
      expect(raw.length).toBeGreaterThan(20);
      await warehouse.run("create schema raw");
      for (const { name } of raw) {
        await warehouse.run(
          `create view raw.${name} as select * exclude (workspace) from shared.raw.${name} where workspace = 'acme'`,
        );
      }
      const tables = ["fct_usage_daily", "dim_vm"];
      const select = tables.map((table) => `+${table}`).join(",");
      await build({ effects, config, workspace, warehouse }, { select });
      for (const table of tables) {
        const [found] = await warehouse.all(`
          select
            (select count(*) > 0 from marts.${table}) as has_rows,
            (select count(*) from (
              from marts.${table}
              except all
              select * exclude (workspace) from shared.main.${table}
            ))::integer as others
        `);
        expect(found, table).toEqual({ has_rows: true, others: 0 });
      }
    } finally {
      warehouse.close();
    }
  }, 60_000);

  it("has all that a workspace is made anew from, which goes on as if its machine had not been lost", async () => {
    await expect(restore(contextOf(machine("fresh")))).rejects.toThrow(
      'has no workspace "fresh": it has acme',
    );
    const fresh = machine("fresh", 'writer = "acme"\n');
    const there = await tally(["restore", "--workspace", root], env);
    expect([there.code, there.stderr]).toEqual([
      2,
      expect.stringContaining("There is a warehouse here already"),
    ]);

    // Data that can't be read leave nothing that a run would go on from.
    const context = contextOf(fresh);
    const nowhere = { ...targetOf(context), dataPath: join(folder, "nowhere") };
    await expect(restore({ ...context, config: { ...context.config, target: nowhere } })).rejects.toThrow(
      /can't be read/,
    );
    expect(existsSync(join(fresh, "data")) ? readdirSync(join(fresh, "data")) : []).toEqual([]);

    const { stderr } = await done(["restore", "--workspace", fresh]);
    expect(stderr).toContain("wrote prices.csv");
    // Code is not brought, and said to be missing.
    expect(stderr).toContain("no model here makes fct_own: bring back sql/");
    cpSync(join(root, "sql"), join(fresh, "sql"), { recursive: true });
    expect(readFileSync(join(fresh, "prices.csv"), "utf8")).toBe(
      readFileSync(join(root, "prices.csv"), "utf8"),
    );
    expect(await differences(root, fresh, "warehouse", "raw")).toEqual([]);
    await done(["build", "--workspace", fresh]);
    expect(await differences(root, fresh, "analytics", "main")).toEqual([]);

    machine("acme");
    clock = new Date(nextNight);
    const night = { TALLY_NOW: nextNight };
    const next = await done(["run", "--workspace", fresh], night);
    // The machine that it takes the place of comes back: it reads the same, and may not commit.
    const old = await tally(["run", "--workspace", root], { ...env, ...night });
    expect([old.code, old.stderr]).toEqual([
      1,
      expect.stringContaining("Another workspace is called acme in the shared warehouse."),
    ]);
    const asked = (text: string) => text.match(/^usage: .*$/m)?.[0];
    expect(asked(next.stderr)).toMatch(/^usage: \d+ requests?, [1-9]/);
    expect(asked(next.stderr)).toBe(asked(old.stderr));
    expect(await differences(root, fresh, "analytics", "main")).toEqual([]);
    expect(await differences(root, fresh, "warehouse", "raw")).toEqual([]);
    const own = await done([
      "sql",
      "--shared",
      "select workspace, max(today)::varchar as day from meta_build group by all",
      "--format",
      "csv",
      "--workspace",
      reader,
    ]);
    expect(own.stdout).toBe("workspace,day\r\nacme,2026-03-12\r\n");
  }, 300_000);

  it("is served to a browser: reports that follow what is committed, and findings that only the writer suppresses", async () => {
    const writer = contextOf(join(folder, "fresh"));
    const onePage = '[[report]]\nname = "weeks"\nfolder = "reports"\npages = ["weekly"]\n';
    const served = await serve(
      { ...contextOf(machine("served", onePage, '"html"')), shared: {} },
      { host: "127.0.0.1", port: 0, allowedHosts: [], timeoutSeconds: 20, lookEveryMs: 3000 },
    );
    try {
      const read = async (path: string) => (await fetch(`${served.url}${path}`)).text();
      const page = await fetch(served.url);
      expect(page.url).toBe(`${served.url}reports/index.html`);
      expect(await page.text()).not.toContain("renamed since");
      const findings = await read("findings");
      expect(findings).toContain("in the workspace whose runs make these tables");
      expect(findings).not.toContain("/findings/suppress");
      const refusal = await fetch(`${served.url}findings/suppress?rule_id=a&resource_id=b`);
      expect([refusal.status, await refusal.text()]).toEqual([
        403,
        expect.stringContaining("suppressions.csv"),
      ]);
      expect(await read("dictionary")).toContain("fct_cost_daily");

      await changePublished(writer, "update fct_cost_daily set project_name = 'renamed since'");
      await copyToSharedWarehouse(writer, targetOf(writer));
      await vi.waitFor(
        async () => expect(await read("reports/2026-W10/index.html")).toContain("renamed since"),
        { timeout: 150_000, interval: 1000 },
      );
    } finally {
      await served.close();
    }
  }, 200_000);
});
