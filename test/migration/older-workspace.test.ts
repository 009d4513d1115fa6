import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openReadOnly, openWarehouse, type Row } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const settings = { memoryLimit: "256MB", threads: 1 };
const now = { TALLY_NOW: "2026-10-03T03:00:00Z" };

describe.each(readdirSync(fixtures))("a workspace whose warehouse has the tables of %s", (fixture) => {
  it("is built without being read again: each figure, what was known before, and every data test", async () => {
    const root = temporaryFolder();
    await writeWorkspace(root);
    writeFileSync(
      join(root, "prices.csv"),
      "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to\n" +
        "h100.8x,gpu-hours,,,,3.60,USD,2026-01-01,\n",
    );
    const workspace = workspaceAt(root);
    mkdirSync(dirname(workspace.warehouse));
    const warehouse = await openWarehouse(workspace.warehouse, settings);
    await warehouse.run(readFileSync(join(fixtures, fixture), "utf8"));
    warehouse.close();

    const built = await tally(["build", "--workspace", root], now);
    expect(built.code, built.stderr).toBe(0);
    const rows = await reader(workspace.analytics);
    expect(
      await rows(
        "select usage_date, project_name, quantity::decimal(18, 2) as quantity, cost::decimal(18, 2) as cost from fct_cost_daily order by usage_date",
      ),
    ).toEqual([
      { usage_date: "2026-10-01", project_name: "training", quantity: "12.00", cost: "43.20" },
      { usage_date: "2026-10-02", project_name: "training", quantity: "5.50", cost: "19.80" },
    ]);
    expect(
      await rows(
        "select quantity::decimal(18, 2) as quantity, known_from::varchar as known_from from fct_usage_revisions where usage_date = '2026-10-01' order by known_from",
      ),
    ).toEqual([
      { quantity: "10.00", known_from: "2026-10-02 03:00:00" },
      { quantity: "12.00", known_from: "2026-10-03 03:00:00" },
    ]);
    expect(
      await rows("select resource_name, idle_days from fct_idle_findings where rule_id = 'unattached_disk'"),
    ).toEqual([{ resource_name: "scratch", idle_days: 32 }]);
    expect(
      await rows(
        "select distinct status from fct_usage_coverage where project_id = 'p2' and stream = 'usage' and usage_date <= '2026-10-02'",
      ),
    ).toEqual([{ status: "complete" }]);

    const tested = await tally(["test", "--workspace", root, "--json"], now);
    expect(tested.code, tested.stderr + tested.stdout).toBe(0);
  }, 120_000);
});

it("a warehouse that was never read is not built as if nothing were there", async () => {
  const root = temporaryFolder();
  await writeWorkspace(root);
  const { code, stderr } = await tally(["build", "--workspace", root], now);
  expect(code).not.toBe(0);
  expect(stderr).toContain("Read the API first");
});

async function reader(analytics: string): Promise<(sql: string) => Promise<Row[]>> {
  return async (sql) => {
    const open = await openReadOnly(analytics, settings);
    try {
      return await open.all(sql);
    } finally {
      open.close();
    }
  };
}
