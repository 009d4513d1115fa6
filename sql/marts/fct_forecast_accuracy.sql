/*
description: >-
  The back-test of the forecast of GPU-hours: what each method would have been off by, from each of the 26 weeks before,
  by day over 31 days and in the sums to the month's end and of 30 days. The chosen one is never worse than the naive ones.
grain: [scope, scope_value, target, method]
columns:
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: >-
    The project's id, the GPU type, the region or the cost centre, which is unassigned for projects without one; all
    where the scope is all.
  scope_name: What it is called.
  target: >-
    day for each day of 31; month_end for the sum over as many days as the month still has; next_30_days for the sum
    over 30.
  method: What the method is called.
  method_description: How it forecasts a day.
  is_naive: Whether it is one of the plain forecasts that another must beat to be chosen.
  is_chosen: Whether the forecast of this target is made by it.
  comparisons: How many forecasts were compared with what came.
  mean_absolute_error: The mean distance between forecast and use, in GPU-hours.
  relative_error: All distances over all that was used; null where nothing was.
  naive_mean_absolute_error: mean_absolute_error of the better naive method.
  error_to_naive: mean_absolute_error over that of the better naive method; null where that is 0.
  interval_coverage: >-
    Of the chosen method, the share of what came in the newer half of the back-test that lay in an 80 % interval made of
    the older half alone; null where there is too little of either.
  interval_comparisons: How many forecasts that is the share of.
tests:
  - not_null: [scope, scope_value, scope_name, target, method, is_naive, is_chosen, comparisons, mean_absolute_error]
  - accepted_values:
      column: target
      values: [day, month_end, next_30_days]
*/
with coverage as (
  select
    scope_number,
    target,
    sum(hits)::integer as hits,
    sum(comparisons)::integer as comparisons
  from int_forecast_intervals
  group by
    scope_number,
    target
),

final as (
  select
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    errors.target,
    methods.method,
    methods.description as method_description,
    methods.is_naive,
    errors.is_chosen,
    errors.comparisons,
    round(errors.absolute_error / errors.comparisons, 6)::decimal(38, 6) as mean_absolute_error,
    errors.absolute_error / nullif(errors.gpu_hours, 0) as relative_error,
    round(errors.naive_absolute_error / errors.comparisons, 6)::decimal(38, 6) as naive_mean_absolute_error,
    errors.absolute_error / nullif(errors.naive_absolute_error, 0) as error_to_naive,
    case when errors.is_chosen then coverage.hits / nullif(coverage.comparisons, 0) end as interval_coverage,
    case when errors.is_chosen then coverage.comparisons end as interval_comparisons
  from int_forecast_errors as errors
  inner join int_gpu_hours_scopes as scopes
    on errors.scope_number = scopes.scope_number
  inner join int_forecast_methods as methods
    on errors.method_number = methods.method_number
  left join coverage
    on errors.scope_number = coverage.scope_number
    and errors.target = coverage.target
)

select
  scope,
  scope_value,
  scope_name,
  target,
  method,
  method_description,
  is_naive,
  is_chosen,
  comparisons,
  mean_absolute_error,
  relative_error,
  naive_mean_absolute_error,
  error_to_naive,
  interval_coverage,
  interval_comparisons
from final
