import { join } from "node:path";
import { expect, it } from "vitest";
import { anomalies, budgets, findings } from "../../src/notify/figures.ts";
import { openReadOnly, openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const settings = { memoryLimit: "128MB", threads: 1 };

/** What is read of a file of published tables that holds just these. */
async function published<T>(sql: string, read: (analytics: Warehouse) => Promise<T>): Promise<T> {
  const path = join(temporaryFolder(), "analytics.duckdb");
  const writer = await openWarehouse(path, settings);
  await writer.run(sql);
  writer.close();
  const analytics = await openReadOnly(path, settings);
  try {
    return await read(analytics);
  } finally {
    analytics.close();
  }
}

it("open findings above the value are told, each cost once, and nothing that is suppressed, resolved or unpriced", async () => {
  const told = await published(
    `
    create table fct_idle_findings as
    select
      'unattached_disk' as rule_id, 'A disk that nothing uses' as rule_title, 'disk' as resource_kind,
      col0 as resource_id, nullif(col1, '') as resource_name, 'research' as project_name,
      col2::decimal(38, 10) as counted_monthly_waste, 'USD' as currency, 'Unattached.' as evidence, col3 as status
    from (
      values
        ('d1', '=cmd', '100.00', 'open'),
        ('d2', '', '250.555', 'open'),
        ('d3', 'below', '99.99', 'open'),
        ('d4', 'counted elsewhere', '0', 'open'),
        ('d5', 'unpriced', null, 'open'),
        ('d6', 'suppressed', '900', 'suppressed'),
        ('d7', 'resolved', '900', 'resolved')
    )
    `,
    (analytics) => findings(analytics, 100),
  );
  expect(told.map(({ key, summary }) => [key, summary])).toEqual([
    ["unattached_disk:disk:d2", "disk d2 in research: 250.56 USD a month. Unattached."],
    ["unattached_disk:disk:d1", "disk =cmd in research: 100.00 USD a month. Unattached."],
  ]);
});

it("anomalies of the last week are told, each day and scope as one", async () => {
  const told = await published(
    `
    create table fct_gpu_hours_trend as
    select
      col0::date as usage_date, col1 as scope, col2 as scope_value, col2 as scope_name,
      500::decimal(38, 10) as gpu_hours, 96::decimal(38, 10) as expected_gpu_hours,
      col3 as is_anomaly, false as is_forecast, 'Far above.' as anomaly_reason
    from (
      values
        ('2026-11-02', 'all', 'all', true),
        ('2026-11-02', 'project', 'p1', true),
        ('2026-11-01', 'all', 'all', false),
        ('2026-10-20', 'all', 'all', true)
    )
    `,
    (analytics) => anomalies(analytics, "2026-11-03"),
  );
  expect(told.map(({ key, summary }) => [key, summary])).toEqual([
    ["2026-11-02:all:all", "2026-11-02, all GPU-hours: 500.00 GPU-hours, 96.00 expected. Far above."],
    ["2026-11-02:project:p1", "2026-11-02, project p1: 500.00 GPU-hours, 96.00 expected. Far above."],
  ]);
});

it("budgets are told at the largest share that is used, to the cent, and where they are at risk", async () => {
  const told = await published(
    `
    create table fct_budget_status as
    select
      case when col0 = '' then 'all' else 'cost_centre' end as scope, nullif(col0, '') as cost_centre,
      col1::date as month, 'USD' as currency, col2::decimal(38, 2) as budget,
      col3::decimal(38, 10) as actual, 130::decimal(38, 10) as forecast, col4 as status
    from (
      values
        ('exactly', '2026-11-01', '100.00', '80.00', 'on_track'),
        ('a cent less', '2026-11-01', '100.00', '79.99', 'on_track'),
        ('over', '2026-11-01', '100.00', '120.00', 'over'),
        ('', '2026-11-01', '100.00', '50.00', 'at_risk'),
        ('last month', '2026-10-01', '100.00', '100.00', 'over'),
        ('none', '2026-11-01', null, '100.00', 'no_budget'),
        ('nothing known', '2026-11-01', '100.00', null, 'unknown')
    )
    `,
    (analytics) => budgets(analytics, "2026-11-03", [0.8, 1]),
  );
  expect(told.map(({ key, summary }) => [key, summary])).toEqual([
    [
      "2026-11-01:all::USD:at_risk",
      "the whole organisation: the month is forecast to come to 130.00, above its budget; so far 50.00 of 100.00 USD.",
    ],
    ["2026-11-01:cost_centre:exactly:USD:80", "exactly: 80 % of the budget is used, 80.00 of 100.00 USD."],
    ["2026-11-01:cost_centre:over:USD:100", "over: 100 % of the budget is used, 120.00 of 100.00 USD."],
  ]);
});
