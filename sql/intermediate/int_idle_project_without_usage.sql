/*
description: Projects in which no VM was used, though they hold something or once did. Days that were not read whole prove nothing, nor do lists that were not read well last time.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: project.
  resource_id: The project.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project, once more.
  location: Null, since a project is in no one place.
  idle_since: The first day without use, UTC.
  reportable_from: From when there are enough of them to tell, UTC.
  observed_from: When the project was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What its disks and snapshots cost in a month of 730 hours; null where it has none, and unless all are priced in one currency.
  currency: The currency of that.
  waste_by_resource: What each of them costs.
*/
with settings as (
  select
    build.now,
    build.today,
    greatest(1, ceil(rules.min_days))::integer as least_days
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'project_without_usage'
),

readable as (
  select project_id
  from int_inventory_reads
  where stream in ('vms', 'disks', 'snapshots')
    and is_last_complete
  group by project_id
  having count(*) = 3
),

-- A project that keeps disks has their GiB-hours every day: what counts as use is any other metric.
storage_metrics as (
  select distinct billable_metric
  from reference.billable_metrics
  where kind = 'storage'
),

-- Most were used lately: only for the others the years before are looked through.
recent as (
  select
    usage.project_id,
    max(usage.usage_date) as last_usage_date
  from int_usage_daily as usage
  anti join storage_metrics as metrics
    on usage.billable_metric = metrics.billable_metric
  where usage.usage_date > (select today - 35 from settings)
    and usage.quantity > 0
  group by usage.project_id
),

older as (
  select
    usage.project_id,
    min(usage.usage_date) as first_usage_date,
    max(usage.usage_date) filter (where metrics.billable_metric is null) as last_usage_date
  from int_usage_daily as usage
  inner join (
    select project_id
    from int_projects
    anti join recent
      on int_projects.project_id = recent.project_id
  ) as others
    on usage.project_id = others.project_id
  left join storage_metrics as metrics
    on usage.billable_metric = metrics.billable_metric
  where usage.quantity > 0
  group by usage.project_id
),

used as (
  select
    project_id,
    -- Only of a project in which no VM was ever used it is asked when it was first used.
    null as first_usage_date,
    last_usage_date
  from recent

  union all

  select
    project_id,
    first_usage_date,
    last_usage_date
  from older
),

things as (
  select
    'vm' as kind,
    project_id,
    vm_id as id,
    is_current,
    least(created_at, valid_from) as known_from
  from stg_vms

  union all

  select
    'disk' as kind,
    project_id,
    disk_id,
    is_current,
    least(created_at, valid_from)
  from stg_disks

  union all

  select
    'snapshot' as kind,
    project_id,
    snapshot_id,
    is_current,
    least(created_at, valid_from)
  from stg_snapshots
),

lives as (
  select
    project_id,
    min(known_from) as first_thing_at,
    count(*) filter (where is_current and kind = 'vm') as vm_count,
    count(*) filter (where is_current and kind = 'disk') as disk_count,
    count(*) filter (where is_current and kind = 'snapshot') as snapshot_count
  from things
  group by project_id
),

storage as (
  select
    things.project_id,
    things.kind || ':' || things.id as resource,
    prices.currency,
    round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from things
  left join int_resource_prices as prices
    on things.kind = prices.resource_kind
    and things.id = prices.resource_id
  where things.is_current
    and things.kind <> 'vm'
),

costs as (
  select
    project_id,
    count(*) filter (where monthly_cost is null) as unpriced_count,
    count(distinct currency) as currency_count,
    min(currency) as currency,
    sum(monthly_cost)::decimal(38, 10) as monthly_cost,
    map_from_entries(
      coalesce(
        list({'k': resource, 'v': monthly_cost} order by resource) filter (where monthly_cost is not null),
        []
      )
    ) as waste_by_resource
  from storage
  group by project_id
),

unused as (
  select
    projects.organization_id,
    projects.project_id,
    projects.project_name,
    projects.first_seen_at,
    used.last_usage_date,
    coalesce(lives.vm_count, 0) as vm_count,
    coalesce(lives.disk_count, 0) as disk_count,
    coalesce(lives.snapshot_count, 0) as snapshot_count,
    greatest(
      read_since.first_read_date,
      used.last_usage_date + 1,
      -- Before there was anything in it, there was nothing to use.
      least(used.first_usage_date, lives.first_thing_at::date)
    ) as first_unused_date
  from int_projects as projects
  inner join readable
    on projects.project_id = readable.project_id
  inner join int_usage_read_since as read_since
    on projects.project_id = read_since.project_id
    and read_since.stream = 'usage'
  left join used
    on projects.project_id = used.project_id
  left join lives
    on projects.project_id = lives.project_id
  where projects.is_current
    and (used.project_id is not null or lives.project_id is not null)
),

final as (
  select
    'project_without_usage' as rule_id,
    'project' as resource_kind,
    unused.project_id as resource_id,
    unused.project_name as resource_name,
    unused.organization_id,
    unused.project_id,
    null::varchar as location,
    unused.first_unused_date::timestamp as idle_since,
    (unused.first_unused_date + settings.least_days)::timestamp as reportable_from,
    unused.first_seen_at as observed_from,
    'No VM was used from ' || strftime(unused.first_unused_date, '%Y-%m-%d')
    || ' to ' || strftime(settings.today - 1, '%Y-%m-%d')
    || ', ' || (settings.today - unused.first_unused_date) || ' whole days'
    || case
      when unused.last_usage_date is null then ', nor ever before as far as was read'
      else ', and last on ' || strftime(unused.last_usage_date, '%Y-%m-%d')
    end
    || '; it holds '
    || unused.vm_count || case when unused.vm_count = 1 then ' VM, ' else ' VMs, ' end
    || unused.disk_count || case when unused.disk_count = 1 then ' disk and ' else ' disks and ' end
    || unused.snapshot_count || case when unused.snapshot_count = 1 then ' snapshot' else ' snapshots' end
    || case
      when unused.disk_count + unused.snapshot_count = 0 then ', so that no price applies.'
      when costs.unpriced_count > 0 then '; no price is in force for ' || costs.unpriced_count || ' of them.'
      when costs.currency_count > 1 then '; their prices are in more than one currency.'
      else '; at today''s prices its storage is ' || round(costs.monthly_cost, 2)::decimal(38, 2) || ' '
        || costs.currency || ' in a month of 730 hours.'
    end as evidence,
    case when costs.unpriced_count = 0 and costs.currency_count = 1 then costs.monthly_cost end as monthly_waste,
    case when costs.unpriced_count = 0 and costs.currency_count = 1 then costs.currency end as currency,
    costs.waste_by_resource
  from unused
  cross join settings
  left join costs
    on unused.project_id = costs.project_id
)

select
  rule_id,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  reportable_from,
  observed_from,
  evidence,
  monthly_waste,
  currency,
  waste_by_resource
from final
