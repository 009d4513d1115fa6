import { type Config, loadConfig } from "../../src/config.ts";
import type { Effects } from "../../src/effects.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { type Workspace, workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";

/** The public tables that reports read, as the models publish them. */
const publicTables = `
  create table dim_organization (organization_id varchar, organization_name varchar, is_current boolean, read_status varchar, last_read_at timestamp, message varchar);
  create table dim_project (organization_id varchar, project_id varchar, project_name varchar, cost_centre varchar, owner varchar, is_current boolean, first_seen_at timestamp);
  create table fct_resource_usage_daily (organization_id varchar, usage_date date, project_id varchar, region varchar, resource_type varchar, billable_metric varchar, reservation_id varchar, quantity decimal(38, 12), resource_id varchar, resource_name varchar);
  create table fct_gpu_hours_daily (organization_id varchar, usage_date date, project_id varchar, project_name varchar, region varchar, resource_type varchar, gpu_type varchar, reservation_id varchar, is_reserved boolean, gpu_hours decimal(38, 12));
  create table fct_gpu_hours_trend (usage_date date, scope varchar, scope_value varchar, scope_name varchar, gpu_hours decimal(38, 12), mean_7d decimal(38, 12), mean_28d decimal(38, 12), week_on_week double, month_on_month double, is_anomaly boolean, anomaly_reason varchar, is_forecast boolean, anomaly_drivers varchar, forecast decimal(38, 12), forecast_low decimal(38, 12), forecast_high decimal(38, 12));
  create table fct_cost_daily (organization_id varchar, usage_date date, project_id varchar, project_name varchar, cost_centre varchar, region varchar, resource_type varchar, gpu_type varchar, billable_metric varchar, reservation_id varchar, quantity decimal(38, 12), gpu_hours decimal(38, 12), unit_price decimal(18, 8), cost decimal(38, 10), list_cost decimal(38, 10), currency varchar, price_source varchar);
  create table fct_idle_findings (rule_id varchar, rule_title varchar, resource_kind varchar, resource_id varchar, resource_name varchar, organization_id varchar, project_id varchar, project_name varchar, location varchar, idle_since timestamp, idle_days integer, evidence varchar, monthly_waste_usd decimal(38, 10), monthly_waste decimal(38, 10), currency varchar, severity varchar, status varchar, first_seen_at timestamp, last_seen_at timestamp, counted_monthly_waste decimal(38, 10), overlaps_rule_id varchar, suppressed_until date, suppression_reason varchar);
  create table fct_usage_coverage (organization_id varchar, project_id varchar, project_name varchar, usage_date date, stream varchar, status varchar, read_at timestamp, message varchar);
  create table fct_usage_reconciliation (organization_id varchar, usage_date date, project_id varchar, region varchar, resource_type varchar, billable_metric varchar, usage_quantity decimal(38, 12), resource_difference decimal(38, 12), resource_status varchar, inventory_difference decimal(38, 12), inventory_status varchar, status varchar, explanation varchar);
  create table fct_budget_status (scope varchar, cost_centre varchar, month date, currency varchar, budget decimal(38, 10), actual decimal(38, 10), forecast decimal(38, 10), remaining decimal(38, 10), forecast_remaining decimal(38, 10), used_share double, status varchar, message varchar);
  create table fct_budget_burn_down (scope varchar, cost_centre varchar, currency varchar, usage_date date, month date, budget decimal(38, 10), is_forecast boolean, cost decimal(38, 10), cost_to_date decimal(38, 10), remaining decimal(38, 10), even_remaining decimal(38, 10));
  create table fct_reservation_daily (organization_id varchar, reservation_id varchar, usage_date date, product_line varchar, gpu_type varchar, is_read_whole boolean, reserved_gpu_hours decimal(38, 12), used_gpu_hours decimal(38, 12), unused_gpu_hours decimal(38, 12), overage_gpu_hours decimal(38, 12));
  create table dim_idle_rule (rule_id varchar, rule_title varchar, action varchar);
  create table fct_gpu_hours_forecast (scope varchar, scope_value varchar, scope_name varchar, target varchar, starts_on date, ends_on date, known_days integer, known_gpu_hours decimal(38, 12), missing_days integer, forecast_days integer, forecast decimal(38, 12), forecast_low decimal(38, 12), forecast_high decimal(38, 12), method varchar, mean_absolute_error decimal(38, 6), naive_mean_absolute_error decimal(38, 6), note varchar);
  create table fct_idle_episodes (rule_id varchar, resource_kind varchar, resource_id varchar, first_found_at timestamp, last_found_at timestamp, closed_at timestamp, outcome varchar, resource_name varchar, organization_id varchar, project_id varchar, project_name varchar, idle_since timestamp, evidence varchar, monthly_waste decimal(38, 10), counted_monthly_waste decimal(38, 10), saved_per_month decimal(38, 10), currency varchar);
  create table fct_idle_history (month_start date, rule_id varchar, rule_title varchar, currency varchar, found_count integer, found_monthly_waste decimal(38, 10), resolved_count integer, saved_per_month decimal(38, 10), withdrawn_count integer, standing_count integer, standing_monthly_waste decimal(38, 10), saved_per_month_to_date decimal(38, 10));
  create table fct_inventory (resource_kind varchar, resource_id varchar, resource_name varchar, organization_id varchar, project_id varchar, project_name varchar, location varchar, region varchar, state varchar, resource_type varchar, gpu_type varchar, gpus integer, size_gib decimal(38, 9), created_at timestamp, age_days integer, monthly_cost decimal(38, 10), currency varchar);
  create table fct_new_and_gone (kind varchar, value varchar, name varchar, first_usage_date date, last_usage_date date, days_known_before integer, days_read_since integer, days_unread_since integer, status varchar, since date, message varchar);
  create table fct_reservation_status (organization_id varchar, reservation_id varchar, product_line varchar, gpu_type varchar, status varchar, reserved_gpus integer, contract_first_date date, contract_end_date date, days_left integer, utilisation_7d double, utilisation_28d double, utilisation_90d double, unit_price decimal(38, 10), break_even_utilisation double, effective_rate_90d decimal(38, 10), unused_cost_90d decimal(38, 10), savings_90d decimal(38, 10), committed_cost_to_come decimal(38, 10), currency varchar, message varchar);
  create table fct_reservation_scenarios (organization_id varchar, product_line varchar, gpu_type varchar, price_source varchar, reserved_gpus integer, size_basis varchar, unit_price decimal(38, 10), first_date date, last_date date, read_days integer, utilisation double, total_cost decimal(38, 10), actual_cost decimal(38, 10), currency varchar, is_cheapest boolean);
  create table dim_vm (vm_id varchar, project_id varchar, region varchar, gpu_type varchar, is_current boolean);
  create table meta_build (built_at timestamp, today date, price_label varchar, currency varchar, tally_version varchar);
`;

