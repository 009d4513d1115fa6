import { appendFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { buildOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 120_000 });

const upToUnpriced = { select: "+fct_unpriced_usage" };
const usage = (more: Record<string, unknown>) => ({
  usage_date: "2026-11-01",
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  quantity: "100",
  ...more,
});
const header =
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to";

test("usage without a price is listed by what a line of prices.csv would name, with its days and that line", async () => {
  const analytics = await buildOrganization(
    {
      rows: {
        usage: [
          usage({ usage_date: "2026-10-01", quantity: "0.5" }),
          usage({ usage_date: "2026-10-02", resource_type: "H100.8x", project_id: "beta" }),
          usage({ usage_date: "2026-10-10" }),
          usage({ usage_date: "2026-10-21", quantity: "7" }),
          usage({ usage_date: "2026-10-21", reservation_id: "res", quantity: "8" }),
          usage({ usage_date: "2026-10-22", quantity: "0" }),
        ],
      },
      files: {
        "prices.csv": `${header}\nh100.8x,gpu-hours,,,,2,,2026-10-05,2026-10-20\nh100.8x,gpu-hours,gamma,,,2,,2026-10-03,2026-10-04`,
      },
    },
    upToUnpriced,
  );
  expect(
    await analytics.all(
      "select * exclude (gpu_type) from marts.fct_unpriced_usage order by reservation_id nulls first, first_usage_date",
    ),
  ).toEqual([
    {
      resource_type: "H100.8x",
      billable_metric: "gpu-hours",
      reservation_id: null,
      pricing_category: "on_demand",
      first_usage_date: "2026-10-01",
      last_usage_date: "2026-10-02",
      usage_days: 2,
      project_count: 2,
      quantity: "100.500000000000",
      gpu_hours: "100.500000000000",
      price_line: "H100.8x,gpu-hours,,,,,USD,2026-10-01,2026-10-04",
    },
    {
      resource_type: "h100.8x",
      billable_metric: "gpu-hours",
      reservation_id: null,
      pricing_category: "on_demand",
      first_usage_date: "2026-10-21",
      last_usage_date: "2026-10-21",
      usage_days: 1,
      project_count: 1,
      quantity: "7.000000000000",
      gpu_hours: "7.000000000000",
      price_line: "h100.8x,gpu-hours,,,,,USD,2026-10-21,",
    },
    {
      resource_type: "h100.8x",
      billable_metric: "gpu-hours",
      reservation_id: "res",
      pricing_category: "committed",
      first_usage_date: "2026-10-21",
      last_usage_date: "2026-10-21",
      usage_days: 1,
      project_count: 1,
      quantity: "8.000000000000",
      gpu_hours: "8.000000000000",
      price_line: "h100.8x,gpu-hours,,,res,,USD,2026-10-21,",
    },
  ]);
});

test("each line prices what it stands for once its price is filled in, whatever the names and the order of columns", async () => {
  const names = [
    "=cmd|' /C calc'!A0",
    '"quoted", with comma',
    "two\nlines",
    "# no comment",
    "  blanks around  ",
    "ünïcode-Ⅷ.8x",
    "'; drop table prices; --",
    "<script>alert(1)</script>",
    "semi;colon\ttab",
  ];
  for (const columns of [
    header,
    "unit_price,reservation_id,effective_to,resource_type,billable_metric,pricing_category",
  ]) {
    const analytics = await buildOrganization(
      {
        rows: {
          usage: names.flatMap((name, at) => [
            usage({ resource_type: name, usage_date: "2026-10-01" }),
            usage({ resource_type: name, usage_date: "2026-10-09", reservation_id: `${name} ${at}` }),
            usage({ resource_type: "plain", billable_metric: name }),
            usage({ resource_type: `${name} spot` }),
          ]),
        },
        files: { "prices.csv": `${columns}\n` },
      },
      upToUnpriced,
    );
    const lines = await analytics.all("select price_line from marts.fct_unpriced_usage order by price_line");
    expect(lines.length).toBe(4 * names.length);
    const priceAt = columns.split(",").indexOf("unit_price");
    for (const { price_line: line } of lines) {
      appendFileSync(analytics.context.workspace.csv.prices, `${withPrice(String(line), priceAt)}\n`);
    }
    await analytics.build(upToUnpriced);
    expect(await analytics.all("select count(*)::integer as n from marts.fct_unpriced_usage")).toEqual([
      { n: 0 },
    ]);
    expect(
      await analytics.all("select distinct unit_price::integer as unit_price from marts.fct_cost_daily"),
    ).toEqual([{ unit_price: 3 }]);
  }
});

/** Fills the cell that a user would fill: it stands behind so many commas that are outside quotes. */
function withPrice(line: string, cell: number): string {
  let commas = 0;
  let isQuoted = false;
  for (let at = 0; at <= line.length; at++) {
    if (commas === cell && !isQuoted) return `${line.slice(0, at)}3${line.slice(at)}`;
    if (line[at] === '"') isQuoted = !isQuoted;
    if (line[at] === "," && !isQuoted) commas++;
  }
  throw new Error(`The line has no cell ${cell}: ${line}`);
}
