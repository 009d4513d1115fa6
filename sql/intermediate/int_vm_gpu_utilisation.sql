/*
description: How busy the GPUs of VMs that are up were by whole day, as far back as the rules that judge by it look. Empty where the API's monitoring is not offered, was not read well last time, or names no use of GPUs.
grain: [vm_id, measured_date]
columns:
  organization_id: The organisation.
  project_id: The project.
  vm_id: The VM, running since before the first hour that is counted.
  measured_date: The UTC day.
  metric_name: The metric.
  measured_hours: In how many hours of the day it was measured.
  busy_hours: What the GPUs were busy in these, as if one after the other at full load; the sum of the hours' mean shares.
  peak_share: The mean share of the busiest of these hours.
  read_until_date: The last whole day up to which the project's monitoring was read.
*/
with spans as (
  select max(window_days) as window_days
  from int_idle_rules
  where rule_id in ('gpu_vm_low_utilization', 'weekend_only_waste', 'smaller_type_candidate')
    and is_enabled
),

attempts as (
  select
    project_id,
    max({'attempted_at': attempted_at, 'status': status, 'window_to': window_to}) as latest
  from stg_read_windows
  where stream = 'metrics_timeseries'
  group by project_id
),

-- Monitoring is read once a week, so that a week and a day may lie behind.
read_projects as (
  select
    attempts.project_id,
    least(attempts.latest.window_to, attempts.latest.attempted_at::date - 1) as read_until_date
  from attempts
  cross join meta.build as build
  where attempts.latest.status = 'complete'
    and attempts.latest.attempted_at >= build.now - interval 8 days
),

points as (
  select
    points.project_id,
    points.labels,
    points.metric_name,
    date_trunc('hour', points.measured_at) as measured_hour,
    try_cast(points.value as decimal(18, 6)) as value
  from stg_metrics_timeseries as points
  cross join meta.build as build
  cross join spans
  -- An answer that ended earlier than this ended before the window.
  where points.to_date >= build.today - spans.window_days - 9
    and points.value >= 0
    -- Of the many metrics that a server may keep, those that are about the work of GPUs themselves.
    and regexp_matches(lower(points.metric_name), 'gpu.*(util|busy)|util.*gpu')
    and not regexp_matches(lower(points.metric_name), 'mem|copy|enc|dec|fb|power|pcie|nvlink|cpu')
),

hours as (
  select
    project_id,
    labels,
    metric_name,
    measured_hour,
    sum(value) as value_sum,
    max(value) as most,
    count(*) as point_count
  from points
  where value is not null
  group by all
),

-- A metric of which no value is above 1 is a share and not a percentage; at worst that takes idle GPUs for busy ones.
scales as (
  select
    metric_name,
    case
      when contains(lower(metric_name), 'percent') then 100
      when contains(lower(metric_name), 'ratio') or max(most) <= 1 then 1
      else 100
    end as full_value
  from hours
  group by metric_name
),

label_values as (
  select
    project_id,
    labels,
    unnest(
      [
        {'preference': 1, 'label': 'vm_id'},
        {'preference': 2, 'label': 'instance_id'},
        {'preference': 3, 'label': 'resource_id'},
        {'preference': 4, 'label': 'vm_uuid'},
        {'preference': 5, 'label': 'instance_uuid'},
        {'preference': 6, 'label': 'vm'},
        {'preference': 7, 'label': 'instance'},
        {'preference': 8, 'label': 'resource'},
        {'preference': 9, 'label': 'uuid'},
        {'preference': 10, 'label': 'id'},
        {'preference': 11, 'label': 'vm_name'},
        {'preference': 12, 'label': 'instance_name'},
        {'preference': 13, 'label': 'resource_name'},
        {'preference': 14, 'label': 'hostname'},
        {'preference': 15, 'label': 'host'},
        {'preference': 16, 'label': 'name'}
      ],
      recursive := true
    )
  from (
    select distinct
      project_id,
      labels
    from hours
  )
),

named_values as (
  select
    project_id,
    labels,
    preference,
    -- A target of monitoring may carry its port.
    regexp_replace(json_extract_string(labels, '$."' || label || '"'), ':[0-9]+$', '') as value
  from label_values
),

vms as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    states.state_since,
    -- A name tells a VM only where no other one of the project bears it.
    case when count(*) over (partition by vms.project_id, vms.vm_name) = 1 then vms.vm_name end as unique_name,
    vms.state = 'running' and vms.num_gpu > 0 as is_judged
  from dim_vm as vms
  inner join int_vm_states as states
    on vms.vm_id = states.vm_id
  where vms.is_current
),

vm_names as (
  select
    project_id,
    vm_id,
    vm_id as value,
    true as is_id
  from vms

  union all

  select
    project_id,
    vm_id,
    unique_name as value,
    false as is_id
  from vms
  where unique_name is not null
),

owners as (
  select
    named_values.project_id,
    named_values.labels,
    vm_names.vm_id
  from named_values
  inner join vm_names
    on named_values.project_id = vm_names.project_id
    and named_values.value = vm_names.value
  qualify row_number() over (
    partition by named_values.project_id, named_values.labels
    order by vm_names.is_id desc, named_values.preference, vm_names.vm_id
  ) = 1
),

-- A VM has a series for each of its GPUs, or one for all; a share is counted in millionths, rounded half up.
vm_hours as (
  select
    owners.vm_id,
    hours.metric_name,
    hours.measured_hour,
    least(
      (
        sum(hours.value_sum * 1000000::decimal(8, 0))::hugeint * 2
        + sum(hours.point_count)::hugeint * max(scales.full_value)
      ) // (sum(hours.point_count)::hugeint * max(scales.full_value) * 2),
      1000000
    ) as busy_millionths
  from hours
  inner join scales
    on hours.metric_name = scales.metric_name
  inner join owners
    on hours.project_id = owners.project_id
    and hours.labels = owners.labels
  group by
    owners.vm_id,
    hours.metric_name,
    hours.measured_hour
),

days as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vm_hours.measured_hour::date as measured_date,
    vm_hours.metric_name,
    min(vm_hours.metric_name) over (partition by vms.vm_id) as first_metric_name,
    count(*)::integer as measured_hours,
    (sum(vm_hours.busy_millionths)::decimal(18, 0) * 0.000001::decimal(6, 6))::decimal(18, 6) as busy_hours,
    (max(vm_hours.busy_millionths)::decimal(18, 0) * 0.000001::decimal(6, 6))::decimal(18, 6) as peak_share,
    read_projects.read_until_date
  from vm_hours
  inner join vms
    on vm_hours.vm_id = vms.vm_id
    and vms.is_judged
    and vm_hours.measured_hour >= vms.state_since
  inner join read_projects
    on vms.project_id = read_projects.project_id
    and vm_hours.measured_hour::date <= read_projects.read_until_date
  group by
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vm_hours.measured_hour::date,
    vm_hours.metric_name,
    read_projects.read_until_date
),

final as (
  select
    organization_id,
    project_id,
    vm_id,
    measured_date,
    metric_name,
    measured_hours,
    busy_hours,
    peak_share,
    read_until_date
  from days
  where metric_name = first_metric_name
)

select
  organization_id,
  project_id,
  vm_id,
  measured_date,
  metric_name,
  measured_hours,
  busy_hours,
  peak_share,
  read_until_date
from final
