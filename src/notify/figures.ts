import type { Warehouse } from "../warehouse.ts";
import type { NotifyEvent } from "./event.ts";

/** Open findings that waste at least so much in a month, each cost counted once; those that waste most first. */
export async function findings(analytics: Warehouse, minMonthlyWaste: number): Promise<NotifyEvent[]> {
  const rows = await analytics.all<Record<string, string>>(
    `
    select
      rule_id,
      rule_title,
      resource_kind,
      resource_id,
      coalesce(resource_name, resource_id) as resource_name,
      coalesce(project_name, '') as project_name,
      round(counted_monthly_waste, 2)::decimal(38, 2)::varchar as monthly_waste,
      currency,
      evidence
    from fct_idle_findings
    where status = 'open'
      and counted_monthly_waste >= $least::varchar::decimal(38, 4)
    order by
      counted_monthly_waste desc,
      rule_id,
      resource_kind,
      resource_id
    `,
    { least: minMonthlyWaste.toFixed(4) },
  );
  return rows.map((row) => {
    const { rule_id: rule, resource_kind: kind, resource_id: id, resource_name: name } = row;
    const where = row.project_name ? ` in ${row.project_name}` : "";
    return {
      kind: "finding",
      key: `${rule}:${kind}:${id}`,
      summary: `${kind} ${name}${where}: ${row.monthly_waste} ${row.currency} a month. ${row.evidence}`,
      data: row,
    };
  });
}

/** Anomalies of the week before a day. */
export async function anomalies(analytics: Warehouse, today: string): Promise<NotifyEvent[]> {
  const rows = await analytics.all<Record<string, string>>(
    `
    select
      usage_date::varchar as usage_date,
      scope,
      scope_value,
      scope_name,
      round(gpu_hours, 2)::decimal(38, 2)::varchar as gpu_hours,
      round(expected_gpu_hours, 2)::decimal(38, 2)::varchar as expected_gpu_hours,
      anomaly_reason
    from fct_gpu_hours_trend
    where is_anomaly
      and not is_forecast
      and usage_date >= $today::date - 7
    order by
      usage_date desc,
      scope,
      scope_value
    `,
    { today },
  );
  return rows.map((row) => ({
    kind: "anomaly",
    key: `${row.usage_date}:${row.scope}:${row.scope_value}`,
    summary: `${row.usage_date}, ${row.scope === "all" ? "all GPU-hours" : `${row.scope} ${row.scope_name}`}: ${row.gpu_hours} GPU-hours, ${row.expected_gpu_hours} expected. ${row.anomaly_reason}`,
    data: row,
  }));
}

/** Budgets of a day's month of which a share is used up, by the largest share of these, or that are forecast to be overspent. */
export async function budgets(
  analytics: Warehouse,
  today: string,
  shares: readonly number[],
): Promise<NotifyEvent[]> {
  const rows = await analytics.all<Record<string, string | null>>(
    `
    with thresholds as (
      select unnest($shares::varchar::decimal(9, 4)[]) as threshold
    ),

    reached as (
      select
        scope,
        cost_centre,
        month,
        currency,
        budget,
        actual,
        forecast,
        status,
        (
          select max(threshold)
          from thresholds
          where actual >= budget * threshold
        ) as threshold
      from fct_budget_status
      where month = date_trunc('month', $today::date)
        and budget > 0
    )

    select
      scope,
      cost_centre,
      month::varchar as month,
      currency,
      budget::decimal(38, 2)::varchar as budget,
      round(actual, 2)::decimal(38, 2)::varchar as actual,
      round(forecast, 2)::decimal(38, 2)::varchar as forecast,
      status,
      (threshold * 100)::decimal(9, 2)::double::varchar as percent
    from reached
    where threshold is not null
      or status = 'at_risk'
    order by
      scope,
      cost_centre,
      currency
    `,
    { today, shares: `[${shares.map((share) => share.toFixed(4)).join(", ")}]` },
  );
  return rows.flatMap((row) => {
    const whose = row.cost_centre === null ? "the whole organisation" : row.cost_centre;
    const key = `${row.month}:${row.scope}:${row.cost_centre ?? ""}:${row.currency}`;
    const of = `${row.actual} of ${row.budget} ${row.currency}`;
    const events: NotifyEvent[] = [];
    if (row.percent !== null) {
      const percent = String(row.percent).replace(/\.0$/, "");
      events.push({
        kind: "budget",
        key: `${key}:${percent}`,
        summary: `${whose}: ${percent} % of the budget is used, ${of}.`,
        data: row,
      });
    }
    if (row.status === "at_risk") {
      events.push({
        kind: "budget",
        key: `${key}:at_risk`,
        summary: `${whose}: the month is forecast to come to ${row.forecast}, above its budget; so far ${of}.`,
        data: row,
      });
    }
    return events;
  });
}