/** What a fixture says of each finding; the rest it sets where it matters. */
export const findingColumns = `rule_id, rule_title, resource_kind, resource_id, resource_name, organization_id, project_id,
  project_name, location, idle_since, idle_days, evidence, monthly_waste_usd, monthly_waste, currency, severity, status,
  first_seen_at, last_seen_at`;

/** What a fixture says of each day that is known. */
export const trendColumns = `usage_date, scope, scope_value, scope_name, gpu_hours, mean_7d, mean_28d, week_on_week,
  month_on_month, is_anomaly, anomaly_reason, is_forecast, anomaly_drivers`;

export interface Fixture {
  effects: Effects;
  workspace: Workspace;
  config: Config;
}

/** A workspace whose analytics.duckdb holds the public tables, filled by `fill`. */
export async function workspaceWith(
  root: string,
  fill: (analytics: Warehouse) => Promise<void>,
  now = "2026-11-03T06:00:00Z",
): Promise<Fixture> {
  const effects = testEffects({ now });
  const workspace = workspaceAt(root);
  const { warehouse, ...others } = loadConfig(effects, workspace.tallyToml);
  // Several threads gain nothing on a few rows.
  const config = { ...others, warehouse: { ...warehouse, threads: warehouse.threads ?? 1 } };
  const analytics = await openWarehouse(workspace.analytics, config.warehouse);
  try {
    await analytics.run(publicTables);
    await fill(analytics);
  } finally {
    analytics.close();
  }
  return { effects, workspace, config };
}

/** No usage and no inventory: what a new organisation has. */
export async function emptyOrganization(analytics: Warehouse): Promise<void> {
  await analytics.run(
    `insert into meta_build values ('2026-11-03 06:00:00', '2026-11-03', 'prices.csv', 'USD', '0.1.0')`,
  );
}

/**
 * Two projects over September and October 2026, small enough to reckon by hand.
 *
 * - Atlas: 10 H100 GPU-hours a day at 2.50 in both months, so 300 and then 310 GPU-hours, 750.00 and 775.00.
 * - Borealis: A100, 4 GPU-hours a day from 1 to 10 October only, without a price: 40 GPU-hours.
 * - Atlas keeps a disk of 100 GiB-hours a day in October, priced at 0.0001: 31 × 0.01 = 0.31.
 * - Atlas has a VM idle for 1,234.565 a month, Borealis a disk without a price; one finding is suppressed.
 */
