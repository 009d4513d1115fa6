import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { ConfigError } from "../../src/errors/config-error.ts";
import { buildOrganization, openOrganization, type TestOrganization } from "./organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

const upToCost = { select: "+fct_cost_daily" };
const buildCost = (organization: TestOrganization) => buildOrganization(organization, upToCost);
const header =
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to";
const prices = (...lines: string[]) => ({ "prices.csv": [header, ...lines].join("\n") });
const usage = (more: Record<string, unknown>) => ({
  usage_date: "2026-11-01",
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: "100",
  ...more,
});
const costs =
  "select unit_price::double as unit_price, cost, list_cost, currency, price_source from marts.fct_cost_daily";

test("cost is quantity times the price in force that day, to the last of ten places", async () => {
  const analytics = await buildCost({
    rows: {
      usage: [
        usage({ usage_date: "2026-10-31", quantity: "0.333333333333" }),
        usage({ usage_date: "2026-11-01", quantity: "0.333333333333" }),
        usage({ usage_date: "2026-11-02", quantity: "0.333333333333" }),
      ],
    },
    files: prices(
      "h100-80gb-sxm-ib.8x,gpu-hours,,,,3.90,USD,2025-09-01,2026-10-31",
      "h100-80gb-sxm-ib.8x,gpu-hours,,,,3.60,EUR,2026-11-01,2026-11-01",
    ),
  });
  expect(await analytics.all(`${costs} order by usage_date`)).toEqual([
    // 0.333333333333 × 3.9 = 1.2999999999987
    {
      unit_price: 3.9,
      cost: "1.3000000000",
      list_cost: "1.3000000000",
      currency: "USD",
      price_source: "prices.csv:2",
    },
    // 0.333333333333 × 3.6 = 1.1999999999988
    {
      unit_price: 3.6,
      cost: "1.2000000000",
      list_cost: "1.2000000000",
      currency: "EUR",
      price_source: "prices.csv:3",
    },
    { unit_price: null, cost: null, list_cost: null, currency: "USD", price_source: null },
  ]);
});

test("usage without a price has no cost, and is there all the same", async () => {
  const analytics = await buildCost({ rows: { usage: [usage({})] } });
  expect(
    await analytics.all(
      "select quantity, gpu_hours, unit_price, cost, list_cost, price_source from marts.fct_cost_daily",
    ),
  ).toEqual([
    {
      quantity: "100.000000000000",
      gpu_hours: "100.000000000000",
      unit_price: null,
      cost: null,
      list_cost: null,
      price_source: null,
    },
  ]);
});

test("the most specific price holds: reservation, then project, type, region and metric", async () => {
  const all = { project_id: "p", region: "us-east1", reservation_id: "r" };
  const lines = [
    ",,,,,1,,,",
    ",gpu-hours,,,,2,,,",
    ",,,us-east1,,3,,,",
    ",gpu-hours,,us-east1,,4,,,",
    "h100-80gb-sxm-ib.8x,,,,,5,,,",
    "h100-80gb-sxm-ib.8x,gpu-hours,,us-east1,,6,,,",
    ",,p,,,7,,,",
    "h100-80gb-sxm-ib.8x,gpu-hours,p,us-east1,,8,,,",
    ",,,,r,9,,,",
  ];
  for (let count = 1; count <= lines.length; count++) {
    const files = prices(...lines.slice(0, count));
    const analytics = await buildOrganization({ rows: { usage: [usage(all)] }, files }, upToCost);
    expect(await analytics.all("select unit_price::integer as unit_price from marts.fct_cost_daily")).toEqual(
      [{ unit_price: count }],
    );
  }
});

test("the list price is the best for neither one project nor one reservation", async () => {
  const analytics = await buildCost({
    rows: { usage: [usage({ project_id: "p", reservation_id: "r" })] },
    files: prices("h100-80gb-sxm-ib.8x,,,,,3.5,,,", ",,p,,,2,,,", ",,,,r,1.25,,,", ",,,,,9,,,"),
  });
  expect(await analytics.all(costs)).toEqual([
    {
      unit_price: 1.25,
      cost: "125.0000000000",
      list_cost: "350.0000000000",
      currency: "USD",
      price_source: "prices.csv:4",
    },
  ]);
});

