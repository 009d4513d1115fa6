import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExtensionError } from "../../src/errors/extension-error.ts";
import { copyToPostgres } from "../../src/exports/postgres.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { start } from "../gateway/acme.ts";
import { noExtensions, testExtensions } from "../services/extensions.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../services/postgres.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { gatewayEnvironment } from "./gateway-environment.ts";
import { changePublished, publishedBy } from "./published-by.ts";

const whyNot = noExtensions("postgres_scanner") ?? noPostgres();

describe.skipIf(whyNot !== undefined)(`copies to PostgreSQL${whyNot ? ` (${whyNot})` : ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 180_000);
  afterAll(() => server?.close());
  const settings = (schema: string) => ({ address: { env: "COSTS" } as const, schema });
  const published = (sql: string) => publishedBy(sql, { env: { COSTS: server.urlWithPassword } });

  it("every run puts the tables there, with their types and meanings, and writes nothing twice", async () => {
    const gateway = await start();
    try {
      const root = temporaryFolder();
      await writeWorkspace(root);
      writeFileSync(
        join(root, "tally.toml"),
        `[warehouse]\nthreads = 1\n[reports]\nformats = ["csv"]\n[publish]\npostgres = "${server.url}"\npostgres_schema = "acme"\n`,
      );
      writeFileSync(
        join(root, "prices.csv"),
        "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to\n,gpu-hours,,,,2.5,USD,,\n",
      );
      const env = {
        ...server.env,
        ...gatewayEnvironment(gateway.endpoint),
      };
      const ran = await tally(["run", "--workspace", root, "--verbose"], env);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain("copy_postgres: done");
      const sums = "select count(*), sum(quantity), sum(cost), min(usage_date) from ";
      const here = await tally(["sql", "--workspace", root, "--format", "csv", `${sums}fct_cost_daily`], env);
      const there = await server.psql(`${sums}acme.fct_cost_daily`);
      expect(there.replaceAll("|", ",")).toBe(here.stdout.trim().split("\n")[1]);
      expect(Number(there.split("|")[2])).toBeGreaterThan(0);
      expect(
        await server.psql(`
          select column_name || ' ' || data_type || coalesce(' ' || numeric_precision || ' ' || numeric_scale, '')
          from information_schema.columns
          where table_schema = 'acme'
            and (table_name, column_name) in (('fct_cost_daily', 'cost'), ('fct_cost_daily', 'usage_date'), ('meta_build', 'built_at'))
          order by 1`),
      ).toBe("built_at timestamp with time zone\ncost numeric 38 10\nusage_date date");
      expect(
        await server.psql(
          "select obj_description('acme.dim_vm'::regclass), col_description('acme.fct_cost_daily'::regclass, 2)",
        ),
      ).toBe("VMs as they were seen over time, one row for each version.|The UTC day.");

      const again = await tally(["export", "--copies", "--json", "--workspace", root], env);
      expect(JSON.parse(again.stdout)).toEqual({
        copies: [{ setting: "postgres", place: `${server.url}, schema acme`, rows: 0, tables: 0 }],
      });
      const doctor = await tally(["doctor", "--workspace", root], env);
      expect(doctor.stdout).toContain("ok       DuckDB extensions: postgres_scanner is there");
      expect(doctor.stdout).toContain(`ok       PostgreSQL: ${server.url}, schema acme, can be written.`);
    } finally {
      await gateway.close();
    }
  }, 180_000);

  it("decimals, UTC times, lists, hostile names and empty tables arrive as they are", async () => {
    const context = await published(`
      create table dim_project (
        project_id varchar, project_name varchar, cost decimal(38, 10), seen_at timestamp, tags varchar[], "a ""b""" double
      );
      insert into dim_project values
        ('p''1', 'x''); drop schema types; --' || chr(0) || chr(9731), 9999999999999999999999999999.0123456789, '2026-10-25 01:30:00.123456', ['a', 'b,"c"'], 0.1),
        (null, '', -0.0000000001, null, null, 'nan');
      comment on column dim_project.project_name is 'What it''s called; "so".';
      create table fct_empty (usage_date date, hours decimal(28, 9));
    `);
    const copied = await copyToPostgres(context, settings("types"));
    expect(copied).toMatchObject({ rows: 3, changed: ["dim_project", "fct_empty", "meta_build"] });
    const rows = await server.psql(
      `set timezone = 'UTC'; select project_id, project_name, cost, seen_at, tags[2], "a ""b""" from types.dim_project order by 1`,
    );
    expect(rows.split("\n")).toEqual([
      `p'1|x'); drop schema types; --☃|9999999999999999999999999999.0123456789|2026-10-25 01:30:00.123456+00|b,"c"|0.1`,
      "||-0.0000000001|||NaN",
    ]);
    expect(
      await server.psql(
        "select count(*), col_description('types.dim_project'::regclass, 2) from types.fct_empty",
      ),
    ).toBe(`0|What it's called; "so".`);
    expect(await copyToPostgres(context, settings("types"))).toMatchObject({ rows: 0, changed: [] });
  });

  it("writes the days that changed alone, and keeps views, grants and the days that did not", async () => {
    const context = await published(`
      create table fct_hours (usage_date date, hours decimal(18, 3));
      insert into fct_hours values ('2026-11-01', 1), ('2026-11-01', 2), ('2026-11-02', 4), ('2026-11-03', 8), (null, 16);
      create table dim_old as select 1 as a;
    `);
    await copyToPostgres(context, settings("days"));
    await server.psql(
      "create view public.week as select sum(hours) as hours from days.fct_hours; create role ana; grant select on days.fct_hours to ana",
    );
    const versions = "select usage_date, hours, xmin::text from days.fct_hours order by 1, 2";
    const before = (await server.psql(versions)).split("\n");
    await changePublished(
      context,
      `update fct_hours set hours = 5 where usage_date = '2026-11-02';
       delete from fct_hours where usage_date = '2026-11-03';
       insert into fct_hours values ('2026-11-04', 32);
       drop table dim_old;
       alter table fct_hours add column note varchar;`,
    );
    // A column more makes every row another one.
    expect(await copyToPostgres(context, settings("days"))).toMatchObject({
      rows: 5,
      changed: ["fct_hours"],
    });
    expect(await server.psql("select hours from public.week")).toBe("56.000");
    await changePublished(context, "update fct_hours set hours = 6 where usage_date = '2026-11-02'");
    const between = (await server.psql(versions)).split("\n");
    expect(between).not.toEqual(before);
    expect(await copyToPostgres(context, settings("days"))).toMatchObject({ rows: 1 });
    const after = (await server.psql(versions)).split("\n");
    expect(after.filter((row) => !between.includes(row)).map((row) => row.split("|")[0])).toEqual([
      "2026-11-02",
    ]);
    expect(await server.psql("select hours from public.week")).toBe("57.000");
    expect(await server.psql("select has_table_privilege('ana', 'days.fct_hours', 'select')")).toBe("t");
    expect(await server.psql("select to_regclass('days.dim_old') is null")).toBe("t");
  });

  it("a reader in the middle of it has the old, is not waited for, and the next has the new", async () => {
    const context = await published(
      "create table fct_hours as select date '2026-11-01' as usage_date, 1 as n",
    );
    await copyToPostgres(context, settings("readers"));
    const reader = server.session();
    await reader.say("begin isolation level repeatable read;");
    expect(await reader.say("select n from readers.fct_hours;")).toBe("1");
    await changePublished(context, "update fct_hours set n = 2");
    await copyToPostgres(context, settings("readers"));
    expect(await reader.say("select n from readers.fct_hours;")).toBe("1");
    expect(await server.psql("select n from readers.fct_hours")).toBe("2");
    await reader.say("commit;");
    expect(await reader.say("select n from readers.fct_hours;")).toBe("2");
  });

  it("a copy that fails midway leaves the last one whole, says why, and the next one mends it", async () => {
    const context = await published("create table a as select 1 as n; create table b as select 1 as n");
    await copyToPostgres(context, settings("midway"));
    await server.psql("create view midway.uses_b as select n from midway.b");
    await changePublished(context, "update a set n = 2; create or replace table b as select 'x' as n");
    const failure = await copyToPostgres(context, settings("midway")).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/schema midway.*view midway.uses_b depends on table midway.b/),
      hint: expect.stringContaining("stays as it was"),
    });
    expect(await server.psql("select a.n, b.n from midway.a, midway.b")).toBe("1|1");
    await server.psql("drop view midway.uses_b");
    await copyToPostgres(context, settings("midway"));
    expect(await server.psql("select a.n, b.n from midway.a, midway.b")).toBe("2|x");
  });

  it("a table that is not tally's is not touched", async () => {
    await server.psql("create schema theirs; create table theirs.dim_project as select 'kept' as n");
    const context = await published("create table dim_project as select 1 as n");
    await expect(copyToPostgres(context, settings("theirs"))).rejects.toThrow(
      "The schema theirs has a table dim_project that is not tally's",
    );
    expect(await server.psql("select n from theirs.dim_project")).toBe("kept");
  });

  it("no error holds the password, whichever way it was given", async () => {
    const wrong = "hunter2 hunter2";
    const port = new URL(server.url).port;
    for (const address of [
      server.url.replace("tally@", `tally:${encodeURIComponent(wrong)}@`),
      `${server.url}?password=${encodeURIComponent(wrong)}`,
      `host=127.0.0.1 port=${port} user=tally dbname=postgres password='${wrong}'`,
    ]) {
      const context = await publishedBy("select 1", { env: { COSTS: address } });
      const failure = await copyToPostgres(context, settings("public")).catch((error: unknown) => error);
      const { message, stack, cause } = failure as Error & { cause: Error };
      expect(message).toContain("password authentication failed");
      expect([message, stack, cause.message, cause.stack].join("\n")).not.toContain("hunter2");
    }
  });
});

