import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { ConfigError } from "../../src/errors/config-error.ts";
import { dayText } from "./exact-text.ts";
import { forecastDays } from "./independent-budgets.ts";
import { buildOrganization, openOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 180_000 });

const upToBudgets = { select: "+fct_budget_status,+fct_budget_burn_down,+fct_budget_forecast_accuracy" };
const dayMs = 86_400_000;
const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const timeOf = (date: string) => Date.parse(`${date}T00:00:00Z`);
const datesOf = (from: string, to: string) => {
  const dates = [];
  for (let time = timeOf(from); time <= timeOf(to); time += dayMs) dates.push(dateOf(time));
  return dates;
};
const usage = (project_id: string, usage_date: string, quantity: string, more = {}) => ({
  project_id,
  usage_date,
  quantity,
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  ...more,
});
const read = (project_id: string, window_from: string, window_to: string, more = {}) => ({
  stream: "usage",
  project_id,
  window_from,
  window_to,
  attempted_at: `${window_to} 23:59:59`,
  ...more,
});

test("each month says what it came to beside its budget: past, current, to come and without one", async () => {
  const now = "2026-11-16T06:00:00Z";
  const patternOf = (date: string) => {
    const weekday = new Date(timeOf(date)).getUTCDay();
    const base = weekday === 0 || weekday === 6 ? 40 : 100;
    return date >= "2026-11-09" ? 2 * base : base;
  };
  const analytics = await buildOrganization(
    {
      now,
      rows: {
        read_windows: ["alpha", "beta", "gamma", "delta", "epsilon", "other"].map((project) =>
          read(project, "2026-10-01", "2026-11-16", { attempted_at: now.slice(0, 19) }),
        ),
        usage: [
          ...datesOf("2026-10-19", "2026-11-15").map((date) => usage("alpha", date, String(patternOf(date)))),
          usage("alpha", "2026-11-16", "10"),
          usage("epsilon", "2026-11-16", "3"),
          usage("beta", "2026-10-31", "700.5"),
          usage("gamma", "2026-10-02", "5"),
          usage("gamma", "2026-11-02", "6", { resource_type: "t4.1x" }),
          usage("other", "2026-10-02", "1"),
        ],
      },
      files: {
        "prices.csv": "resource_type,unit_price\nh100.8x,1\n",
        "cost-centres.csv":
          "project_id,cost_centre,effective_from,effective_to\nalpha,A,,\nbeta,B,,2026-10-31\nbeta,C,2026-11-01,\ngamma,G,,\ndelta,D,,\nepsilon,E,,\n",
        "budgets.csv": [
          "cost_centre,month,amount",
          "A,2026-10,940",
          "A,2026-11,4299.99",
          "A,2026-12,1",
          "B,2026-10,700.49",
          "B,2026-11,100",
          "D,2026-09,5",
          "D,2026-10,0",
          "D,2026-11,7",
          "E,2026-11,90",
          "G,2026-11,100",
          ",2026-10,2000",
        ].join("\n"),
      },
    },
    upToBudgets,
  );
  const status = await analytics.all(`
    select scope, cost_centre, month, budget::double as budget, actual::double as actual, forecast::double as forecast,
      remaining::double as remaining, status, message
    from marts.fct_budget_status order by scope, cost_centre nulls first, month`);
  expect(status.map(Object.values)).toEqual([
    ["all", null, "2026-10-01", 2000, 1826.5, 1826.5, 173.5, "within", null],
    // B's one day makes Saturdays usually 225.125, and the last week 1,160 where 900.125 are usual.
    [
      "all",
      null,
      "2026-11-01",
      null,
      1793,
      4261.088742,
      null,
      "no_budget",
      "Usage without a price is not in it.",
    ],
    // Projects without a cost centre.
    ["cost_centre", null, "2026-10-01", null, 1, 1, null, "no_budget", null],
    ["cost_centre", null, "2026-11-01", null, 0, 0, null, "no_budget", null],
    // 10 weekdays and 3 days of weekends in October. In November 1,780 are known before today, and the last week was 1.6
    // times the usual: 11 weekdays at 200 and 4 days of weekends at 80 are to come.
    ["cost_centre", "A", "2026-10-01", 940, 1120, 1120, -180, "over", null],
    ["cost_centre", "A", "2026-11-01", 4299.99, 1790, 4300, 2509.99, "at_risk", null],
    ["cost_centre", "A", "2026-12-01", 1, null, null, null, "upcoming", null],
    ["cost_centre", "B", "2026-10-01", 700.49, 700.5, 700.5, -0.01, "over", null],
    ["cost_centre", "B", "2026-11-01", 100, 0, 0, 100, "on_track", null],
    // Before anything was read nothing is known, and a budget of 0 holds as long as nothing costs anything.
    ["cost_centre", "D", "2026-09-01", 5, null, null, null, "unknown", null],
    ["cost_centre", "D", "2026-10-01", 0, 0, 0, 0, "within", null],
    // What never cost anything is expected to cost nothing; what did so for the first time today may cost anything.
    ["cost_centre", "D", "2026-11-01", 7, 0, 0, 7, "on_track", null],
    [
      "cost_centre",
      "E",
      "2026-11-01",
      90,
      3,
      null,
      87,
      "on_track",
      "There is too little history for a forecast.",
    ],
    ["cost_centre", "G", "2026-10-01", null, 5, 5, null, "no_budget", null],
    ["cost_centre", "G", "2026-11-01", 100, null, 0, null, "on_track", "Usage without a price is not in it."],
  ]);
  const burnDown = await analytics.all(`
    select usage_date, is_forecast, cost::double as cost, cost_to_date::double as cost_to_date, remaining::double as remaining, even_remaining
    from marts.fct_budget_burn_down where cost_centre = 'A' and month = '2026-11-01' order by usage_date`);
  expect(burnDown).toHaveLength(30);
  expect(burnDown[0]).toMatchObject({ cost: 40, remaining: 4259.99, even_remaining: "4156.6570000000" });
  expect(burnDown[14]).toMatchObject({ usage_date: "2026-11-15", is_forecast: false, cost_to_date: 1780 });
  expect(burnDown[15]).toMatchObject({
    usage_date: "2026-11-16",
    is_forecast: true,
    cost: 200,
    cost_to_date: 1980,
  });
  expect(burnDown[29]).toMatchObject({
    cost_to_date: 4300,
    remaining: -0.01,
    even_remaining: "0.0000000000",
  });
  // Of a month that was never read nothing is known; nothing is known to come of E, nor what G's second day cost.
  const lastDays = await analytics.all(`
    select cost_centre, month, cost::double as cost, cost_to_date::double as cost_to_date, remaining::double as remaining
    from marts.fct_budget_burn_down
    where cost_centre in ('D', 'E') and usage_date = last_day(month) or cost_centre = 'G' and usage_date = '2026-11-02'
    order by cost_centre, month`);
  expect(lastDays.map(Object.values)).toEqual([
    ["D", "2026-09-01", null, null, null],
    ["D", "2026-10-01", 0, 0, 0],
    ["D", "2026-11-01", 0, 0, 7],
    ["E", "2026-11-01", null, null, null],
    ["G", "2026-11-01", null, 0, 100],
  ]);
});

