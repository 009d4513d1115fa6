import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attachStatement, attachTarget } from "../../src/attach-target.ts";
import { loadConfig } from "../../src/config.ts";
import type { ExportContext } from "../../src/exports/published.ts";
import { copyToSharedWarehouse } from "../../src/exports/shared-warehouse.ts";
import type { Extension } from "../../src/extensions.ts";
import { build } from "../../src/models/build.ts";
import { openModelConnection } from "../../src/models/context.ts";
import { inMemory, openWarehouse } from "../../src/warehouse.ts";
import { addressOfTarget, type WarehouseTarget } from "../../src/warehouse-target.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { start } from "../gateway/acme.ts";
import { noExtensions } from "../services/extensions.ts";
import { noObjectStore, type ObjectStoreServer, startObjectStore } from "../services/object-store.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../services/postgres.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { gatewayEnvironment } from "./gateway-environment.ts";
import { changePublished, publishedBy } from "./published-by.ts";

/** A workspace whose tables a test wrote: 10 and 20 hours, of which one row of raw says the 10. */
async function writerOf(hours: string, env: Record<string, string> = {}): Promise<ExportContext> {
  const context = await publishedBy(
    `create table fct_hours (usage_date date, hours decimal(28, 9), tags varchar[]);
     insert into fct_hours values ('2026-10-01', ${hours}, ['a', 'it''s']), ('2026-11-01', 20, null);
     comment on table fct_hours is 'Hours, it''s said.';
     comment on column fct_hours.hours is 'How many.';`,
    { env },
  );
  const working = await openWarehouse(context.workspace.warehouse, context.config.warehouse);
  await working.run(`
    create schema raw;
    create table raw.usage (usage_date date not null, quantity decimal(28, 12) not null, body json, _known_from timestamp);
    insert into raw.usage values ('2026-10-01', ${hours}, '{"a":1}', '2026-11-02 05:00:00');
  `);
  working.close();
  return context;
}

/** What a reader on another machine has, who knows the address and nothing else. */
async function read(context: ExportContext, target: WarehouseTarget, sql: string, at?: Date) {
  const reader = await openWarehouse(inMemory, context.config.warehouse);
  try {
    const options = { isReadOnly: true, ...(at && { at }) };
    await attachTarget(reader, context, { ...target, writer: "nobody" }, options);
    await reader.run("use shared");
    return await reader.all(sql);
  } finally {
    reader.close();
  }
}

interface Place {
  name: string;
  extensions: Extension[];
  /** Whether its lock is one between processes only, so that two writers in a test's one take turns. */
  isLockedByProcess?: true;
  /** What keeps it from being tried here, beside the extensions. */
  lacks: string | undefined;
  target(folder: string): Omit<WarehouseTarget, "writer">;
  env?: () => Record<string, string>;
}

let postgres: PostgresServer | undefined;
let store: ObjectStoreServer | undefined;

const places: Place[] = [
  {
    name: "a catalog in a DuckDB file",
    extensions: ["ducklake"],
    lacks: undefined,
    isLockedByProcess: true,
    target: (folder) => ({
      address: { text: `ducklake:${join(folder, "lake", "catalog.ducklake")}` },
      dataPath: undefined,
    }),
  },
  {
    name: "a catalog in PostgreSQL and a folder",
    extensions: ["ducklake", "postgres_scanner"],
    lacks: noPostgres(),
    target: (folder) => ({ address: { env: "LAKE" }, dataPath: join(folder, "data") }),
    env: () => ({ LAKE: `ducklake:postgres:${postgres?.urlWithPassword}` }),
  },
  {
    name: "a catalog in SQLite and an object store",
    extensions: ["ducklake", "sqlite_scanner", "httpfs"],
    lacks: noObjectStore(),
    target: (folder) => ({
      address: { text: `ducklake:sqlite:${join(folder, "catalog.sqlite")}` },
      dataPath: `${store?.bucket}/lake/`,
    }),
    env: () => store?.env ?? {},
  },
];

beforeAll(async () => {
  if (noExtensions("ducklake", "postgres_scanner") === undefined && !noPostgres())
    postgres = await startPostgres();
  if (noExtensions("ducklake", "httpfs") === undefined && !noObjectStore()) store = await startObjectStore();
}, 180_000);
afterAll(async () => {
  await postgres?.close();
  await store?.close();
});