test("a list price in another currency is no list cost", async () => {
  const analytics = await buildCost({
    rows: { usage: [usage({ project_id: "p" })] },
    files: prices(",,p,,,2,EUR,,", ",,,,,9,USD,,"),
  });
  expect(await analytics.all(costs)).toMatchObject([
    { cost: "200.0000000000", list_cost: null, currency: "EUR" },
  ]);
});

test("prices match types, metrics and regions without regard to case and spelling, and are called by their label", async () => {
  const analytics = await buildCost({
    rows: { usage: [usage({ billable_metric: "GPU_HOURS", region: "US-East1" })] },
    files: {
      ...prices("H100-80GB-SXM-IB.8X,Gpu Hours,,us-EAST1,,2,usd,,"),
      "tally.toml": '[prices]\nlabel = "Sample prices"\ncurrency = "EUR"\n',
    },
  });
  expect(await analytics.all(costs)).toEqual([
    {
      unit_price: 2,
      cost: "200.0000000000",
      list_cost: "200.0000000000",
      currency: "USD",
      price_source: "Sample prices:2",
    },
  ]);
});

test("a price without a currency is in that of tally.toml", async () => {
  const analytics = await buildCost({
    rows: { usage: [usage({})] },
    files: { ...prices(",,,,,2,,,"), "tally.toml": '[prices]\ncurrency = "EUR"\n' },
  });
  expect(await analytics.all(costs)).toMatchObject([{ currency: "EUR" }]);
});

test("two equally specific prices of the same days are refused with both lines", async () => {
  const overlapping = [
    ["h100.8x,gpu-hours,,,,3,,2026-01-01,2026-06-30", "H100.8x,GPU_HOURS,,,,4,,2026-06-30,"],
    [",,p,,,3,,,", "", ",,p,,,4,,2026-06-30,"],
    [",,,,,3,USD,,", "# a note", ",,,,,3,EUR,,"],
  ];
  const named = ["lines 2 and 3", "lines 2 and 4", "lines 2 and 4"];
  for (const [at, lines] of overlapping.entries()) {
    const analytics = await openOrganization({ files: prices(...lines) });
    const refused = await analytics.build().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).message).toContain(named[at]);
    expect((refused as ConfigError).message).toContain("prices.csv");
  }
});

test("prices that follow each other day by day, or differ in what they name, are no overlap", async () => {
  const analytics = await openOrganization({
    files: prices(
      "h100.8x,gpu-hours,,,,3,,2026-01-01,2026-06-30",
      "h100.8x,gpu-hours,,,,4,,2026-07-01,",
      "h100.8x,instance-hours,,,,4,,,",
      "h100.8x,gpu-hours,,us-east1,,4,,,",
    ),
  });
  await analytics.build();
});

test("the cost centre is the one in force on the day", async () => {
  const analytics = await buildCost({
    rows: {
      usage: [
        usage({ project_id: "alpha", usage_date: "2026-10-31" }),
        usage({ project_id: "alpha", usage_date: "2026-11-01" }),
        usage({ project_id: "beta", usage_date: "2026-11-01" }),
      ],
    },
    files: {
      "cost-centres.csv":
        "project_id,cost_centre,owner,effective_from,effective_to\nalpha,A,,,2026-10-31\nalpha,B,,2026-11-01,\n",
    },
  });
  expect(
    await analytics.all("select project_id, usage_date, cost_centre from marts.fct_cost_daily order by 1, 2"),
  ).toEqual([
    { project_id: "alpha", usage_date: "2026-10-31", cost_centre: "A" },
    { project_id: "alpha", usage_date: "2026-11-01", cost_centre: "B" },
    { project_id: "beta", usage_date: "2026-11-01", cost_centre: null },
  ]);
});

interface PriceRow {
  resource_type: string | null;
  billable_metric: string | null;
  project_id: string | null;
  region: string | null;
  reservation_id: string | null;
  price: bigint;
  from: number;
  to: number;
}

const dayText = (offset: number) => new Date(Date.UTC(2026, 0, 1 + offset)).toISOString().slice(0, 10);

