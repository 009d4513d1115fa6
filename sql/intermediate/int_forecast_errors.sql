/*
description: The errors of each method over the whole back-test, and which method is chosen for each scope and target.
grain: [scope_number, target, method_number]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  target: day, month_end or next_30_days.
  method_number: The method, as in int_forecast_methods.
  comparisons: How many forecasts were compared.
  gpu_hours: What was used on the days compared; a day is in as many sums as forecasts reached it.
  absolute_error: The distances between forecast and use, added up.
  naive_absolute_error: The same of the better one of the naive methods.
  is_chosen: Whether the forecast is made by it.
*/
with errors as (
  select
    errors.scope_number,
    errors.target,
    errors.method_number,
    methods.is_naive,
    sum(errors.comparisons) as comparisons,
    sum(errors.gpu_hours) as gpu_hours,
    sum(errors.absolute_error) as absolute_error,
    sum(errors.absolute_error) filter (where errors.weeks_back <= 8) as late_error,
    sum(errors.absolute_error) filter (where errors.weeks_back between 9 and 16) as middle_error,
    sum(errors.absolute_error) filter (where errors.weeks_back >= 17) as early_error
  from int_forecast_run_errors as errors
  inner join int_forecast_methods as methods
    on errors.method_number = methods.method_number
  group by
    errors.scope_number,
    errors.target,
    errors.method_number,
    methods.is_naive
),

beside_naive as (
  select
    *,
    min(absolute_error) filter (where is_naive) over target_methods as naive_absolute_error,
    min(late_error) filter (where is_naive) over target_methods as naive_late_error,
    min(middle_error) filter (where is_naive) over target_methods as naive_middle_error,
    min(early_error) filter (where is_naive) over target_methods as naive_early_error
  from errors
  window target_methods as (partition by scope_number, target)
),

-- A method takes the place of the naive ones where it is not worse than the better one in days, in sums of 30 days,
-- and in days in any third of the back-test, and by a twentieth better on the whole: what won by luck in one stretch
-- of history is not taken.
judged as (
  select
    scope_number,
    method_number,
    bool_or(is_naive) as is_naive,
    bool_and(
      absolute_error <= naive_absolute_error
      and (
        target <> 'day'
        or (
          coalesce(late_error <= naive_late_error, true)
          and coalesce(middle_error <= naive_middle_error, true)
          and coalesce(early_error <= naive_early_error, true)
        )
      )
    ) as is_never_worse,
    sum(coalesce(absolute_error::double / nullif(naive_absolute_error, 0)::double, 1)) filter (where target = 'day')
    + sum(coalesce(absolute_error::double / nullif(naive_absolute_error, 0)::double, 1))
      filter (where target = 'next_30_days') as error_to_naive,
    sum(comparisons) filter (where target = 'next_30_days') as comparisons
  from beside_naive
  where target in ('day', 'next_30_days')
  group by
    scope_number,
    method_number
),

ranked as (
  select
    scope_number,
    method_number
  from judged
  where comparisons >= 4
    and (is_naive or (is_never_worse and error_to_naive <= 1.9))
  qualify row_number() over (
    partition by scope_number
    order by is_naive, error_to_naive, method_number
  ) = 1
),

-- The naive methods can each be the better one for another target: no target is given a worse one than that.
final as (
  select
    errors.scope_number,
    errors.target,
    errors.method_number,
    errors.comparisons,
    errors.gpu_hours,
    errors.absolute_error,
    errors.naive_absolute_error,
    ranked.scope_number is not null
    and row_number() over (
      partition by errors.scope_number, errors.target
      order by
        errors.method_number = ranked.method_number and errors.absolute_error <= errors.naive_absolute_error desc,
        methods.is_naive desc,
        errors.absolute_error,
        errors.method_number
    ) = 1 as is_chosen
  from beside_naive as errors
  inner join int_forecast_methods as methods
    on errors.method_number = methods.method_number
  left join ranked
    on errors.scope_number = ranked.scope_number
)

select
  scope_number,
  target,
  method_number,
  comparisons::integer as comparisons,
  gpu_hours::decimal(38, 12) as gpu_hours,
  absolute_error::decimal(38, 12) as absolute_error,
  naive_absolute_error::decimal(38, 12) as naive_absolute_error,
  coalesce(is_chosen, false) as is_chosen
from final
