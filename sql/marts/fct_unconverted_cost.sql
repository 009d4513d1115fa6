/*
description: Cost in a currency that no rate of exchange-rates.csv turned into the reporting currency on its day, with the line to add; only its rate is missing in it. It is in no converted sum.
grain: [currency, first_usage_date]
columns:
  currency: The currency of the cost.
  reporting_currency: The currency that costs are reported in.
  first_usage_date: The first day without a rate.
  last_usage_date: The last.
  usage_days: On how many days there was such cost.
  cost: How much, in its own currency.
  rate_line: The line for exchange-rates.csv in the order of its header, to be completed with the rate.
tests:
  - not_null: [currency, reporting_currency, first_usage_date, last_usage_date, cost, rate_line]
*/
with unconverted as (
  select
    currency,
    reporting_currency,
    usage_date,
    sum(cost) as cost
  from fct_cost_daily
  where cost is not null
    and cost_reporting is null
  group by
    currency,
    reporting_currency,
    usage_date
),

bounded as (
  select
    unconverted.*,
    min(rates.starts_on) as next_from
  from unconverted
  left join stg_exchange_rates as rates
    on unconverted.currency = rates.currency
    and unconverted.usage_date < rates.starts_on
  group by all
),

stretches as (
  select
    currency,
    reporting_currency,
    min(usage_date) as first_usage_date,
    max(usage_date) as last_usage_date,
    count(*)::integer as usage_days,
    sum(cost)::decimal(38, 10) as cost,
    next_from
  from bounded
  group by
    currency,
    reporting_currency,
    next_from
),

final as (
  select
    stretches.currency,
    stretches.reporting_currency,
    stretches.first_usage_date,
    stretches.last_usage_date,
    stretches.usage_days,
    stretches.cost,
    array_to_string(
      list_transform(
        headers.columns,
        lambda name: coalesce(
          case name
            when 'currency' then stretches.currency
            when 'effective_from' then stretches.first_usage_date::varchar
            when 'effective_to' then (stretches.next_from - 1)::varchar
          end,
          ''
        )
      ),
      ','
    ) as rate_line
  from stretches
  inner join workspace.csv_headers as headers
    on headers.table_name = 'exchange_rates'
)

select
  currency,
  reporting_currency,
  first_usage_date,
  last_usage_date,
  usage_days,
  cost,
  rate_line
from final