describe.each(places)(
  "a lakehouse with $name",
  ({ extensions, lacks, isLockedByProcess, target: targetIn, env }) => {
    const whyNot = noExtensions(...extensions) ?? lacks;
    it.skipIf(whyNot !== undefined)(
      `takes several writers at once, and shows each night whole, now and as it was${whyNot ? ` (${whyNot})` : ""}`,
      async () => {
        const place = targetIn(temporaryFolder());
        const [one, other] = await Promise.all([writerOf("10", env?.()), writerOf("0.000000001", env?.())]);
        const first: WarehouseTarget = { ...place, writer: "one" };
        const second: WarehouseTarget = { ...place, writer: "other" };
        const copying = copyToSharedWarehouse(one, first);
        if (isLockedByProcess) await copying;
        const copied = await Promise.all([copying, copyToSharedWarehouse(other, second)]);
        for (const { rows, changed } of copied) {
          expect({ rows, changed }).toEqual({ rows: 4, changed: ["fct_hours", "meta_build", "raw.usage"] });
        }
        const hours =
          "select workspace, sum(hours)::varchar as hours from fct_hours group by all order by all";
        expect(await read(one, first, hours)).toEqual([
          { workspace: "one", hours: "30.000000000" },
          { workspace: "other", hours: "20.000000001" },
        ]);
        expect(
          await read(
            one,
            first,
            `select workspace, quantity::varchar as quantity, body->>'a' as a, _known_from::varchar as known
           from raw.usage order by all`,
          ),
        ).toEqual([
          { workspace: "one", quantity: "10.000000000000", a: "1", known: "2026-11-02 05:00:00" },
          { workspace: "other", quantity: "0.000000001000", a: "1", known: "2026-11-02 05:00:00" },
        ]);
        expect(
          await read(
            one,
            first,
            `select tables.comment, columns.comment as meaning, columns.data_type as type, said.tags[2] as tag
           from duckdb_tables() as tables
           inner join duckdb_columns() as columns using (database_name, table_name)
           cross join (select any_value(fct_hours.tags) as tags from fct_hours) as said
           where table_name = 'fct_hours' and column_name = 'hours'`,
          ),
        ).toEqual([
          { comment: "Hours, it's said.", meaning: "How many.", type: "DECIMAL(28,9)", tag: "it's" },
        ]);

        // A night later: one day is other, one is gone, and a column is new. The other writer's rows are not touched.
        const before = new Date();
        await new Promise((resolve) => setTimeout(resolve, 20));
        await changePublished(one, "update fct_hours set hours = 11 where usage_date = '2026-10-01'");
        expect(await copyToSharedWarehouse(one, first)).toMatchObject({ rows: 1, changed: ["fct_hours"] });
        await changePublished(
          one,
          "delete from fct_hours where usage_date = '2026-11-01'; alter table fct_hours add column note varchar default 'n'",
        );
        await copyToSharedWarehouse(one, first);
        expect(await copyToSharedWarehouse(one, first)).toMatchObject({ rows: 0, changed: [] });
        expect(await copyToSharedWarehouse(other, second)).toMatchObject({ rows: 0, changed: [] });
        expect(
          await read(
            one,
            first,
            "select workspace, hours::varchar as hours, note from fct_hours order by all",
          ),
        ).toEqual([
          { workspace: "one", hours: "11.000000000", note: "n" },
          { workspace: "other", hours: "0.000000001", note: null },
          { workspace: "other", hours: "20.000000000", note: null },
        ]);
        expect(await read(one, first, hours, before)).toEqual([
          { workspace: "one", hours: "30.000000000" },
          { workspace: "other", hours: "20.000000001" },
        ]);
        await expect(copyToSharedWarehouse(other, first)).rejects.toThrow(
          "Another workspace is called one in the shared warehouse.",
        );
      },
      60_000,
    );
  },
);

