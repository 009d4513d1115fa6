import { ConfigError } from "../errors/config-error.ts";
import type { Warehouse } from "../warehouse.ts";

/** The model that gives prices the spelling of usage; overlaps are looked for in it. */
export const priceModel = "stg_prices";

/**
 * Refuses two prices of the same usage on the same day that are equally specific: nothing says which holds.
 *
 * @throws ConfigError that names both lines
 */
export async function refuseOverlappingPrices(connection: Warehouse, path: string): Promise<void> {
  const overlap = await connection.first<{ first_line: number; second_line: number; from: string }>(`
    select
      a.source_line as first_line,
      b.source_line as second_line,
      greatest(a.effective_from, b.effective_from)::varchar as "from"
    from staging.${priceModel} as a
    inner join staging.${priceModel} as b
      on a.source_line < b.source_line
      and a.resource_type is not distinct from b.resource_type
      and a.billable_metric is not distinct from b.billable_metric
      and a.project_id is not distinct from b.project_id
      and a.region is not distinct from b.region
      and a.reservation_id is not distinct from b.reservation_id
      and a.pricing_category is not distinct from b.pricing_category
      and coalesce(a.effective_from, date '0001-01-01') <= coalesce(b.effective_to, date '9999-12-31')
      and coalesce(b.effective_from, date '0001-01-01') <= coalesce(a.effective_to, date '9999-12-31')
    order by a.source_line, b.source_line
    limit 1
  `);
  if (!overlap) return;
  const since = overlap.from === null ? "on every day" : `from ${overlap.from} on`;
  throw new ConfigError(
    `${path}, lines ${overlap.first_line} and ${overlap.second_line}: two prices of the same usage are in force ${since}.`,
    { hint: "Give the earlier one an effective_to before the later one's effective_from, or remove one." },
  );
}
