/*
description: Over the back-test, no forecast is made by a method that was further off than the better one of the naive methods.
severity: error
*/
with final as (
  select
    chosen.scope,
    chosen.scope_value,
    chosen.target,
    chosen.method,
    chosen.mean_absolute_error,
    naive.method as naive_method,
    naive.mean_absolute_error as naive_mean_absolute_error
  from fct_forecast_accuracy as chosen
  inner join fct_forecast_accuracy as naive
    on chosen.scope = naive.scope
    and chosen.scope_value = naive.scope_value
    and chosen.target = naive.target
  where chosen.is_chosen
    and naive.is_naive
    and chosen.mean_absolute_error > naive.mean_absolute_error
)

select
  scope,
  scope_value,
  target,
  method,
  mean_absolute_error,
  naive_method,
  naive_mean_absolute_error
from final
