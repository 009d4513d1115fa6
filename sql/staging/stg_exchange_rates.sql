/*
description: Rates of exchange-rates.csv, from a currency into the one that costs are reported in; that one itself is always 1.
grain: [currency, starts_on]
columns:
  currency: The currency, as ISO 4217.
  starts_on: The first day on which the rate holds.
  ends_before: The day after its last.
  exchange_rate: What one of the currency is in the reporting currency.
  source_line: The line of exchange-rates.csv; null for the reporting currency itself.
*/
with final as (
  select
    rates.currency,
    coalesce(rates.effective_from, date '0001-01-01') as starts_on,
    coalesce(rates.effective_to + 1, date '9999-12-31') as ends_before,
    rates.rate as exchange_rate,
    rates.source_line
  from workspace.exchange_rates as rates

  union all

  select
    build.currency,
    date '0001-01-01',
    date '9999-12-31',
    1::decimal(20, 10),
    null
  from meta.build as build
)

select
  currency,
  starts_on,
  ends_before,
  exchange_rate,
  source_line
from final
