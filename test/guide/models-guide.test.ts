import { expect, it, vi } from "vitest";
import { openOrganization } from "../models/organization.ts";
import { snippets } from "./snippets.ts";

vi.setConfig({ testTimeout: 120_000 });

const prices = `resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to
h100.8x,gpu-hours,,,,2.5,USD,2026-01-01,2026-11-01
h100.8x,gpu-hours,,,,25,USD,2026-11-02,
`;

it("the table and the test of the guide are built, by day, and find what the guide says", async () => {
  const [table = "", test = ""] = snippets()
    .filter(({ at, language }) => at.startsWith("docs/guide/models.md") && language === "sql")
    .map(({ text }) => text);
  const usage = { resource_type: "h100.8x", billable_metric: "gpu-hours" };
  const analytics = await openOrganization({
    rows: {
      usage: [
        { ...usage, usage_date: "2026-11-01", quantity: 8 },
        { ...usage, usage_date: "2026-11-02", quantity: 2 },
      ],
    },
    files: {
      "prices.csv": prices,
      "sql/marts/fct_gpu_hour_cost_daily.sql": table,
      "sql/tests/no_gpu_hour_is_dear.sql": test,
    },
  });
  const { models, tests } = await analytics.build();
  expect(models.find(({ name }) => name === "fct_gpu_hour_cost_daily")?.rowCount).toBe(2);
  expect(
    await analytics.all(
      "select usage_date, cost::varchar as cost, cost_per_gpu_hour from marts.fct_gpu_hour_cost_daily order by all",
    ),
  ).toEqual([
    { usage_date: "2026-11-01", cost: "20.0000000000", cost_per_gpu_hour: 2.5 },
    { usage_date: "2026-11-02", cost: "50.0000000000", cost_per_gpu_hour: 25 },
  ]);
  expect(tests.find(({ name }) => name === "no_gpu_hour_is_dear")?.failingRows).toBe(1);
});
