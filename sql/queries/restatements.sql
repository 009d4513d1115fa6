/*
description: Days whose usage was restated - what was known before, and since when it is known otherwise.
*/
from fct_usage_revisions
where revision > 1
order by
  known_from desc,
  usage_date
limit 100
