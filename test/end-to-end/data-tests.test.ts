import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openOrganization } from "../models/organization.ts";
import { tally } from "../tally-process.ts";

const usage = (quantity: string) => ({
  usage_date: "2026-11-01",
  resource_type: "persistent-ssd",
  billable_metric: "gib-hours",
  quantity,
});

async function builtWorkspace(quantity: string, severity = "error"): Promise<string> {
  const analytics = await openOrganization({
    rows: { usage: [usage(quantity)] },
    files: {
      "tally.toml": "",
      "sql/tests/nothing_below_zero.sql": `/*\ndescription: No usage is negative.\nseverity: ${severity}\n*/\nselect project_id, quantity from fct_usage_daily where quantity < 0`,
    },
  });
  await analytics.build();
  analytics.context.warehouse.close();
  return analytics.context.workspace.root;
}

it("`tally test` exits 0 where nothing of severity error fails, and 4 where something does", async () => {
  const well = await builtWorkspace("5");
  const passed = await tally(["test", "--workspace", well]);
  expect(passed.code, passed.stderr).toBe(0);
  expect(passed.stdout).toMatch(/^\d+ tests: \d+ passed\n$/);

  const warned = await tally(["test", "--workspace", await builtWorkspace("-5", "warn")]);
  expect(warned.code, warned.stderr).toBe(0);
  expect(warned.stdout).toContain("warn  nothing_below_zero: 1 row");

  const root = await builtWorkspace("-5");
  const failed = await tally(["test", "--workspace", root]);
  expect(failed.code).toBe(4);
  expect(failed.stdout).toContain("error  nothing_below_zero: 1 row");
  expect(failed.stdout).toContain("-5.000000000000");
  expect(failed.stdout).toContain("  select project_id, quantity from fct_usage_daily where quantity < 0");
  expect(failed.stderr).toContain("1 of ");
  expect(failed.stderr).not.toContain("    at ");

  const json = await tally(["test", "--workspace", root, "--select", "nothing_below_zero", "--json"]);
  expect(json.code).toBe(4);
  expect(JSON.parse(json.stdout)).toMatchObject({ tests: [{ name: "nothing_below_zero", failing_rows: 1 }] });
}, 60_000);

it("`tally test` before anything was built says to build", async () => {
  const { context } = await openOrganization({});
  context.warehouse.close();
  writeFileSync(join(context.workspace.root, "tally.toml"), "");
  const { code, stderr } = await tally(["test", "--workspace", context.workspace.root]);
  expect(code).toBe(1);
  expect(stderr).toContain("tally build");
});
