/*
description: Usage that no line of prices.csv prices.
*/
select *
from fct_unpriced_usage
order by all