export async function twoProjects(analytics: Warehouse): Promise<void> {
  await analytics.run(`
    insert into meta_build values ('2026-11-03 05:30:00', '2026-11-03', 'sample prices', 'USD', '0.1.0');
    insert into dim_project values
      ('org', 'p-atlas', 'Atlas', 'CC-100', 'ada@example.com', true, '2026-09-01'),
      ('org', 'p-borealis', 'Borealis', null, null, true, '2026-10-01');
    insert into fct_cost_daily
      select 'org', day::date, 'p-atlas', 'Atlas', 'CC-100', 'us-east1', 'h100-80gb-sxm-ib.1x', 'H100', 'gpu-hours', null, 10, 10, 2.5, 25, 25, 'USD', 'sample prices:2'
      from range(date '2026-09-01', date '2026-11-01', interval 1 day) days (day)
      union all
      select 'org', day::date, 'p-borealis', 'Borealis', null, 'us-east1', 'a100-80gb.2x', 'A100', 'instance-hours', null, 2, 4, null, null, null, null, null
      from range(date '2026-10-01', date '2026-10-11', interval 1 day) days (day)
      union all
      select 'org', day::date, 'p-atlas', 'Atlas', 'CC-100', 'us-east1', 'persistent-ssd', null, 'gib-hours', null, 100, null, 0.0001, 0.01, 0.01, 'USD', 'sample prices:3'
      from range(date '2026-10-01', date '2026-11-01', interval 1 day) days (day);
    insert into fct_gpu_hours_daily
      select organization_id, usage_date, project_id, project_name, region, resource_type, gpu_type, reservation_id, false, gpu_hours
      from fct_cost_daily where gpu_hours is not null;
    insert into fct_resource_usage_daily
      select organization_id, usage_date, project_id, region, resource_type, billable_metric, reservation_id, quantity, 'r-' || resource_type, 'node ' || resource_type
      from fct_cost_daily;
    insert into fct_gpu_hours_trend (${trendColumns})
      select usage_date, 'all', 'all', 'all', sum(gpu_hours), 10, 10, 0, null, usage_date = '2026-10-05', case when usage_date = '2026-10-05' then '14.0 GPU-hours, 40% above the mean of 28 days' end, false, case when usage_date = '2026-10-05' then 'Borealis +4.00 GPU-hours (100 %)' end
      from fct_gpu_hours_daily group by usage_date;
    insert into fct_usage_coverage
      select 'org', project_id, project_name, day::date, stream, 'complete', '2026-11-03 05:00:00', null
      from range(date '2026-09-01', date '2026-11-03', interval 1 day) days (day), dim_project, (select unnest(['usage', 'resource_usage']) as stream);
    insert into fct_idle_findings (${findingColumns}) values
      ('gpu_vm_without_usage', 'GPU VM up without usage', 'vm', 'vm-1', 'idle node', 'org', 'p-atlas', 'Atlas', 'us-east1-a', '2026-10-20 00:00:00', 14, 'Running for 14 days while no H100 usage was metered.', 1234.565, 1234.565, 'USD', 'high', 'open', '2026-10-22', '2026-11-03'),
      ('unattached_disk', 'Disk attached to nothing', 'disk', 'disk-1', 'scratch', 'org', 'p-borealis', 'Borealis', 'us-east1-a', '2026-08-01 00:00:00', 94, 'Attached to nothing for 94 days.', null, null, null, 'medium', 'open', '2026-08-08', '2026-11-03'),
      ('unattached_disk', 'Disk attached to nothing', 'disk', 'disk-2', 'kept on purpose', 'org', 'p-atlas', 'Atlas', 'us-east1-a', '2026-08-01 00:00:00', 94, 'Attached to nothing for 94 days.', 55.5, 55.5, 'USD', 'low', 'suppressed', '2026-08-08', '2026-11-03');
    insert into dim_idle_rule values
      ('gpu_vm_without_usage', 'GPU VM up without usage', 'Stop it.'),
      ('unattached_disk', 'Disk attached to nothing', 'Delete it.');
    update fct_idle_findings set counted_monthly_waste = monthly_waste;
    update fct_idle_findings set suppressed_until = '2026-12-31', suppression_reason = 'Kept for the audit' where status = 'suppressed';
  `);
}
