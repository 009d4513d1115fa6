/*
description: The product line of each resource type, which is its name without the size, such as h100-80gb-sxm-ib of h100-80gb-sxm-ib.8x.
grain: [resource_type_key]
columns:
  resource_type_key: The type's name in lower case; a product line that is reserved is one too.
  product_line: Its product line, in lower case.
  gpu_type: The GPU's type; null where it has none.
  num_gpu: GPUs of one instance; null or 0 for a product line, and where nothing says how many.
  metered_as: The metric by which its time is metered.
  is_metered_by_gpu: Whether that metric counts GPUs and not instances.
*/
with final as (
  select
    resource_type_key,
    regexp_replace(resource_type_key, '\.[0-9]+x($|[.-])', '\1') as product_line,
    gpu_type,
    num_gpu,
    metered_as,
    is_metered_by_gpu
  from int_resource_types
)

select
  resource_type_key,
  product_line,
  gpu_type,
  num_gpu,
  metered_as,
  is_metered_by_gpu
from final
