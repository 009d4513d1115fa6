import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { idleRulesFile } from "../../src/idle-settings.ts";
import { openOrganization } from "./organization.ts";

test("an organisation without anything builds and publishes every table, empty", async () => {
  const analytics = await openOrganization({});
  const { models, tests } = await analytics.build();
  expect(
    models
      .filter(({ name }) => /^(fct|dim)_/.test(name))
      // A view holds no rows of its own.
      .map(({ name, rowCount }) => [name, rowCount ?? 0])
      .sort(),
  ).toEqual([
    ["dim_disk", 0],
    ["dim_idle_rule", readFileSync(idleRulesFile, "utf8").trimEnd().split("\n").length - 1],
    ["dim_organization", 0],
    ["dim_project", 0],
    ["dim_reservation", 0],
    ["dim_snapshot", 0],
    ["dim_vm", 0],
    ["dim_vm_type", 0],
    ["fct_billing_comparison", 0],
    ["fct_budget_burn_down", 0],
    ["fct_budget_forecast_accuracy", 0],
    ["fct_budget_status", 0],
    ["fct_cost_allocated_daily", 0],
    ["fct_cost_daily", 0],
    ["fct_forecast_accuracy", 0],
    ["fct_gpu_hours_anomaly_drivers", 0],
    ["fct_gpu_hours_by_period", 0],
    ["fct_gpu_hours_daily", 0],
    ["fct_gpu_hours_forecast", 0],
    ["fct_gpu_hours_trend", 0],
    ["fct_idle_episodes", 0],
    ["fct_idle_findings", 0],
    ["fct_idle_history", 0],
    ["fct_inventory", 0],
    ["fct_new_and_gone", 0],
    ["fct_reservation_daily", 0],
    ["fct_reservation_scenarios", 0],
    ["fct_reservation_status", 0],
    ["fct_resource_usage_daily", 0],
    ["fct_shared_cost_daily", 0],
    ["fct_unconverted_cost", 0],
    ["fct_unpriced_usage", 0],
    ["fct_usage_coverage", 0],
    ["fct_usage_daily", 0],
    ["fct_usage_reconciliation", 0],
    ["fct_usage_revisions", 0],
  ]);
  expect(tests.filter(({ failingRows }) => failingRows > 0)).toEqual([]);
  await analytics.publish();
  expect(await analytics.published("select built_at, today, currency from meta_build")).toEqual([
    { built_at: "2026-11-03 06:00:00", today: "2026-11-03", currency: "USD" },
  ]);
});
