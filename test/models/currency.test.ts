import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { ConfigError } from "../../src/errors/config-error.ts";
import { buildOrganization, openOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 120_000 });

const upToCost = { select: "+fct_cost_daily,+fct_unconverted_cost" };
const usage = (more: Record<string, unknown>) => ({
  usage_date: "2026-11-01",
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  quantity: "100",
  ...more,
});

test("a cost stays in its currency, and stands in the reporting currency beside it where a rate is in force", async () => {
  const analytics = await buildOrganization({
    rows: {
      usage: [
        usage({ usage_date: "2026-10-30" }),
        usage({ usage_date: "2026-10-31" }),
        usage({}),
        usage({ resource_type: "a100.8x", usage_date: "2026-10-30" }),
        usage({ resource_type: "t4.1x" }),
      ],
    },
    files: {
      "prices.csv":
        "resource_type,unit_price,currency,project_id\nh100.8x,2.5,EUR,\nh100.8x,2.25,EUR,alpha\na100.8x,2,,\n",
      "exchange-rates.csv": "rate,currency,effective_from,effective_to\n1.0850,eur,2026-10-31,2026-10-31\n",
    },
  });
  expect(
    await analytics.all(`
      select resource_type, usage_date, cost, currency, exchange_rate, cost_reporting, list_cost_reporting, reporting_currency
      from marts.fct_cost_daily order by 1, 2
    `),
  ).toEqual([
    {
      resource_type: "a100.8x",
      usage_date: "2026-10-30",
      cost: "200.0000000000",
      currency: "USD",
      exchange_rate: "1.0000000000",
      cost_reporting: "200.0000000000",
      list_cost_reporting: "200.0000000000",
      reporting_currency: "USD",
    },
    ...["2026-10-30", "2026-10-31", "2026-11-01"].map((date) => ({
      resource_type: "h100.8x",
      usage_date: date,
      cost: "225.0000000000",
      currency: "EUR",
      exchange_rate: date === "2026-10-31" ? "1.0850000000" : null,
      // 225 × 1.085 and 250 × 1.085
      cost_reporting: date === "2026-10-31" ? "244.1250000000" : null,
      list_cost_reporting: date === "2026-10-31" ? "271.2500000000" : null,
      reporting_currency: "USD",
    })),
    {
      resource_type: "t4.1x",
      usage_date: "2026-11-01",
      cost: null,
      currency: "USD",
      exchange_rate: "1.0000000000",
      cost_reporting: null,
      list_cost_reporting: null,
      reporting_currency: "USD",
    },
  ]);
  expect(await analytics.all("select * from marts.fct_unconverted_cost order by first_usage_date")).toEqual([
    {
      currency: "EUR",
      reporting_currency: "USD",
      first_usage_date: "2026-10-30",
      last_usage_date: "2026-10-30",
      usage_days: 1,
      cost: "225.0000000000",
      rate_line: ",EUR,2026-10-30,2026-10-30",
    },
    {
      currency: "EUR",
      reporting_currency: "USD",
      first_usage_date: "2026-11-01",
      last_usage_date: "2026-11-01",
      usage_days: 1,
      cost: "225.0000000000",
      rate_line: ",EUR,2026-11-01,",
    },
  ]);
  expect(
    await analytics.all("select severity, failing_rows from meta.test where test_name = 'cost_is_converted'"),
  ).toEqual([{ severity: "warn", failing_rows: "2" }]);
});

test("rates that overlap, a rate of 0 and one of the reporting currency are refused with their lines", async () => {
  const cases: [text: string, place: string][] = [
    [
      "EUR,1.1,2026-01-01,2026-06-30\neur,1.2,2026-06-30,",
      "lines 2 and 3: both say the rate of EUR on the same days",
    ],
    ["EUR,1.1,,\n\nEUR,1.1,,", "lines 2 and 4"],
    ["EUR,0.00,,", 'line 2, column rate: "0.00" is 0'],
    ["EUR,,,", "line 2, column rate: the cell is empty"],
    ["EUR,1.12345678901,,", "line 2, column rate"],
    ["GBP,1.3,,\nCHF,1,,", "line 3, column currency: CHF is the currency that costs are reported in"],
  ];
  for (const [text, place] of cases) {
    const analytics = await openOrganization({
      files: {
        "exchange-rates.csv": `currency,rate,effective_from,effective_to\n${text}\n`,
        "tally.toml": '[prices]\ncurrency = "CHF"\n',
      },
    });
    const refused = await analytics.build({ select: "stg_prices" }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).message).toContain("exchange-rates.csv");
    expect((refused as ConfigError).message).toContain(place);
  }
});

const decimal = (value: bigint, places: number) => {
  const digits = value.toString().padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};

test("for any rates, the converted cost equals an independent computation to the last of ten places", async () => {
  const day = (offset: number) => new Date(Date.UTC(2026, 0, 1 + offset)).toISOString().slice(0, 10);
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          length: fc.integer({ min: 1, max: 5 }),
          rate: fc.bigInt(1n, 10n ** 13n),
          isGiven: fc.boolean(),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.array(fc.bigInt(0n, 10n ** 17n), { minLength: 1, maxLength: 12 }),
      fc.bigInt(1n, 10n ** 11n),
      async (stretches, quantities, price) => {
        const rateOf = stretches.flatMap(({ length, rate, isGiven }) =>
          Array.from({ length }, () => (isGiven ? rate : null)),
        );
        let from = 0;
        const lines = stretches.flatMap(({ length, rate, isGiven }) => {
          const line = `EUR,${decimal(rate, 10)},${day(from)},${day(from + length - 1)}`;
          from += length;
          return isGiven ? [line] : [];
        });
        const analytics = await buildOrganization(
          {
            rows: {
              usage: quantities.map((quantity, at) =>
                usage({ usage_date: day(at), quantity: decimal(quantity, 12) }),
              ),
            },
            files: {
              "prices.csv": `unit_price,currency\n${decimal(price, 8)},EUR\n`,
              "exchange-rates.csv": ["currency,rate,effective_from,effective_to", ...lines].join("\n"),
            },
          },
          upToCost,
        );
        const half = 5n * 10n ** 9n;
        const costs = quantities.map((quantity) => (quantity * price + half) / 10n ** 10n);
        const expected = costs.map((cost, at) => {
          const rate = rateOf[at] ?? null;
          return rate === null ? null : decimal((cost * rate + half) / 10n ** 10n, 10);
        });
        const found = await analytics.all(
          "select cost_reporting from marts.fct_cost_daily order by usage_date",
        );
        expect(found.map((row) => row.cost_reporting)).toEqual(expected);
        // What has no rate is listed, all of it.
        const missing = costs.reduce((sum, cost, at) => (rateOf[at] == null ? sum + cost : sum), 0n);
        const [listed] = await analytics.all(
          "select coalesce(sum(cost), 0)::decimal(38, 10) as cost from marts.fct_unconverted_cost",
        );
        expect(listed?.cost).toBe(decimal(missing, 10));
      },
    ),
    { numRuns: 8 },
  );
});
