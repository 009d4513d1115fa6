import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishedTables } from "../../src/exports/published-tables.ts";
import { confine } from "../../src/reports/confine.ts";
import { countRows } from "../../src/row-counts.ts";
import { bringTables } from "../../src/shared-warehouse/restore.ts";
import { showWorkspace } from "../../src/shared-warehouse/views.ts";
import {
  chooseWorkspace,
  readWriters,
  refuseAnother,
  workspaceIds,
} from "../../src/shared-warehouse/writers.ts";
import { inMemory, openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const settings = { memoryLimit: "256MB", threads: 1 };

/**
 * A warehouse that two workspaces share, in a plain file of DuckDB: what is asked of it needs no DuckLake. Acme has two
 * projects and 10 hours; the other has one of each, a table that is its own, and a column of a later version.
 */
const shared = `
  create schema raw;
  create schema meta;
  create table meta_writer (workspace varchar, workspace_id varchar, tally_version varchar, built_at timestamp, committed_at timestamp);
  insert into meta_writer values
    ('acme', 'id-acme', '0.1.0', '2026-11-03 06:00:00', '2026-11-03 06:01:02.345'),
    ('it''s "other"', 'id-other', '0.1.0', '2026-11-03 06:00:00', '2026-11-03 06:02:00');
  create table meta_copy (workspace varchar, table_name varchar, part varchar, fingerprint varchar);
  insert into meta_copy
    select 'acme', unnest(['dim_project', 'fct_cost_daily', 'raw.projects', 'raw.older', 'meta.idle_episode', 'meta.workspace_file']), 'columns', 'x'
    union all
    select 'it''s "other"', unnest(['dim_project', 'fct_cost_daily', 'fct_own', 'raw.projects']), 'columns', 'x';
  create table dim_project (workspace varchar, organization_id varchar, project_id varchar, project_name varchar);
  comment on column dim_project.project_name is 'Its name.';
  insert into dim_project values
    ('acme', 'org', 'p1', 'Atlas'), ('acme', 'org', 'p2', 'Borealis'), ('it''s "other"', 'org', 'p1', 'Theirs');
  create table fct_cost_daily (workspace varchar, usage_date date, project_id varchar, quantity decimal(28, 9));
  insert into fct_cost_daily values
    ('acme', '2026-10-01', 'p1', 10), ('it''s "other"', '2026-10-01', 'p1', 0.000000001);
  create table fct_own (workspace varchar, n integer);
  insert into fct_own values ('it''s "other"', 1);
  create table raw.projects (workspace varchar, id varchar, organization_id varchar, name varchar, _valid_from timestamp, _valid_to timestamp, _load_id varchar, learnt_later varchar, ours_already integer);
  insert into raw.projects by name
    select 'acme' as workspace, 'p1' as id, 'org' as organization_id, 'Atlas' as name, timestamp '2026-10-01' as _valid_from, 'run/1' as _load_id, 7 as ours_already
    union all by name
    select 'it''s "other"' as workspace, 'p9' as id, 'org' as organization_id, timestamp '2026-10-01' as _valid_from, 'run/1' as _load_id, 'x' as learnt_later;
  create table raw.older (workspace varchar, n integer);
  insert into raw.older values ('acme', 1), ('acme', 1), ('it''s "other"', 2);
  create table meta.idle_episode (workspace varchar, rule_id varchar);
`;

let connection: Warehouse;

beforeEach(async () => {
  const path = join(temporaryFolder(), "shared.duckdb");
  const file = await openWarehouse(path, settings);
  await file.run(shared);
  file.close();
  connection = await openWarehouse(inMemory, settings);
  await connection.run(`attach '${path}' as shared (read_only)`);
});
afterEach(() => connection.close());

describe("the tables of one of several workspaces", () => {
  it("have the names, columns and rows that its own file has, on every connection, and no others", async () => {
    await showWorkspace(connection, "shared", "acme");
    const beside = await connection.connect();
    for (const each of [connection, beside]) {
      expect(await each.all("from dim_project order by all")).toEqual([
        { organization_id: "org", project_id: "p1", project_name: "Atlas" },
        { organization_id: "org", project_id: "p2", project_name: "Borealis" },
      ]);
      expect(await each.all("select sum(quantity)::varchar as quantity from fct_cost_daily")).toEqual([
        { quantity: "10.000000000" },
      ]);
    }
    beside.close();
    expect(await countRows(connection)).toEqual(
      new Map([
        ["dim_project", 2],
        ["fct_cost_daily", 1],
      ]),
    );
    await expect(connection.all("from fct_own")).rejects.toThrow(/fct_own does not exist/);
    expect((await publishedTables(connection)).map(({ table, hasDays }) => [table, hasDays])).toEqual([
      ["dim_project", false],
      ["fct_cost_daily", true],
    ]);
  });

  it("are another's where that is named, whatever it is called", async () => {
    await showWorkspace(connection, "shared", `it's "other"`);
    expect(await connection.all("select project_name from dim_project")).toEqual([
      { project_name: "Theirs" },
    ]);
    expect(await connection.all("from fct_own")).toEqual([{ n: 1 }]);
  });

  it("can be confined to a part, as those of a file", async () => {
    await showWorkspace(connection, "shared", "acme");
    const filter = { organizations: [], projects: ["Borealis"], costCentres: [], gpuTypes: [], regions: [] };
    await confine(connection, filter, "one");
    expect(await connection.all("select project_id from dim_project")).toEqual([{ project_id: "p2" }]);
    expect(await connection.all("from fct_cost_daily")).toEqual([]);
  });
});

describe("which workspace is read", () => {
  const choose = async (more: { ids?: string[]; writer?: string; isNamed?: boolean; of?: string }) => {
    const { ids = [], writer = "analyst", isNamed = false, of } = more;
    const writers = await readWriters(connection, { catalog: "shared" });
    return chooseWorkspace(writers, ids, {
      target: { writer, isNamed },
      attached: { shown: "ducklake:lake" },
      reading: of === undefined ? {} : { of },
    });
  };

  it("is the one that is named, the one that this is, or the one that is called like the folder", async () => {
    expect(await choose({ of: `it's "other"`, writer: "acme", isNamed: true })).toMatchObject({
      id: "id-other",
    });
    expect(await choose({ writer: "acme", isNamed: true, ids: ["id-other"] })).toEqual({
      workspace: "acme",
      id: "id-acme",
      tallyVersion: "0.1.0",
      committedAt: new Date("2026-11-03T06:01:02.345Z"),
    });
    expect(await choose({ ids: ["id-new", "id-other"] })).toMatchObject({ id: "id-other" });
    expect(await choose({ writer: "acme" })).toMatchObject({ id: "id-acme" });
  });

  it("is asked for where there are several, and said to be missing where there is none such", async () => {
    await expect(choose({})).rejects.toThrow(
      `ducklake:lake has 2 workspaces, and none is this one: acme, it's "other".`,
    );
    await expect(choose({ of: "acne" })).rejects.toThrow('has no workspace "acne": it has acme');
    await expect(choose({ writer: "acne", isNamed: true })).rejects.toThrow('has no workspace "acne"');
    await connection.run("attach ':memory:' as empty");
    const none = await readWriters(connection, { catalog: "empty" });
    expect(() =>
      chooseWorkspace(none, [], {
        target: { writer: "acme", isNamed: true },
        attached: { shown: "ducklake:lake" },
        reading: {},
      }),
    ).toThrow("No workspace of tally is in ducklake:lake.");
  });

  it("writes under its name alone, but for one that takes its place", async () => {
    const writers = await readWriters(connection, { catalog: "shared" });
    const path = join(temporaryFolder(), "id");
    const own = await workspaceIds(path);
    expect(await workspaceIds(path)).toEqual(own);
    expect(() => refuseAnother(writers, "acme", own)).toThrow("Another workspace is called acme");
    expect(() => refuseAnother(writers, "new", own)).not.toThrow();
    writeFileSync(path, `${own[0]}\nid-acme\n`);
    const following = await workspaceIds(path);
    expect(following).toEqual([own[0], "id-acme"]);
    expect(() => refuseAnother(writers, "acme", following)).not.toThrow();
  });
});

it("brings a workspace its own raw rows, also of tables and columns that this version does not know", async () => {
  const [writer] = await readWriters(connection, { catalog: "shared" });
  if (!writer) throw new Error("no writer");
  const brought = await bringTables(connection, { catalog: "shared", shown: "shared" }, writer);
  expect(brought).toMatchObject({ rows: 3, tables: 3, hasHistory: true });
  expect(brought.published).toEqual(["dim_project", "fct_cost_daily"]);
  const [project] = await connection.all("from raw.projects");
  expect(project).toMatchObject({ id: "p1", name: "Atlas", ours_already: 7, _valid_to: null });
  expect(project).not.toHaveProperty("learnt_later");
  expect(project).not.toHaveProperty("workspace");
  expect(await connection.all("from raw.older")).toEqual([{ n: 1 }, { n: 1 }]);
  expect(await connection.all("from raw.usage")).toEqual([]);
  expect(await connection.all("from meta.idle_episode")).toEqual([]);
});
