/*
description: Days that were not read whole, by project and stream, so that figures of them may lack something.
*/
from fct_usage_coverage
where status not in ('complete', 'not_offered')
order by all
