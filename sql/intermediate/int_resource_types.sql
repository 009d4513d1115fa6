/*
description: Every resource type that occurs anywhere, with its GPUs and the metric by which its time is metered.
grain: [resource_type_key]
columns:
  resource_type_key: The type's name in lower case.
  gpu_type: The GPU's type as the API lists it, else by the name's beginning; null where it has no GPU.
  num_gpu: GPUs of one instance; 0 where it has none, null for a GPU type of which nothing says how many.
  metered_as: The metric of its latest usage in GPU- or instance-hours, else of the latest of any type.
  is_metered_by_gpu: Whether that metric counts GPUs and not instances.
  is_metered: Whether its own usage says so, and not that of another type.
*/
with names as (
  select lower(resource_type) as resource_type_key
  from stg_metered_months
  where was_known

  union

  select lower(vm_type)
  from stg_vms

  union

  select lower(vm_type)
  from stg_vm_types

  union

  select lower(product_line)
  from stg_reservations
),

-- What the API says now, or said last: a type that is no longer listed was still used in its time.
listed as (
  select
    lower(vm_type) as resource_type_key,
    gpu_type,
    num_gpu
  from stg_vm_types
  qualify row_number() over (
    partition by lower(vm_type)
    order by is_current desc, valid_from desc, organization_id, vm_type
  ) = 1
),

named as (
  select
    names.resource_type_key,
    gpu_types.gpu_type,
    try_cast(nullif(regexp_extract(names.resource_type_key, '\.([0-9]+)x(?:$|[.-])', 1), '') as integer) as num_gpu
  from names
  inner join reference.gpu_types as gpu_types
    on names.resource_type_key = gpu_types.product_prefix
    or starts_with(names.resource_type_key, gpu_types.product_prefix || '.')
    or starts_with(names.resource_type_key, gpu_types.product_prefix || '-')
  qualify row_number() over (
    partition by names.resource_type_key
    order by length(gpu_types.product_prefix) desc
  ) = 1
),

metered as (
  select
    lower(months.resource_type) as resource_type_key,
    max({
      'usage_date': months.last_used_date,
      'is_metered_by_gpu': metrics.metric_kind = 'gpu_hours',
      'billable_metric': metrics.billable_metric
    }) as latest
  from stg_metered_months as months
  inner join stg_billable_metrics as metrics
    on months.spelling = metrics.spelling
  where metrics.metric_kind in ('gpu_hours', 'instance_hours')
    and months.last_used_date is not null
  group by lower(months.resource_type)
),

metered_lately as (
  select max(latest) as latest
  from metered
),

final as (
  select
    names.resource_type_key,
    case
      when coalesce(listed.num_gpu, named.num_gpu, 1) = 0 then null
      else coalesce(listed.gpu_type, named.gpu_type)
    end as gpu_type,
    case
      when listed.num_gpu is not null then listed.num_gpu
      when named.resource_type_key is not null then named.num_gpu
      else 0
    end as num_gpu,
    coalesce(metered.latest, metered_lately.latest).billable_metric as metered_as,
    coalesce(metered.latest, metered_lately.latest).is_metered_by_gpu as is_metered_by_gpu,
    metered.latest is not null as is_metered
  from names
  cross join metered_lately
  left join listed
    on names.resource_type_key = listed.resource_type_key
  left join named
    on names.resource_type_key = named.resource_type_key
  left join metered
    on names.resource_type_key = metered.resource_type_key
  where names.resource_type_key is not null
)

select
  resource_type_key,
  gpu_type,
  num_gpu,
  coalesce(metered_as, 'gpu-hours') as metered_as,
  coalesce(is_metered_by_gpu, true) as is_metered_by_gpu,
  is_metered
from final
