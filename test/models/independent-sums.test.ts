import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { expectedAllocation, expectedParts } from "./independent-allocation.ts";
import { expectedBudgets, expectedBurnDown } from "./independent-budgets.ts";
import { expectedFindings } from "./independent-findings.ts";
import { idleRules } from "./independent-idle.ts";
import { expectedPeriods } from "./independent-periods.ts";
import { expectedReservationDays, expectedReservationStatus } from "./independent-reservations.ts";
import { expectedScenarios } from "./independent-scenarios.ts";
import { expectedCosts, expectedGpuHours } from "./independent-sums.ts";
import { expectedTrend } from "./independent-trend.ts";
import { type Analytics, buildOrganization } from "./organization.ts";
import { organizationRows } from "./organization-rows.ts";
import { type RandomOrganization, randomOrganization } from "./random-organization.ts";

// Each build of a new warehouse takes about a second on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

/** The same organisations in every run; another seed looks for other mistakes. */
const seed = Number(process.env.TALLY_TEST_SEED ?? 20_261_103);

/** Rows by their key, so that a difference shows as the rows that differ. */
async function byKey(analytics: Analytics, sql: string): Promise<Map<string, unknown>> {
  const rows = await analytics.all(sql);
  const found = new Map(rows.map(({ key, ...row }) => [String(key), row]));
  expect(found.size).toBe(rows.length);
  return found;
}

/** The idle rules that found something in any of the organisations. */
const rulesThatFound = new Set<string>();

const sorted = (rows: Map<string, unknown>) =>
  Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));

