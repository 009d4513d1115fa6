import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { largestRemainder } from "./independent-allocation.ts";
import { buildOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 180_000 });

const upToAllocation = { select: "+fct_cost_allocated_daily" };
const usage = (project_id: string, quantity: string, more: Record<string, unknown> = {}) => ({
  project_id,
  quantity,
  usage_date: "2026-10-01",
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  ...more,
});
const storage = { resource_type: "persistent-ssd", billable_metric: "gib-hours" };
const reservation = {
  id: "res",
  product_line: "h100.8x",
  quantity: 1,
  contract_start_date: "2026-10-01",
  contract_end_date: "2026-10-02",
  locations: [],
};
const read = ["alpha", "beta", "gamma", "platform"].map((project_id) => ({
  stream: "usage",
  project_id,
  window_from: "2026-10-01",
  window_to: "2026-10-31",
  attempted_at: "2026-11-03 00:10:00",
}));
const parts = `
  select usage_date, shared_cost, project_id, allocation_key, amount::double as amount, cost
  from marts.fct_shared_cost_daily order by usage_date, shared_cost, project_id nulls first`;
const totals = `
  select project_id, direct_cost::double as direct, handed_on_cost::double as handed_on, shared_cost::double as shared,
    unused_reservation_cost::double as unused, total_cost
  from marts.fct_cost_allocated_daily where usage_date = '2026-10-01' order by project_id nulls first`;

test("a platform project's cost and unused reservations are borne by usage, and nothing is lost in a third", async () => {
  const analytics = await buildOrganization({
    rows: {
      projects: ["alpha", "beta", "gamma", "platform"].map((id) => ({ id, name: id })),
      vm_types: [{ product_name: "h100.8x", gpu_type: "H100", num_gpu: 8 }],
      reservations: [reservation],
      read_windows: read,
      usage: [
        usage("alpha", "20"),
        usage("beta", "20"),
        usage("gamma", "20"),
        // The reservation holds 8 × 24 = 192 hours, of which 92 are not used.
        usage("platform", "100", { reservation_id: "res" }),
        usage("platform", "7", { usage_date: "2026-10-02", ...storage }),
        usage("beta", "5", { usage_date: "2026-10-02", ...storage }),
        usage("gamma", "0", { usage_date: "2026-10-02", ...storage }),
        usage("platform", "1", { usage_date: "2026-10-03", ...storage }),
      ],
    },
    files: {
      "prices.csv":
        "resource_type,reservation_id,unit_price\nh100.8x,,3\nh100.8x,res,2\npersistent-ssd,,0.1\n",
      "cost-centres.csv": "project_id,cost_centre\nalpha,A\nbeta,B\n",
      "tally.toml":
        '[[shared_cost]]\nname = "Platform"\nprojects = ["platform"]\nkey = "usage"\n[[shared_cost]]\nname = "Unused"\nunused_reservations = true\nkey = "even"\n',
    },
  });
  expect((await analytics.all(parts)).map(Object.values)).toEqual([
    ["2026-10-01", "Platform", "alpha", "usage", 200, "66.6666666667"],
    ["2026-10-01", "Platform", "beta", "usage", 200, "66.6666666667"],
    ["2026-10-01", "Platform", "gamma", "usage", 200, "66.6666666666"],
    ["2026-10-01", "Unused", "alpha", "even", 184, "61.3333333334"],
    ["2026-10-01", "Unused", "beta", "even", 184, "61.3333333333"],
    ["2026-10-01", "Unused", "gamma", "even", 184, "61.3333333333"],
    // No GPU-hours on that day: evenly among those that used anything.
    ["2026-10-02", "Platform", "beta", "even", 0.7, "0.7000000000"],
    ["2026-10-02", "Unused", "beta", "even", 384, "384.0000000000"],
    // Nobody else used anything.
    ["2026-10-03", "Platform", null, "none", 0.1, "0.1000000000"],
  ]);
  expect((await analytics.all(totals)).map(Object.values)).toEqual([
    ["alpha", 60, 0, 128.0000000001, 0, "188.0000000001"],
    ["beta", 60, 0, 128, 0, "188.0000000000"],
    ["gamma", 60, 0, 127.9999999999, 0, "187.9999999999"],
    ["platform", 200, 200, 0, 0, "0.0000000000"],
  ]);
  expect(
    await analytics.all(
      "select test_name, failing_rows from meta.test where test_name in ('allocation_keeps_the_total', 'shared_cost_is_borne') order by 1",
    ),
  ).toEqual([
    { test_name: "allocation_keeps_the_total", failing_rows: "0" },
    { test_name: "shared_cost_is_borne", failing_rows: "1" },
  ]);
});

test("without a shared cost every project bears its own, and unused reservations are borne by no project", async () => {
  const analytics = await buildOrganization({
    rows: {
      vm_types: [{ product_name: "h100.8x", gpu_type: "H100", num_gpu: 8 }],
      reservations: [reservation],
      read_windows: read,
      usage: [
        usage("alpha", "100", { reservation_id: "res" }),
        usage("beta", "1"),
        usage("gamma", "2", { resource_type: "t4.1x" }),
      ],
    },
    files: { "prices.csv": "resource_type,reservation_id,unit_price\nh100.8x,,3\nh100.8x,res,2\n" },
  });
  expect((await analytics.all(totals)).map(Object.values)).toEqual([
    [null, null, 0, 0, 184, "184.0000000000"],
    ["alpha", 200, 0, 0, 0, "200.0000000000"],
    ["beta", 3, 0, 0, 0, "3.0000000000"],
    ["gamma", null, 0, 0, 0, null],
  ]);
  expect(
    await analytics.all("select project_id from marts.fct_cost_allocated_daily where has_unpriced_usage"),
  ).toEqual([{ project_id: "gamma" }]);
});