describe.skipIf(noExtensions("ducklake") !== undefined)("a workspace with a lakehouse", () => {
  it("puts each run into it, which other workspaces query, and on whose raw tables the models run unchanged", async () => {
    const gateway = await start();
    try {
      const folder = temporaryFolder();
      const toml = `[reports]\nformats = ["csv"]\n[warehouse]\ntarget = "ducklake:${folder}/lake.ducklake"\n`;
      const root = join(folder, "acme");
      await writeWorkspace(root);
      writeFileSync(join(root, "tally.toml"), toml);
      const env = gatewayEnvironment(gateway.endpoint);
      const ran = await tally(["run", "--workspace", root, "--verbose"], env);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain("copy_target: done");

      const analyst = join(folder, "analyst");
      mkdirSync(analyst);
      writeFileSync(join(analyst, "tally.toml"), toml);
      const ask = (sql: string, ...more: string[]) =>
        tally(["sql", "--workspace", analyst, "--shared", "--format", "csv", sql, ...more], env);
      const sums = "sum(gpu_hours) as hours, count(*) as n from fct_gpu_hours_daily";
      const here = await tally(["sql", "--workspace", root, "--format", "csv", `select ${sums}`], env);
      const there = await ask(`select ${sums} where workspace = $writer`, "--param", "writer=acme");
      expect(there.stdout, there.stderr).toBe(here.stdout);
      expect(here.stdout).toMatch(/\n[1-9]/);

      const refused: [string, RegExp][] = [
        ["from read_csv('/etc/passwd')", /read_csv\(\) can't be called/],
        ["from '/etc/passwd'", /does not exist/],
        ["select * from (with t as (from glob('/etc/*')) from t)", /glob\(\) can't be called/],
        ["from query('from dim_vm')", /query\(\) can't be called/],
        ["from __ducklake_metadata_shared.ducklake_snapshot", /catalog of a shared warehouse can't/],
        [`copy (select 1) to '${folder}/lake.ducklake.files/x'`, /only a SELECT/],
        ["delete from dim_vm", /only a SELECT/],
        ["set threads = 1", /only a SELECT/],
      ];
      for (const [sql, why] of refused) {
        const { code, stderr } = await ask(sql);
        expect(stderr).toMatch(why);
        expect(code).toBe(2);
      }
      const early = await ask("select 1 from dim_vm", "--at", "2026-01-01T00:00:00Z");
      expect(early.stderr).toContain("No snapshot found");

      const effects = testEffects({ env, now: env.TALLY_NOW });
      const workspace = workspaceAt(join(folder, "elsewhere"));
      await writeWorkspace(workspace.root);
      const config = loadConfig(effects, join(root, "tally.toml"));
      const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
      try {
        if (!config.target) throw new Error("no target");
        await attachTarget(warehouse, { effects, workspace }, config.target, { isReadOnly: true });
        const raw = await warehouse.all<{ name: string }>(
          "select table_name as name from duckdb_tables() where database_name = 'shared' and schema_name = 'raw'",
        );
        expect(raw.length).toBeGreaterThan(20);
        await warehouse.run("create schema raw");
        for (const { name } of raw) {
          await warehouse.run(
            `create view raw.${name} as select * exclude (workspace) from shared.raw.${name} where workspace = 'acme'`,
          );
        }
        await build({ effects, config, workspace, warehouse });
        const connection = await openModelConnection(warehouse);
        for (const table of ["fct_gpu_hours_daily", "fct_usage_coverage", "dim_vm"]) {
          const [difference] = await connection.all(`
            select
              (select count(*) from marts.${table})::integer as rows,
              (select count(*) from (
                from marts.${table}
                except all
                select * exclude (workspace) from shared.main.${table}
              ))::integer as others
          `);
          expect(difference, table).toEqual({ rows: expect.any(Number), others: 0 });
          expect(difference?.rows).toBeGreaterThan(0);
        }
        connection.close();
      } finally {
        warehouse.close();
      }
      const doctor = await tally(["doctor", "--workspace", root], env);
      expect(doctor.stdout).toContain(
        `ok       shared warehouse: ducklake:${folder}/lake.ducklake can be read; this workspace is called acme there.`,
      );
    } finally {
      await gateway.close();
    }
  }, 180_000);
});

describe("an address of a shared warehouse", () => {
  const addressOf = (text: string, dataPath?: string) =>
    addressOfTarget(
      { effects: { env: { X: text } }, root: "/srv/costs" },
      { address: { env: "X" }, dataPath, writer: "a" },
    );

  it.each([
    ["md:costs", ["motherduck"], `attach 'md:costs'`],
    ["ducklake:lake.ducklake", ["ducklake"], `attach 'ducklake:/srv/costs/lake.ducklake' as shared`],
    [
      "ducklake:sqlite:/lakes/a.sqlite",
      ["ducklake", "sqlite_scanner"],
      `attach 'ducklake:sqlite:/lakes/a.sqlite' as shared`,
    ],
    [
      "ducklake:postgres:dbname=it's host=db",
      ["ducklake", "postgres_scanner"],
      `attach 'ducklake:postgres:dbname=it''s host=db' as shared`,
    ],
  ])("%s is attached by what it takes", (text, extensions, statement) => {
    const address = addressOf(text);
    expect(address.needs.map(({ extension }) => extension)).toEqual(extensions);
    expect(attachStatement(address, undefined, false, undefined)).toBe(statement);
  });

  it("a reader names the data's place and an instant, where the catalog is a DuckLake's", () => {
    const address = addressOf("ducklake:postgres:dbname=lake", "s3://bucket/lake");
    expect(address.needs.map(({ extension }) => extension)).toEqual([
      "ducklake",
      "postgres_scanner",
      "httpfs",
    ]);
    expect(attachStatement(address, "s3://bucket/lake", true, new Date("2026-10-05T06:00:00Z"))).toBe(
      "attach 'ducklake:postgres:dbname=lake' as shared (read_only, data_path 's3://bucket/lake', override_data_path true, snapshot_time '2026-10-05T06:00:00.000Z')",
    );
    expect(() => attachStatement(addressOf("md:costs"), undefined, true, new Date())).toThrow(
      "Only a DuckLake can be read as of an instant.",
    );
  });

  it("is shown without what opens it", () => {
    for (const text of ["md:costs?motherduck_token=hunter2", "ducklake:postgres:dbname=a password=hunter2"]) {
      const { shown, redact } = addressOf(text);
      expect(shown + redact(`can't open ${text}`)).not.toContain("hunter2");
    }
  });

  it("says that MotherDuck's extension is missing, or why it can't be reached", async () => {
    const context = await writerOf("10", { motherduck_token: "hunter2" });
    const failure = await copyToSharedWarehouse(context, {
      address: { text: "md:costs" },
      dataPath: undefined,
      writer: "one",
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        /target under \[warehouse\] needs DuckDB's extension motherduck|md:costs/,
      ),
    });
    expect(String(failure)).not.toContain("hunter2");
  });
});