it.skipIf(noExtensions("postgres_scanner") !== undefined)(
  "doctor installs the extensions that the settings need, from a folder where there is no internet",
  async () => {
    const root = temporaryFolder();
    await writeWorkspace(root);
    writeFileSync(
      join(root, "tally.toml"),
      '[warehouse]\nextension_directory = "parts"\n[publish]\npostgres = "postgresql://127.0.0.1:1/none"\n',
    );
    const before = await tally(["doctor", "--workspace", root]);
    expect(before.stdout).toContain("failed   DuckDB extensions: postgres under [publish] needs");
    const { stdout, stderr } = await tally([
      "doctor",
      "--workspace",
      root,
      "--install-extensions",
      testExtensions,
    ]);
    expect(stderr).toContain(`installed ${join(root, "parts")}`);
    expect(stdout).toContain("ok       DuckDB extensions: postgres_scanner is there");
    expect(stdout).toMatch(/failed {3}PostgreSQL: .*Connection refused/);
  },
);

it("an extension that is not there is told with its version, platform and place, and how to get it", async () => {
  const context = await publishedBy("select 1", { env: { COSTS: "postgresql://nobody@127.0.0.1:1/none" } });
  context.config.warehouse.extensionDirectory = join(context.workspace.root, "none");
  const failure = await copyToPostgres(context, { address: { env: "COSTS" }, schema: "tally" }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(ExtensionError);
  const { missing, message, hint } = failure as ExtensionError;
  expect(missing.path.startsWith(join(context.workspace.root, "none", missing.duckdbVersion))).toBe(true);
  for (const part of ["postgres under [publish]", "postgres_scanner", missing.platform, missing.path]) {
    expect(message).toContain(part);
  }
  expect(hint).toContain("tally doctor --install-extensions");
});