test("a typing error in tally.toml or shared-costs.csv is warned about", async () => {
  const analytics = await buildOrganization({
    rows: { usage: [usage("alpha", "1")] },
    files: {
      "tally.toml": '[[shared_cost]]\nname = "Platform"\nprojects = ["platfrom"]\nkey = "fixed"\n',
      "shared-costs.csv": "shared_cost,project_id,share\nPlatform,alpha,1\nplatform,alpha,1\n",
    },
  });
  expect(
    await analytics.all(
      "select severity, failing_rows from meta.test where test_name = 'shared_cost_is_borne'",
    ),
  ).toEqual([{ severity: "warn", failing_rows: "2" }]);
});

const decimal = (value: bigint, places: number) => {
  const digits = value.toString().padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};
const round = (value: bigint, by: bigint) => (value + by / 2n) / by;

test("for any usage, shares, rates and keys, the parts are those of an independent computation and add up to the whole", async () => {
  const bearers = ["p1", "p2", "p3", "p4", "p5"];
  const quantity = fc.bigInt(1n, 10n ** 15n);
  const day = fc.record({
    shared: quantity,
    used: fc.array(fc.option(fc.oneof(quantity, fc.constant(0n)), { nil: null }), {
      minLength: 5,
      maxLength: 5,
    }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(day, { minLength: 10, maxLength: 28 }),
      fc.constantFrom("even", "usage", "fixed"),
      fc.array(fc.option(fc.bigInt(1n, 10n ** 10n), { nil: null }), { minLength: 5, maxLength: 5 }),
      fc.bigInt(1n, 10n ** 10n),
      fc.bigInt(1n, 10n ** 11n),
      async (days, key, shares, price, rate) => {
        const dateOf = (at: number) => `2026-10-${String(at + 1).padStart(2, "0")}`;
        const analytics = await buildOrganization(
          {
            rows: {
              usage: days.flatMap(({ shared, used }, at) => [
                usage("platform", decimal(shared, 12), { usage_date: dateOf(at) }),
                ...used.flatMap((hours, index) =>
                  hours === null
                    ? []
                    : [usage(bearers[index] ?? "", decimal(hours, 12), { usage_date: dateOf(at) })],
                ),
              ]),
            },
            files: {
              "prices.csv": `unit_price,currency\n${decimal(price, 8)},EUR\n`,
              "exchange-rates.csv": `currency,rate\nEUR,${decimal(rate, 10)}\n`,
              "shared-costs.csv": [
                "shared_cost,project_id,share",
                ...shares.flatMap((share, index) =>
                  share === null ? [] : [`Platform,${bearers[index]},${decimal(share, 8)}`],
                ),
              ].join("\n"),
              "tally.toml": `[[shared_cost]]\nname = "Platform"\nprojects = ["platform"]\nkey = "${key}"\n`,
            },
          },
          upToAllocation,
        );
        const expected = days.flatMap(({ shared, used }, at): unknown[][] => {
          const cost = round(shared * price, 10n ** 10n);
          const reporting = round(cost * rate, 10n ** 10n);
          const hours = used.map((value) => (value === null ? 0n : round(value, 10n ** 6n)));
          const usesAny = used.map((value) => value !== null && value > 0n);
          const isByUsage = key === "usage" && hours.some((value) => value > 0n);
          const weights =
            key === "fixed"
              ? shares.map((share) => share ?? 0n)
              : isByUsage
                ? hours
                : usesAny.map((value) => (value ? 1n : 0n));
          if (weights.every((weight) => weight === 0n)) return [[dateOf(at), null, cost, reporting]];
          const [own, converted] = [cost, reporting].map((amount) => largestRemainder(amount, weights));
          return weights.flatMap((weight, index) =>
            weight === 0n ? [] : [[dateOf(at), bearers[index], own?.[index], converted?.[index]]],
          );
        });
        const found = await analytics.all(
          "select usage_date, project_id, cost, cost_reporting from marts.fct_shared_cost_daily order by usage_date, project_id",
        );
        const units = (value: unknown) => BigInt(String(value).replace(".", ""));
        expect(
          found.map((row) => [row.usage_date, row.project_id, units(row.cost), units(row.cost_reporting)]),
        ).toEqual(expected);
        // And nothing is lost over all projects.
        const [sums] = await analytics.all(`
          select
            (select sum(total_cost) from marts.fct_cost_allocated_daily) as allocated,
            (select sum(cost) from marts.fct_cost_daily) as cost,
            (select sum(total_cost_reporting) from marts.fct_cost_allocated_daily) as allocated_reporting,
            (select sum(cost_reporting) from marts.fct_cost_daily) as reporting
        `);
        expect(sums?.allocated).toBe(sums?.cost);
        expect(sums?.allocated_reporting).toBe(sums?.reporting);
      },
    ),
    { numRuns: 4, endOnFailure: true },
  );
});
