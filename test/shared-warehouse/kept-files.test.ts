import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { gatherKeptFiles, writeKeptFiles } from "../../src/shared-warehouse/kept-files.ts";
import { inMemory, openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { temporaryFolder } from "../temporary-folder.ts";

it("brings back the files that tables rest on, byte for byte, and overwrites nothing that somebody wrote here", async () => {
  const workspace = workspaceAt(temporaryFolder());
  await writeWorkspace(workspace.root);
  const prices = Buffer.from("resource_type,unit_price\r\n# \xff odd\r\n", "latin1");
  writeFileSync(workspace.csv.prices, prices);
  writeFileSync(workspace.csv.budgets, "cost_centre,month\n");
  mkdirSync(dirname(workspace.runLog), { recursive: true });
  writeFileSync(workspace.runLog, '{"step":"run"}\n');
  mkdirSync(workspace.queries);
  writeFileSync(join(workspace.queries, "mine.sql"), "select 1");

  const connection = await openWarehouse(inMemory, { memoryLimit: "256MB", threads: 1 });
  await gatherKeptFiles(connection, workspace);
  const kept = await connection.all<{ path: string; content: string }>(
    "select path, to_base64(content) as content from kept.workspace_file order by path",
  );
  connection.close();
  // Settings and code are brought by whoever runs them, and by no warehouse that others write to.
  expect(kept.map(({ path }) => path)).toEqual([
    "budgets.csv",
    "cost-centres.csv",
    "exchange-rates.csv",
    "logs/runs.ndjson",
    "prices.csv",
    "shared-costs.csv",
    "suppressions.csv",
  ]);

  const fresh = workspaceAt(temporaryFolder());
  await writeWorkspace(fresh.root);
  writeFileSync(fresh.csv.budgets, "cost_centre,month\nmine,2026-10\n");
  const planted = ["sql/marts/theirs.sql", "../outside.csv", "tally.toml", "queries/mine.sql"].map(
    (path) => ({
      path,
      content: Buffer.from("planted").toString("base64"),
    }),
  );
  expect(await writeKeptFiles(fresh, [...kept, ...planted])).toEqual({
    written: ["prices.csv", "logs/runs.ndjson"],
    differing: ["budgets.csv"],
  });
  expect(readFileSync(fresh.csv.prices).equals(prices)).toBe(true);
  expect(readFileSync(fresh.csv.budgets, "utf8")).toContain("mine");
  expect(existsSync(join(fresh.root, "sql"))).toBe(false);
  expect(existsSync(join(fresh.root, "..", "outside.csv"))).toBe(false);
  expect(readFileSync(fresh.tallyToml, "utf8")).not.toContain("planted");
});
