import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tally } from "../tally-process.ts";
import { publishedBy } from "./published-by.ts";

it("a copy that fails keeps no other from being made, and ends with exit code 1", async () => {
  const { workspace } = await publishedBy("create table dim_project as select 'alpha' as project_id");
  const copy = async (toml: string) => {
    writeFileSync(workspace.tallyToml, toml);
    return tally(["export", "--copies", "--workspace", workspace.root]);
  };
  const one = await copy('[publish]\nparquet = "lake"\npostgres_env = "COSTS"\n');
  expect(one).toMatchObject({ code: 1, stdout: `${join(workspace.root, "lake")}\n` });
  expect(one.stderr).toContain("The environment has no COSTS, which postgres_env under [publish] names.");
  expect(one.stderr).toContain("Set COSTS where tally runs");
  expect(existsSync(join(workspace.root, "lake", "dim_project", "dim_project.parquet"))).toBe(true);

  const both = await copy('[publish]\nobject_store = "s3://lake/b"\npostgres_env = "COSTS"\n');
  expect(both).toMatchObject({ code: 1, stdout: "" });
  expect(both.stderr).toMatch(/has no COSTS.* has no AWS_ACCESS_KEY_ID/);

  const none = await copy("");
  expect(none).toMatchObject({ code: 2 });
  expect(none.stderr).toContain("names no place to copy the tables to");
  const mixed = await tally(["export", "--copies", "--month", "2026-10", "--workspace", workspace.root]);
  expect(mixed).toMatchObject({ code: 2 });
});
