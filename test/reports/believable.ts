import type { Warehouse } from "../../src/warehouse.ts";
import { findingColumns } from "./analytics.ts";

/**
 * An organisation of the size of the demo, to look at and to measure: projects of an AI company, seven GPU
 * types, fourteen months, gaps, anomalies, unpriced types and idle resources. Every figure comes from a hash,
 * so that it is the same each time.
 */
export async function believable(
  analytics: Warehouse,
  { projects = 6, findings = 26, hasGap = true, name = "" } = {},
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
    from range(date '2025-09-01', date '2026-11-03', interval 1 day) days (day), shape, kinds
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

    insert into fct_gpu_hours_trend
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
    insert into fct_gpu_hours_trend
    select date '2026-10-12', 'project', project_id, project_name, 1092.4, 700, 520, 1.1, 0.9, true, 'Rose by 2.6 times in one day', false, null from shape where i = 0;

    insert into fct_usage_coverage
    select 'org', project_id, project_name, day::date, stream,
      ${hasGap ? "case when stream = 'usage' and i = 2 and day between '2026-10-24' and '2026-10-26' then 'failed' else 'complete' end" : "'complete'"},
      '2026-11-03 05:40:00',
      ${hasGap ? "case when stream = 'usage' and i = 2 and day between '2026-10-24' and '2026-10-26' then 'GET /organizations/…/usage: 503 unavailable, after 6 attempts' end" : "null"}
    from range(date '2025-09-01', date '2026-11-03', interval 1 day) days (day), shape, (select unnest(['usage', 'resource_usage']) as stream);

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
  `);
}