async function check(organization: RandomOrganization): Promise<void> {
  const analytics = await buildOrganization(organizationRows(organization), {
    select:
      "+fct_idle_findings,+fct_cost_daily,+fct_reservation_daily,+fct_reservation_status,+fct_reservation_scenarios,+fct_gpu_hours_trend,+fct_gpu_hours_by_period,+fct_budget_status,+fct_budget_burn_down",
  });
  const hours = await byKey(
    analytics,
    `
    select to_json([usage_date::varchar, project_id, region, resource_type, reservation_id])::varchar as key, gpu_hours
    from marts.fct_gpu_hours_daily
    `,
  );
  const gpuHours = expectedGpuHours(organization);
  expect(sorted(hours)).toEqual(
    sorted(new Map([...gpuHours].map(([key, gpu_hours]) => [key, { gpu_hours }]))),
  );

  const costs = await byKey(
    analytics,
    `
    select
      to_json([usage_date::varchar, project_id, region, resource_type, billable_metric, reservation_id])::varchar as key,
      quantity, unit_price, cost, list_cost, currency, price_source, cost_centre
    from marts.fct_cost_daily
    `,
  );
  expect(sorted(costs)).toEqual(sorted(expectedCosts(organization)));

  const parts = await byKey(
    analytics,
    `
    select
      to_json([usage_date::varchar, shared_cost, currency, project_id])::varchar as key, amount, allocation_key,
      weight::decimal(38, 8) as weight, total_weight::decimal(38, 8) as total_weight, cost, cost_reporting, cost_centre
    from marts.fct_shared_cost_daily
    `,
  );
  expect(sorted(parts)).toEqual(sorted(expectedParts(organization)));

  const allocation = await byKey(
    analytics,
    `
    select
      to_json([usage_date::varchar, project_id, currency])::varchar as key, cost_centre, direct_cost, handed_on_cost,
      shared_cost, unused_reservation_cost, total_cost, total_cost_reporting, has_unpriced_usage
    from marts.fct_cost_allocated_daily
    `,
  );
  expect(sorted(allocation)).toEqual(sorted(expectedAllocation(organization)));

  const budgets = await byKey(
    analytics,
    `
    select
      to_json([scope, cost_centre, month::varchar, currency])::varchar as key, budget, actual, forecast, remaining,
      forecast_remaining, status, days_in_month::integer as days_in_month, days_elapsed::integer as days_elapsed,
      missing_days::integer as missing_days, has_unpriced_usage
    from marts.fct_budget_status
    `,
  );
  expect(sorted(budgets)).toEqual(sorted(expectedBudgets(organization)));

  const burnDown = await byKey(
    analytics,
    `
    select
      to_json([scope, cost_centre, currency, usage_date::varchar])::varchar as key, budget, is_forecast, cost,
      cost_to_date, remaining, even_remaining
    from marts.fct_budget_burn_down
    `,
  );
  expect(sorted(burnDown)).toEqual(sorted(expectedBurnDown(organization)));

  const reservationDays = await byKey(
    analytics,
    `
    select
      to_json([reservation_id, usage_date::varchar])::varchar as key,
      reserved_gpu_hours, used_gpu_hours, unused_gpu_hours, on_demand_gpu_hours,
      round(coverage * 1000000)::integer as covered_millionths,
      committed_cost, used_cost, unused_cost, effective_rate, savings, price_source
    from marts.fct_reservation_daily
    `,
  );
  expect(sorted(reservationDays)).toEqual(sorted(expectedReservationDays(organization)));

  const utilisation = (days: number) =>
    `read_days_${days}d, round(utilisation_${days}d * 1000000)::integer as used_millionths_${days}d`;
  const reservations = await byKey(
    analytics,
    `
    select
      reservation_id as key, status, reserved_gpus::integer as reserved_gpus, days_left,
      ${[7, 28, 90].map(utilisation).join(", ")},
      effective_rate_90d, unused_cost_90d, savings_90d, committed_cost_to_date, committed_cost_to_come, price_source
    from marts.fct_reservation_status
    `,
  );
  expect(sorted(reservations)).toEqual(sorted(expectedReservationStatus(organization)));

  const scenarios = await byKey(
    analytics,
    `
    select
      to_json([product_line, price_source, reserved_gpus::varchar])::varchar as key, size_basis, read_days, node_gpus,
      used_gpu_hours, covered_gpu_hours, overflow_gpu_hours, committed_cost, overflow_cost, total_cost, actual_cost,
      difference_to_actual, currency, is_cheapest
    from marts.fct_reservation_scenarios
    `,
  );
  expect(sorted(scenarios)).toEqual(sorted(expectedScenarios(organization)));

  const millionths = (column: string, name: string) =>
    `round(${column} * 1000000)::bigint::varchar as ${name}`;
  const trend = await byKey(
    analytics,
    `
    select
      to_json([usage_date::varchar, scope, scope_value])::varchar as key, gpu_hours, mean_7d, mean_28d,
      ${millionths("week_on_week", "week_millionths")}, ${millionths("month_on_month", "month_millionths")},
      month_to_date, previous_month_to_date, ${millionths("month_to_date_change", "month_to_date_millionths")}
    from marts.fct_gpu_hours_trend
    where not is_forecast
    `,
  );
  expect(sorted(trend)).toEqual(sorted(expectedTrend(organization)));

  const periods = await byKey(
    analytics,
    `
    select
      to_json([period, period_start::varchar, scope, scope_value])::varchar as key, period_end, gpu_hours,
      days::integer as days, known_days::integer as known_days, is_over, is_whole, daily_mean, previous_gpu_hours,
      change, ${millionths("change_ratio", "change_millionths")},
      ${millionths("daily_mean_change_ratio", "daily_mean_change_millionths")}
    from marts.fct_gpu_hours_by_period
    `,
  );
  expect(sorted(periods)).toEqual(sorted(expectedPeriods(organization)));

  const findings = await byKey(
    analytics,
    `
    select
      rule_id || ' ' || resource_id as key, idle_since, idle_days::integer as idle_days, monthly_waste, currency,
      counted_monthly_waste, overlaps_rule_id, status, suppressed_until, first_seen_at, last_seen_at
    from marts.fct_idle_findings
    `,
  );
  const expected = expectedFindings(organization);
  expect(sorted(findings)).toEqual(sorted(expected));
  for (const key of expected.keys()) rulesThatFound.add(key.split(" ")[0] ?? "");
}

test("for any organisation, hours, costs, reservations and findings equal an independent computation", async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const projectCount = g(fc.integer, { min: 3, max: 6 });
      await check(randomOrganization(g, { projectCount, rowsPerProject: 30 }));
    }),
    { seed, numRuns: 4, endOnFailure: true },
  );
});

test("so they do for one of three hundred projects", async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), (g) => check(randomOrganization(g, { projectCount: 300, rowsPerProject: 8 }))),
    { seed, numRuns: 1, endOnFailure: true },
  );
});

// Another seed may draw organisations in which a rule finds nothing.
test.skipIf(process.env.TALLY_TEST_SEED)("and every idle rule found something in them", () => {
  const missing = [...idleRules.keys()].filter((rule) => !rulesThatFound.has(rule));
  expect(missing).toEqual([]);
});
