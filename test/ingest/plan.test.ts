import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planUsage } from "../../src/ingest/plan.ts";
import { createRawTables } from "../../src/ingest/raw-tables.ts";
import { streamNamed } from "../../src/ingest/streams.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse.ts";

let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openWarehouse(":memory:", { memoryLimit: "256MB", threads: 1 });
  await createRawTables(warehouse);
});

afterAll(() => warehouse.close());

const day = (offset: number) =>
  new Date(Date.parse("2023-11-20T00:00:00Z") + offset * 86_400_000).toISOString().slice(0, 10);

const offsetOf = (date: string) => (Date.parse(date) - Date.parse("2023-11-20")) / 86_400_000;

interface Night {
  /** Nights without a run before this one. */
  missed: number;
  /** Which of the units planned fail, by their position. */
  failing: number[];
}

const nights = fc.array(
  fc.record({
    missed: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(50) }),
    failing: fc.array(fc.nat(4), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("the plan of a night", () => {
  test("over any nights missed or failed, reads each day until it has settled, and none twice at once", async () => {
    let load = 0;
    await fc.assert(
      fc.asyncProperty(nights, fc.integer({ min: 0, max: 40 }), async (runs: Night[], lookbackDays) => {
        await warehouse.run("delete from raw.read_windows");
        // What a plain loop over days and projects remembers of every read.
        const lastRead = new Map<string, { at: number; isComplete: boolean }>();
        const lastComplete = new Map<string, number>();
        let today = 0;
        for (const [index, { missed, failing }] of runs.entries()) {
          today += missed + (index === 0 ? 0 : 1);
          // A project that appears on the second night, so that projects need different days.
          const projects = index === 0 ? ["a"] : ["a", "b"];
          const units = await planUsage(warehouse, {
            stream: streamNamed("usage"),
            organizationId: "o",
            offer: { start: day(-70), end: null, projects, resourceTypes: ["t"], regions: ["r"] },
            today: day(today),
            lookbackDays,
            asked: {},
            urlLength: () => 200,
          });
          const planned = new Set<string>();
          for (const { usage } of units) {
            for (const project of usage?.projects ?? []) {
              const [from, to] = [offsetOf(usage?.window.from ?? ""), offsetOf(usage?.window.to ?? "")];
              for (let offset = from; offset <= to; offset++) {
                const cell = `${project} ${offset}`;
                expect(planned.has(cell), `${cell} is planned twice`).toBe(false);
                planned.add(cell);
              }
            }
          }
          for (const project of projects) {
            for (let offset = -70; offset <= today; offset++) {
              const cell = `${project} ${offset}`;
              const last = lastRead.get(cell);
              const settledAt = offset + Math.max(lookbackDays, 1);
              const isNeeded =
                offset >= today - lookbackDays ||
                !last?.isComplete ||
                (lastComplete.get(cell) ?? Number.NEGATIVE_INFINITY) < settledAt;
              if (isNeeded) expect(planned.has(cell), `${cell} is needed on day ${today}`).toBe(true);
            }
          }
          for (const cell of planned) {
            const offset = Number(cell.split(" ")[1]);
            expect(offset).toBeGreaterThanOrEqual(-70);
            expect(offset).toBeLessThanOrEqual(today);
          }
          for (const [position, { usage }] of units.entries()) {
            const isComplete = !failing.includes(position);
            load++;
            for (const project of usage?.projects ?? []) {
              const { from, to } = usage?.window ?? { from: "", to: "" };
              await warehouse.run(
                `insert into raw.read_windows
                 values ($load, 'run', 'usage', 'o', $project, $from::date, $to::date, $at::timestamp, $status, 0, null, null)`,
                {
                  load: String(load).padStart(9, "0"),
                  project,
                  from,
                  to,
                  at: `${day(today)}T06:00:00`,
                  status: isComplete ? "complete" : "failed",
                },
              );
              for (let offset = offsetOf(from); offset <= offsetOf(to); offset++) {
                const cell = `${project} ${offset}`;
                lastRead.set(cell, { at: today, isComplete });
                if (isComplete) lastComplete.set(cell, today);
              }
            }
          }
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  test("asks a night of fifty settled projects for two windows at most", async () => {
    await warehouse.run("delete from raw.read_windows");
    const projects = Array.from({ length: 50 }, (_, index) => `project-${index}`);
    const plan = (today: string) =>
      planUsage(warehouse, {
        stream: streamNamed("usage"),
        organizationId: "o",
        offer: { start: "2021-01-01", end: null, projects, resourceTypes: ["t"], regions: ["r"] },
        today,
        lookbackDays: 7,
        asked: {},
        urlLength: () => 200,
      });
    await warehouse.run(
      `insert into raw.read_windows
       select '1', 'run', 'usage', 'o', project, '2021-01-01', '2026-11-09', '2026-11-09T06:00:00', 'complete', 0, null, null
       from (select unnest([${projects.map((each) => `'${each}'`).join(", ")}]) as project)`,
    );
    expect((await plan("2026-11-10")).map(({ usage }) => usage?.window)).toEqual([
      { from: "2026-11-03", to: "2026-11-10" },
    ]);
    expect((await plan("2026-12-02")).map(({ usage }) => usage?.window)).toEqual([
      { from: "2026-12-01", to: "2026-12-02" },
      { from: "2026-11-01", to: "2026-11-30" },
    ]);
  });
});
