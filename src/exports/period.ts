import { ConfigError } from "../errors/config-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { Warehouse } from "../warehouse.ts";

/** The days that are asked for, as YYYY-MM-DD, both ends included; everything where neither is said. */
export interface AskedDays {
  from?: string;
  to?: string;
}

/** Days that are exported: the first, and the one after the last. */
export interface Days {
  first: string;
  end: string;
}

/**
 * Of the days that are asked for, those that there are charges for, in one stretch for each month: to work on a
 * month at a time keeps what is held in memory small.
 *
 * @throws ConfigError where no usage has been read yet
 * @throws UsageError where there is none on the days that are asked for
 */
export async function monthsOf(analytics: Warehouse, { from, to }: AskedDays): Promise<Days[]> {
  const known = await analytics.first<{ first: string | null; last: string | null }>(`
    select min(usage_date) as first, max(usage_date) as last
    from (
      select usage_date from fct_cost_daily
      union all
      select usage_date from fct_reservation_daily where committed_cost is not null
    )
  `);
  if (!known?.first || !known.last) {
    throw new ConfigError("There is nothing to export: no usage has been read yet.", {
      hint: "Read it with `tally run`.",
    });
  }
  const first = from !== undefined && from > known.first ? from : known.first;
  const last = to !== undefined && to < known.last ? to : known.last;
  if (first > last) {
    throw new UsageError(`There are no data for ${from ?? known.first} to ${to ?? known.last}.`, {
      hint: `There are for ${known.first} to ${known.last}.`,
    });
  }
  return await analytics.all<Days & Record<string, string>>(
    `
    select
      greatest(months.month, $first::date)::date::varchar as first,
      least(months.month + interval 1 month, $last::date + 1)::date::varchar as "end"
    from (
      select unnest(generate_series(date_trunc('month', $first::date), $last::date, interval 1 month)) as month
    ) as months
    order by months.month
    `,
    { first, last },
  );
}