/** The rule as design and brief state it, in integers: independent of the SQL under test. */
function bestPrice(
  rows: readonly PriceRow[],
  used: Record<string, string | null>,
  day: number,
): bigint | null {
  let best: { weight: number; price: bigint } | null = null;
  const weights: [keyof PriceRow, number][] = [
    ["reservation_id", 16],
    ["project_id", 8],
    ["resource_type", 4],
    ["region", 2],
    ["billable_metric", 1],
  ];
  for (const row of rows) {
    if (day < row.from || day > row.to) continue;
    if (!weights.every(([key]) => row[key] === null || row[key] === used[key])) continue;
    const weight = weights.reduce((sum, [key, value]) => sum + (row[key] === null ? 0 : value), 0);
    if (!best || weight > best.weight) best = { weight, price: row.price };
  }
  return best?.price ?? null;
}

/** quantity in 10^-12 times price in 10^-8, rounded half up to 10^-10. */
function costOf(quantity: bigint, price: bigint): bigint {
  return (quantity * price + 5_000_000_000n) / 10_000_000_000n;
}

const scaled = (value: bigint, places: number) => {
  const digits = value.toString().padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};

test("for any prices and usage, cost equals an independent computation to the last place", async () => {
  const optional = (...values: string[]) => fc.constantFrom(null, ...values);
  const priceRow = fc.record({
    resource_type: optional("t1", "t2"),
    billable_metric: optional("gpu-hours", "instance-hours"),
    project_id: optional("p1", "p2"),
    region: optional("r1", "r2"),
    reservation_id: optional("v1"),
    price: fc.bigInt(0n, 10n ** 12n),
    from: fc.integer({ min: 0, max: 20 }),
    length: fc.integer({ min: 0, max: 12 }),
  });
  const usageRow = fc.record({
    resource_type: fc.constantFrom("t1", "t2"),
    billable_metric: fc.constantFrom("gpu-hours", "instance-hours"),
    project_id: fc.constantFrom("p1", "p2"),
    region: fc.constantFrom("r1", "r2"),
    reservation_id: optional("v1", "v2"),
    day: fc.integer({ min: 0, max: 30 }),
    quantity: fc.bigInt(0n, 10n ** 18n),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(priceRow, { maxLength: 25 }),
      fc.uniqueArray(usageRow, {
        maxLength: 40,
        selector: ({ quantity, ...key }) => JSON.stringify(key),
      }),
      async (candidates, used) => {
        const rows: PriceRow[] = [];
        for (const { length, ...row } of candidates) {
          const next = { ...row, to: row.from + length };
          const names = (item: PriceRow) =>
            JSON.stringify([
              item.resource_type,
              item.billable_metric,
              item.project_id,
              item.region,
              item.reservation_id,
            ]);
          if (
            rows.some(
              (other) => names(other) === names(next) && other.from <= next.to && next.from <= other.to,
            )
          )
            continue;
          rows.push(next);
        }
        const analytics = await openOrganization({
          files: prices(
            ...rows.map((row) =>
              [
                row.resource_type,
                row.billable_metric,
                row.project_id,
                row.region,
                row.reservation_id,
                scaled(row.price, 8),
                "USD",
                dayText(row.from),
                dayText(row.to),
              ]
                .map((cell) => cell ?? "")
                .join(","),
            ),
          ),
        });
        await analytics.insert(
          "usage",
          used.map(({ day, quantity, ...row }) => ({
            ...row,
            usage_date: dayText(day),
            quantity: scaled(quantity, 12),
          })),
        );
        await analytics.build(upToCost);
        const found = await analytics.all(`
          select resource_type, billable_metric, project_id, region, reservation_id, usage_date, cost
          from marts.fct_cost_daily
        `);
        const byKey = (items: { key: string; cost: string | null }[]) =>
          items.sort((a, b) => (a.key < b.key ? -1 : 1));
        const key = (row: Record<string, unknown>, date: string) =>
          [row.resource_type, row.billable_metric, row.project_id, row.region, row.reservation_id, date].join(
            "|",
          );
        const expected = used.map(({ day, quantity, ...row }) => {
          const price = bestPrice(rows, row, day);
          return {
            key: key(row, dayText(day)),
            cost: price === null ? null : scaled(costOf(quantity, price), 10),
          };
        });
        expect(
          byKey(
            found.map((row) => ({ key: key(row, String(row.usage_date)), cost: row.cost as string | null })),
          ),
        ).toEqual(byKey(expected));
      },
    ),
    { numRuns: 12 },
  );
});