test("a month of which no day was read whole is unknown, however many days it had before the first reading", async () => {
  const analytics = await buildOrganization(
    {
      now: "2026-11-03T06:00:00Z",
      rows: {
        projects: [{ id: "alpha" }],
        read_windows: [
          read("alpha", "2026-10-30", "2026-10-31", {
            status: "partial",
            attempted_at: "2026-11-02 00:10:00",
          }),
          read("alpha", "2026-11-01", "2026-11-02", { attempted_at: "2026-11-03 00:10:00" }),
        ],
      },
      files: { "budgets.csv": "month,amount\n2026-10,5\n2026-11,5\n" },
    },
    upToBudgets,
  );
  expect(
    await analytics.all(
      "select month, actual, missing_days, status from marts.fct_budget_status order by month",
    ),
  ).toEqual([
    { month: "2026-10-01", actual: null, missing_days: 2, status: "unknown" },
    { month: "2026-11-01", actual: "0.0000000000", missing_days: 0, status: "on_track" },
  ]);
});

test("a cost in another currency counts in the reporting one by its rate, unless it has a budget of its own", async () => {
  const analytics = await buildOrganization(
    {
      rows: {
        usage: [
          usage("alpha", "2026-09-10", "100"),
          usage("alpha", "2026-09-11", "100", { resource_type: "a100.8x" }),
          usage("alpha", "2026-10-10", "100"),
          usage("alpha", "2026-10-11", "100", { resource_type: "a100.8x" }),
          usage("alpha", "2026-10-12", "100", { resource_type: "l40s.8x" }),
        ],
      },
      files: {
        "prices.csv": "resource_type,unit_price,currency\nh100.8x,3,EUR\na100.8x,2,USD\nl40s.8x,1,GBP\n",
        "exchange-rates.csv": "currency,rate\nEUR,1.1\n",
        "cost-centres.csv": "project_id,cost_centre\n,A\n",
        "budgets.csv":
          "cost_centre,month,amount,currency\nA,2026-09,530,USD\nA,2026-10,200,USD\nA,2026-10,299,eur\n",
      },
    },
    upToBudgets,
  );
  expect(
    (
      await analytics.all(
        "select month, currency, budget::double as budget, actual::double as actual, status from marts.fct_budget_status where month < '2026-11-01' order by month, currency",
      )
    ).map(Object.values),
  ).toEqual([
    // 300 EUR at 1.1 and 200 USD
    ["2026-09-01", "USD", 530, 530, "within"],
    ["2026-10-01", "EUR", 299, 300, "over"],
    ["2026-10-01", "GBP", null, 100, "no_budget"],
    ["2026-10-01", "USD", 200, 200, "within"],
  ]);
});

