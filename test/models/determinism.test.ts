import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openOrganization } from "./organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

test("GPU-hours and cost do not depend on the order of rows, the threads, or how history was loaded", async () => {
  const usageRow = fc.record({
    project_id: fc.constantFrom("p1", "p2", "p3"),
    day: fc.integer({ min: 1, max: 28 }),
    resource_type: fc.constantFrom("h100.8x", "a100.4x", "c1a.8x", "persistent-ssd"),
    billable_metric: fc.constantFrom("gpu-hours", "GPU_HOURS", "instance-hours", "VM Hours", "gib-hours"),
    reservation_id: fc.constantFrom(null, "r1"),
    quantity: fc.bigInt(0n, 10n ** 20n),
  });
  const decimal = (value: bigint) => `${value / 10n ** 12n}.${String(value % 10n ** 12n).padStart(12, "0")}`;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(usageRow, {
        minLength: 1,
        maxLength: 60,
        selector: ({ quantity, ...key }) => JSON.stringify(key),
      }),
      fc.integer(),
      async (rows, seed) => {
        const raw = rows.map(({ day, quantity, ...row }) => ({
          ...row,
          usage_date: `2026-10-${String(day).padStart(2, "0")}`,
          quantity: decimal(quantity),
        }));
        const shuffled = [...raw].sort(
          (a, b) => hash(JSON.stringify(a), seed) - hash(JSON.stringify(b), seed),
        );
        // The same knowledge by way of older values that were restated since.
        const restated = shuffled.flatMap((row, at) =>
          at % 2 === 0
            ? [
                {
                  ...row,
                  quantity: "77.7",
                  _known_from: "2026-10-30 00:00:00",
                  _known_to: "2026-11-03 00:10:00",
                },
                row,
              ]
            : [row],
        );
        const results = [];
        for (const [threads, loaded] of [
          [1, raw],
          [3, restated],
        ] as const) {
          const analytics = await openOrganization({
            rows: { usage: loaded },
            files: {
              "tally.toml": `[warehouse]\nthreads = ${threads}\n`,
              "prices.csv":
                "resource_type,billable_metric,unit_price\nh100.8x,gpu-hours,3.33333333\n,instance-hours,0.77777777\n",
            },
          });
          await analytics.build({ select: "+fct_cost_daily,+fct_gpu_hours_trend" });
          results.push({
            cost: await analytics.all("select * from marts.fct_cost_daily order by all"),
            total: await analytics.all(
              "select currency, sum(cost) as cost, sum(quantity) as quantity from marts.fct_cost_daily group by all",
            ),
            trend: await analytics.all("select * from marts.fct_gpu_hours_trend order by all"),
          });
        }
        expect(results[1]).toEqual(results[0]);
        // And GPU-hours are those of integers: num_gpu is in the name of each type.
        const gpus: Record<string, bigint> = { "h100.8x": 8n, "a100.4x": 4n };
        const expected = rows.reduce((sum, row) => {
          if (/^gpu/i.test(row.billable_metric)) return sum + row.quantity;
          if (/instance|vm/i.test(row.billable_metric))
            return sum + row.quantity * (gpus[row.resource_type] ?? 0n);
          return sum;
        }, 0n);
        const hours = (results[0]?.cost ?? []).reduce(
          (sum, row) => sum + BigInt(String(row.gpu_hours ?? "0").replace(".", "")),
          0n,
        );
        expect(hours).toBe(expected);
      },
    ),
    { numRuns: 8 },
  );
});

function hash(text: string, seed: number): number {
  let value = seed | 0;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}
