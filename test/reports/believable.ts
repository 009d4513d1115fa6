import type { Warehouse } from "../../src/warehouse.ts";
import { findingColumns, trendColumns } from "./analytics.ts";

/**
 * An organisation of the size of the demo, to look at and to measure: projects of an AI company, seven GPU
 * types, fourteen months, gaps, anomalies, unpriced types and idle resources. Every figure comes from a hash,
 * so that it is the same each time.
 */
export async function believable(
  analytics: Warehouse,
  { projects = 6, findings = 26, hasGap = true, name = "", since = "2025-09-01" } = {},
): Promise<void> {
  await analytics.run(`
    insert into meta_build values ('2026-11-03 06:00:00', '2026-11-03', 'sample prices', 'USD', '0.1.0');

    create temp table shape as
    select
      i,
      'a3f1' || lpad(i::varchar, 4, '0') || '-52c1-4f0e-9d1b-7be2a6c4e811' as project_id,
      ${name ? `'${name.replaceAll("'", "''")}' || i` : "coalesce(['Foundation training', 'Fine-tuning', 'Inference production', 'Research', 'Data pipeline', 'Platform'][i + 1], 'Team project ' || i)"} as project_name,
      ['CC-410 Research', 'CC-410 Research', 'CC-200 Product', 'CC-410 Research', 'CC-330 Data', null][1 + i % 6] as cost_centre,
      [420.0, 160.0, 240.0, 70.0, 24.0, 9.0][1 + i % 6] / (1 + i // 6) as scale
    from range(${projects}) ids (i);

    create temp table kinds as
    from (values
      (0, 'h100-80gb-sxm-ib.8x', 'H100 80GB', 8, 1.00, 2.45, date '2025-09-01'),
      (1, 'h200-141gb-sxm-ib.8x', 'H200 141GB', 8, 0.62, 3.10, date '2026-01-20'),
      (2, 'b200-180gb-sxm-ib.8x', 'B200 180GB', 8, 0.55, null, date '2026-08-10'),
      (3, 'a100-80gb.4x', 'A100 80GB', 4, 0.34, 1.65, date '2025-09-01'),
      (4, 'l40s-48gb.4x', 'L40S 48GB', 4, 0.26, 0.98, date '2025-09-01'),
      (5, 'mi300x-192gb-ib.8x', 'MI300X 192GB', 8, 0.18, 2.05, date '2026-03-01'),
      (6, 'c1a.16x', null, 0, 0.5, 0.42, date '2025-09-01'),
      (7, 'persistent-ssd', null, 0, 900.0, 0.00009, date '2025-09-01')
    ) t (k, resource_type, gpu_type, num_gpu, weight, price, since);

    insert into dim_project
    select 'org', project_id, project_name, cost_centre, null, true, '2025-09-01' from shape;

    create temp table usage as
    select
      day::date as usage_date,
      shape.*,
      kinds.*,
      round((scale * weight
        * (0.72 + 0.035 * date_diff('month', date '2025-09-01', day))
        * case when isodow(day) > 5 then 0.62 else 1 end
        * (0.8 + (hash(i, k, day::date) % 400)::double / 1000)
        * case when i = 0 and k = 0 and day between '2026-10-12' and '2026-10-19' then 2.6 else 1 end
        * case when day = '2026-08-22' then 0.3 else 1 end
      )::decimal(18, 6), 4)::decimal(28, 12) as quantity
    from range(date '${since}', date '2026-11-03', interval 1 day) days (day), shape, kinds
    where day >= since and hash(i, k) % 10 < 7 or (i = 0 and k = 0)
      and day >= since;

    insert into fct_cost_daily
    select
      'org', usage_date, project_id, project_name, cost_centre, case when k % 2 = 0 then 'us-east1' else 'eu-iceland1' end,
      resource_type, gpu_type,
      case when k = 7 then 'gib-hours' when num_gpu > 0 and usage_date >= '2026-06-01' then 'gpu-hours' else 'instance-hours' end,
      null, quantity,
      case when num_gpu = 0 then null when usage_date >= '2026-06-01' then quantity else quantity * num_gpu / 8 end,
      price, quantity * price, quantity * price, case when price is not null then 'USD' end, case when price is not null then 'sample prices:' || (k + 2) end
    from usage
    where ${hasGap ? "not (i = 2 and usage_date between '2026-10-24' and '2026-10-26')" : "true"};

    update fct_cost_daily set gpu_hours = quantity where gpu_hours is not null;

    insert into fct_gpu_hours_daily
    select organization_id, usage_date, project_id, project_name, region, resource_type, gpu_type, reservation_id, project_name = 'Inference production', gpu_hours
    from fct_cost_daily where gpu_hours is not null;

    insert into fct_resource_usage_daily
    select organization_id, usage_date, project_id, region, resource_type, billable_metric, reservation_id, quantity / 2,
      left(md5(project_id || resource_type || n), 8) || '-71de-4a0b-8c55-0f3e9b1d2a47',
      split_part(lower(replace(project_name, ' ', '-')), '-', 1) || '-' || split_part(resource_type, '-', 1) || '-0' || n
    from fct_cost_daily, range(1, 3) nodes (n);

    insert into fct_gpu_hours_trend (${trendColumns})
    with daily as (
      select usage_date, sum(gpu_hours) as gpu_hours from fct_gpu_hours_daily group by usage_date
    )
    select
      usage_date, 'all', 'all', 'All usage', gpu_hours,
      avg(gpu_hours) over (order by usage_date rows 6 preceding),
      avg(gpu_hours) over (order by usage_date rows 27 preceding),
      gpu_hours / lag(gpu_hours, 7) over (order by usage_date) - 1,
      gpu_hours / lag(gpu_hours, 28) over (order by usage_date) - 1,
      usage_date in ('2026-10-12', '2026-10-14', '2026-08-22'),
      case when usage_date in ('2026-10-12', '2026-10-14') then '1.9 times the mean of the same weekday in the eight weeks before' when usage_date = '2026-08-22' then '70% below the mean of the same weekday' end,
      false,
      case when usage_date = '2026-10-12' then 'Foundation training +620.00 GPU-hours (92 %)' end
    from daily;
    insert into fct_gpu_hours_trend (${trendColumns})
    select date '2026-10-12', 'project', project_id, project_name, 1092.4, 700, 520, 1.1, 0.9, true, 'Rose by 2.6 times in one day', false, null from shape where i = 0;

    insert into fct_gpu_hours_trend (usage_date, scope, scope_value, scope_name, is_anomaly, is_forecast, forecast, forecast_low, forecast_high)
    select day::date, 'all', 'all', 'All usage', false, true, 3000 + 8 * ahead, 2950 - 20 * ahead, 3050 + 36 * ahead
    from (select day, date_diff('day', date '2026-11-02', day) as ahead from range(date '2026-11-03', date '2026-12-03', interval 1 day) days (day));
    insert into fct_gpu_hours_forecast values
      ('all', 'all', 'All projects', 'month_end', '2026-11-01', '2026-11-30', 2, 6021.5, 0, 28, 92600, 84000, 101200, 'weekday medians', 4100, 5200, null),
      ('all', 'all', 'All projects', 'next_30_days', '2026-11-03', '2026-12-02', 0, 0, 0, 30, 93700, 84900, 102500, 'weekday medians', 4300, 5400, 'On 1 day of the history nothing was read.');

    insert into fct_reservation_daily
    select 'org', 'b7c1e2d4-0000-4d6e-9f10-00000000000' || r, day::date, ${name ? `'${name.replaceAll("'", "''")}'` : "'h100-80gb-sxm-ib'"}, 'H100 80GB', not (day = '2026-10-25'),
      reserved, reserved * 0.9 - r * 40, reserved * 0.1 + r * 40, case when day = '2026-10-14' then 12 else 0 end
    from range(date '2026-07-01', date '2026-11-03', interval 1 day) days (day), (values (1, 768), (2, 384)) held (r, reserved);
    insert into fct_reservation_status values
      ('org', 'b7c1e2d4-0000-4d6e-9f10-000000000001', ${name ? `'${name.replaceAll("'", "''")}'` : "'h100-80gb-sxm-ib'"}, 'H100 80GB', 'running', 32, '2026-07-01', '2027-06-30', 240, 0.85, 0.86, 0.87, 1.8, 0.735, 2.09, 21043.2, -1200.5, 331776, 'USD', null),
      ('org', 'b7c1e2d4-0000-4d6e-9f10-000000000002', 'mi300x-192gb-ib', 'MI300X 192GB', 'running', 16, '2026-07-01', null, null, 0.31, 0.34, 0.4, null, null, null, null, null, null, 'USD', 'No price names this reservation.');
    insert into fct_reservation_scenarios values
      ('org', 'h100-80gb-sxm-ib', 'H100 80GB', 'p:1', 32, 'p75, current', 1.8, '2026-08-05', '2026-11-02', 90, 0.87, 124416, 124416, 'USD', false),
      ('org', 'h100-80gb-sxm-ib', 'H100 80GB', 'p:1', 24, 'p50', 1.8, '2026-08-05', '2026-11-02', 90, 0.98, 101700.25, 124416, 'USD', true);

    create temp table budgets as
    select ${name ? `'${name.replaceAll("'", "''")}' || b` : "['CC-410 Research', 'CC-200 Product', 'CC-330 Data'][b + 1]"} as cost_centre, amount, spent, b
    from (values (0, 30000.00, 33500.10), (1, 22000.00, 19000.55), (2, 1500.00, 1499.99)) amounts (b, amount, spent);
    update fct_cost_daily set cost_centre = budgets.cost_centre from budgets
    where fct_cost_daily.cost_centre = ['CC-410 Research', 'CC-200 Product', 'CC-330 Data'][b + 1];
    update dim_project set cost_centre = budgets.cost_centre from budgets
    where dim_project.cost_centre = ['CC-410 Research', 'CC-200 Product', 'CC-330 Data'][b + 1];
    insert into fct_budget_status
    select 'cost_centre', cost_centre, month, 'USD', amount, case when month = '2026-10-01' then spent else spent / 15 end,
      case when month = '2026-10-01' then spent else spent * 1.1 end, amount - spent, amount - spent, (spent / amount)::double,
      case when month = '2026-10-01' then case when spent > amount then 'over' else 'within' end else case when spent * 1.1 > amount then 'at_risk' else 'on_track' end end,
      case when b = 2 then 'Usage without a price is not in it.' end
    from budgets, (values (date '2026-10-01'), (date '2026-11-01')) months (month);
    insert into fct_budget_burn_down
    select 'cost_centre', cost_centre, 'USD', day::date, date_trunc('month', day), amount, day >= '2026-11-03', spent / 30, spent / 30 * day(day), amount - spent / 30 * day(day), 0
    from budgets, range(date '2026-10-01', date '2026-12-01', interval 1 day) days (day);

    insert into fct_inventory
    select kind, left(md5(kind || n), 8) || '-9b1d-42f7-a6d0-5c8e7f1b3a90', ${name ? `'${name.replaceAll("'", "''")}' || n` : "kind || '-' || n"}, 'org',
      case when kind <> 'reservation' then project_id end, case when kind <> 'reservation' then project_name end, 'us-east1-a', 'us-east1',
      case kind when 'vm' then 'running' when 'disk' then 'attached' when 'reservation' then 'running' end,
      case kind when 'vm' then 'h100-80gb-sxm-ib.8x' when 'disk' then 'persistent-ssd' end, case when kind = 'vm' then 'H100 80GB' end,
      case when kind in ('vm', 'reservation') then 8 end, case when kind in ('disk', 'snapshot') then 2048 end, timestamp '2026-05-01', 186,
      case when n % 3 <> 2 then 14308.00 / (1 + n) end, case when n % 3 <> 2 then 'USD' end
    from shape, (select unnest(['vm', 'disk', 'snapshot', 'reservation']) as kind), range(8) made (n)
    where n % ${projects} = shape.i;
    insert into fct_idle_episodes
    select 'unattached_disk', 'disk', 'gone-' || n, '2026-09-02', '2026-10-27', '2026-10-28', 'resolved', ${name ? `'${name.replaceAll("'", "''")}'` : "'old-scratch-' || n"}, 'org', project_id, project_name, '2026-08-01', 'Attached to nothing.', 40, 40, 40, 'USD'
    from shape, range(3) closed (n) where shape.i = n;

    insert into fct_usage_coverage
    select 'org', project_id, project_name, day::date, stream,
      ${hasGap ? "case when stream = 'usage' and i = 2 and day between '2026-10-24' and '2026-10-26' then 'failed' else 'complete' end" : "'complete'"},
      '2026-11-03 05:40:00',
      ${hasGap ? "case when stream = 'usage' and i = 2 and day between '2026-10-24' and '2026-10-26' then 'GET /organizations/…/usage: 503 unavailable, after 6 attempts' end" : "null"}
    from range(date '${since}', date '2026-11-03', interval 1 day) days (day), shape, (select unnest(['usage', 'resource_usage']) as stream);

    insert into fct_idle_findings (${findingColumns})
    select
      ['gpu_vm_without_usage', 'stopped_vm_with_disks', 'unattached_disk', 'orphaned_snapshot', 'underused_reservation'][1 + f % 5],
      ['GPU VM up without usage', 'Stopped VM that keeps disks', 'Disk attached to nothing', 'Snapshot whose disk is gone', 'Reservation under 70 % used'][1 + f % 5],
      ['vm', 'vm', 'disk', 'snapshot', 'reservation'][1 + f % 5],
      left(md5('r' || f), 8) || '-9b1d-42f7-a6d0-5c8e7f1b3a90',
      ['train-h100-', 'notebook-', 'checkpoints-old-', 'snap-', 'h100-committed-'][1 + f % 5] || f,
      'org', project_id, project_name, 'us-east1-a',
      timestamp '2026-10-25 00:00:00' - to_days((f * 7)::integer), (9 + f * 7)::integer,
      ['Running since then, while no H100 usage was metered in its project and region.', 'Stopped for ' || (9 + f * 7) || ' days; still holds 3 disks of 4,096 GiB in all.', 'Attached to no VM for ' || (9 + f * 7) || ' days; 2,048 GiB.', 'Its source disk was deleted; 512 GiB.', '31 % of 64 GPUs used over 14 days.'][1 + f % 5],
      case when f % 7 <> 6 then 14000.0 / (1 + f * 1.7) end,
      case when f % 7 <> 6 then 14000.0 / (1 + f * 1.7) end,
      case when f % 7 <> 6 then 'USD' end,
      case when f < 4 then 'high' when f < 12 then 'medium' else 'low' end,
      case when f % 12 = 11 then 'suppressed' else 'open' end, '2026-10-01', '2026-11-03'
    from range(${findings}) found (f), shape where shape.i = f % ${projects};
    update fct_idle_findings set counted_monthly_waste = monthly_waste;
    insert into dim_idle_rule
    select distinct rule_id, rule_title, 'See on the VM whether it serves anybody, and stop it if not; if it does, ask Crusoe why its use is not metered.' from fct_idle_findings;
  `);
}