test("two budgets of one cost centre, month and currency are refused with both lines", async () => {
  const cases: [text: string, named: string][] = [
    [
      "A,2026-10,5,\nB,2026-10,5,\nA,2026-10,6,USD",
      "lines 2 and 4: both say the budget of A for 2026-10 in USD",
    ],
    [
      ",2026-10,5,EUR\n,2026-10,5,eur",
      "lines 2 and 3: both say the budget of the whole organisation for 2026-10 in EUR",
    ],
  ];
  for (const [text, named] of cases) {
    const analytics = await openOrganization({
      files: { "budgets.csv": `cost_centre,month,amount,currency\n${text}\n` },
    });
    const refused = await analytics.build({ select: "stg_prices" }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).message).toContain(named);
  }
});

const units = (value: unknown) => BigInt(String(value).replace(".", ""));

/** The forecast as the decision states it: costs in 10^-10 by date, in the month of a date. */
function forecastOf(
  costs: ReadonlyMap<string, bigint>,
  isMissing: (date: string) => boolean,
  firstDate: string,
  asOf: string,
  soFar: (date: string) => bigint,
): bigint | null {
  const dayOf = (date: string) => (timeOf(date) - timeOf(dayText(0))) / dayMs;
  const month = asOf.slice(0, 7);
  const last = dateOf(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0));
  const days = forecastDays(
    {
      costOn: (day) => costs.get(dayText(day)) ?? 0n,
      isRead: (day) => !isMissing(dayText(day)),
      first: dayOf(firstDate),
      asOf: dayOf(asOf),
      soFar: (day) => soFar(dayText(day)),
    },
    dayOf(`${month}-01`),
    dayOf(last),
  );
  return days?.reduce((sum, cost) => sum + cost, 0n) ?? null;
}

