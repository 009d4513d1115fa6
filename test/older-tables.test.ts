import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openWarehouse } from "../src/warehouse.ts";
import { type Workspace, workspaceAt } from "../src/workspace.ts";
import { tally } from "./tally-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What some other version could have published: a table of today with fewer columns, and none of the others. */
async function otherTables(): Promise<Workspace> {
  const workspace = workspaceAt(temporaryFolder());
  writeFileSync(workspace.tallyToml, "");
  const analytics = await openWarehouse(workspace.analytics, { memoryLimit: "128MB", threads: 1 });
  await analytics.run("create table meta_build as select timestamp '2025-01-01' as built_at");
  analytics.close();
  return workspace;
}

it("status, a report and a query that ships say that the tables are of another version, and how to publish them anew", async () => {
  const { root, analytics } = await otherTables();
  for (const args of [["status"], ["report"], ["sql", "@top-spenders"]]) {
    const { code, stdout, stderr } = await tally([...args, "--workspace", root]);
    expect(code).not.toBe(0);
    const said = stdout + stderr;
    expect(said).toContain(`${analytics} was published by another version of tally: `);
    expect(said).toContain(`\`tally build --workspace ${root}\``);
    expect(said).not.toMatch(/Binder Error|Catalog Error|^\s+at /m);
  }
});

it("a mistake in a query of one's own is not taken for that", async () => {
  const { root } = await otherTables();
  const { code, stderr } = await tally(["sql", "--workspace", root, "from nothing_such"]);
  expect(code).toBe(2);
  expect(stderr).toContain("nothing_such");
  expect(stderr).not.toContain("another version");
});