test("for any costs and gaps, actual, forecast and back-test equal an independent computation to the last place", async () => {
  const now = "2026-11-12";
  const dates = datesOf("2026-08-20", now);
  const centre = fc.record({
    // A price of 1, so that a quantity of ten places is its cost.
    costs: fc.array(fc.option(fc.bigInt(1n, 10n ** 16n), { nil: null, freq: 4 }), {
      minLength: dates.length,
      maxLength: dates.length,
    }),
    missing: fc.uniqueArray(fc.nat({ max: dates.length - 2 }), { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(centre, { minLength: 3, maxLength: 3 }), async (centres) => {
      const decimal = (value: bigint) =>
        `${value / 10n ** 10n}.${String(value % 10n ** 10n).padStart(10, "0")}`;
      const analytics = await openOrganization({
        now: `${now}T06:00:00Z`,
        files: {
          "prices.csv": "unit_price\n1\n",
          "cost-centres.csv": `project_id,cost_centre\n${centres.map((_, at) => `p${at},C${at}`).join("\n")}\n`,
          "budgets.csv": `cost_centre,month,amount\n${centres.map((_, at) => `C${at},2026-11,5000000`).join("\n")}\n`,
        },
      });
      for (const [at, { costs, missing }] of centres.entries()) {
        await analytics.insert(
          "usage",
          dates.flatMap((date, index) => {
            const cost = costs[index] ?? null;
            return cost === null ? [] : [usage(`p${at}`, date, decimal(cost))];
          }),
        );
        await analytics.insert("read_windows", [
          read(`p${at}`, dates[0] ?? "", now, { attempted_at: `${now} 06:00:00` }),
          ...missing.map((index) =>
            read(`p${at}`, dates[index] ?? "", dates[index] ?? "", {
              status: "partial",
              attempted_at: `${now} 06:00:01`,
            }),
          ),
        ]);
      }
      await analytics.build(upToBudgets);
      const months = ["2026-08", "2026-09", "2026-10", "2026-11"];
      const found = await analytics.all(
        "select cost_centre, month, actual, forecast from marts.fct_budget_status where cost_centre is not null",
      );
      const tested = await analytics.all(
        "select cost_centre, as_of_date, forecast, actual from marts.fct_budget_forecast_accuracy where cost_centre is not null",
      );
      for (const [at, { costs, missing }] of centres.entries()) {
        const known = new Map(
          dates.flatMap((date, index) => {
            const cost = costs[index] ?? null;
            return cost === null ? [] : [[date, cost] as const];
          }),
        );
        const firstDate = [...known.keys()].sort()[0];
        if (firstDate === undefined) continue;
        const gaps = new Set(missing.map((index) => dates[index]));
        const isMissing = (date: string) => gaps.has(date);
        const total = (month: string) =>
          [...known].reduce((sum, [date, cost]) => (date.startsWith(month) ? sum + cost : sum), 0n);
        for (const month of months) {
          const row = found.find((each) => each.cost_centre === `C${at}` && each.month === `${month}-01`);
          if (row) expect(units(row.actual ?? "0")).toBe(total(month));
          if (month === "2026-11" && firstDate < now) {
            const forecast = forecastOf(known, isMissing, firstDate, now, (date) => known.get(date) ?? 0n);
            if (forecast !== null) expect(units(row?.forecast)).toBe(forecast);
          }
        }
        // The back-test sees nothing that came later, and judges whole months only.
        for (const asOf of [
          "2026-09-08",
          "2026-09-15",
          "2026-09-22",
          "2026-10-08",
          "2026-10-15",
          "2026-10-22",
        ]) {
          const row = tested.find((each) => each.cost_centre === `C${at}` && each.as_of_date === asOf);
          const isWhole = ![...gaps].some((date) => date?.startsWith(asOf.slice(0, 7)));
          const forecast = firstDate < asOf ? forecastOf(known, isMissing, firstDate, asOf, () => 0n) : null;
          expect(row !== undefined).toBe(isWhole && forecast !== null);
          if (row)
            expect([units(row.forecast), units(row.actual)]).toEqual([forecast, total(asOf.slice(0, 7))]);
        }
      }
    }),
    { numRuns: 3, endOnFailure: true },
  );
});
