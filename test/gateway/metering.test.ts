import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usageByProject, usageByResource } from "../../src/gateway/daily-usage.ts";
import { dateOf, dayOf } from "../../src/gateway/instant.ts";
import { meterResources } from "../../src/gateway/metering.ts";
import { emptyOrganization, type Organization, type Vm } from "../../src/gateway/state.ts";

const day0 = Date.UTC(2024, 1, 27) / 86_400_000;
const secondsOf = (iso: string) => Date.parse(iso) / 1000;

function organizationOf(vms: Partial<Vm>[]): Organization {
  const organization = emptyOrganization({ id: "o", name: "o", now: new Date("2024-03-05T00:00:00Z") });
  organization.vmTypes = [
    {
      productName: "h100-80gb-sxm-ib.8x",
      gpuType: "H100",
      numGpu: 8,
      cpuCores: 176,
      cpuType: "AMD",
      memoryGb: 960,
      memoryType: "RAM",
      diskGb: 0,
      diskType: "NVMe",
      description: "",
    },
  ];
  organization.vms = vms.map((vm, number) => ({
    id: `vm-${number}`,
    name: `vm-${number}`,
    projectId: "p",
    type: "h100-80gb-sxm-ib.8x",
    location: "us-east1-a",
    isSpot: false,
    runs: [],
    reservations: [],
    unmetered: [],
    resets: [],
    failedStarts: [],
    utilisation: null,
    groupId: null,
    templateId: null,
    networkInterface: null,
    infiniband: null,
    createdAt: 0,
    deletedAt: null,
    ...vm,
  }));
  return organization;
}

const usageOf = (organization: Organization, clock: number, fromDay = 0, toDay = dayOf(clock)) =>
  [...usageByResource(meterResources(organization, { gpuMetric: "gpu-hours" }), { fromDay, toDay, clock })]
    .flat()
    .map(({ day, resource, reservationId, quantity }) => ({
      key: `${dateOf(day)} ${resource.resourceId} ${reservationId}`,
      quantity,
    }));

describe("metering", () => {
  it("cuts a run at each UTC midnight, leap day and change of month included", () => {
    const organization = organizationOf([
      { runs: [{ from: secondsOf("2024-02-28T23:59:59Z"), to: secondsOf("2024-03-01T00:00:01Z") }] },
    ]);
    expect(usageOf(organization, secondsOf("2024-03-05T00:00:00Z"))).toEqual([
      { key: "2024-02-28 vm-0 ", quantity: 8 / 3600 },
      { key: "2024-02-29 vm-0 ", quantity: 192 },
      { key: "2024-03-01 vm-0 ", quantity: 8 / 3600 },
    ]);
  });

  it("has no row for a run that ends or begins at midnight on the day that it does not touch", () => {
    const organization = organizationOf([
      { runs: [{ from: secondsOf("2024-02-28T00:00:00Z"), to: secondsOf("2024-02-29T00:00:00Z") }] },
    ]);
    expect(usageOf(organization, secondsOf("2024-03-05T00:00:00Z"))).toEqual([
      { key: "2024-02-28 vm-0 ", quantity: 192 },
    ]);
  });

  it("meters nothing after the clock, and nothing outside of a VM's life", () => {
    const organization = organizationOf([
      { createdAt: secondsOf("2024-03-01T06:00:00Z"), runs: [{ from: 0, to: null }] },
      {
        deletedAt: secondsOf("2024-02-28T01:00:00Z"),
        runs: [{ from: secondsOf("2024-02-28T00:00:00Z"), to: null }],
      },
    ]);
    expect(usageOf(organization, secondsOf("2024-03-01T07:30:00Z"))).toEqual([
      { key: "2024-02-28 vm-1 ", quantity: 8 },
      { key: "2024-03-01 vm-0 ", quantity: 12 },
    ]);
  });

  it("puts hours on the reservation that the VM belonged to at the time, and joins them within a day", () => {
    const at = (hour: number) => secondsOf("2024-03-01T00:00:00Z") + hour * 3600;
    const organization = organizationOf([
      {
        runs: [
          { from: at(1), to: at(2) },
          { from: at(4), to: at(10) },
        ],
        reservations: [
          { from: at(0), to: at(5), reservationId: "r1" },
          { from: at(6), to: at(7), reservationId: "r2" },
          { from: at(7), to: at(8), reservationId: "r1" },
        ],
      },
    ]);
    expect(usageOf(organization, at(23)).sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: "2024-03-01 vm-0 ", quantity: 24 },
      { key: "2024-03-01 vm-0 r1", quantity: 24 },
      { key: "2024-03-01 vm-0 r2", quantity: 8 },
    ]);
  });

  // A run, a hole in the metering and a reservation, each as [first second, length], over two days and a half.
  const stretch = fc.tuple(fc.integer({ min: 0, max: 216_000 }), fc.integer({ min: 1, max: 100_000 }));
  const life = fc.record({
    runs: fc.array(stretch, { maxLength: 4 }),
    hole: fc.option(stretch, { nil: undefined }),
    reserved: fc.option(stretch, { nil: undefined }),
  });

  it("equals a count of single seconds, for any lives, windows and clocks", () => {
    fc.assert(
      fc.property(
        fc.array(life, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 4 * 86_400 }),
        fc.integer({ min: -1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (lives, clockOffset, fromOffset, days) => {
          const base = day0 * 86_400;
          const clock = base + clockOffset;
          const seconds = (spans: readonly (readonly [number, number])[]) => {
            const inside = new Uint8Array(4 * 86_400);
            for (const [from, length] of spans) inside.fill(1, from, from + length);
            return inside;
          };
          const expected = new Map<string, number>();
          lives.forEach(({ runs, hole, reserved }, number) => {
            const [on, off, res] = [
              seconds(runs),
              seconds(hole ? [hole] : []),
              seconds(reserved ? [reserved] : []),
            ];
            for (let second = 0; second < clockOffset; second++) {
              if (!on[second] || off[second]) continue;
              const day = Math.floor(second / 86_400);
              if (day < fromOffset || day > fromOffset + days) continue;
              const key = `${new Date((base + day * 86_400) * 1000).toISOString().slice(0, 10)} vm-${number} ${res[second] ? "r" : ""}`;
              expected.set(key, (expected.get(key) ?? 0) + 8);
            }
          });
          const organization = organizationOf(
            lives.map(({ runs, hole, reserved }) => ({
              runs: disjoint(runs).map(([from, to]) => ({ from: base + from, to: base + to })),
              unmetered: hole ? [{ from: base + hole[0], to: base + hole[0] + hole[1] }] : [],
              reservations: reserved
                ? [{ from: base + reserved[0], to: base + reserved[0] + reserved[1], reservationId: "r" }]
                : [],
            })),
          );
          const rows = usageOf(organization, clock, day0 + fromOffset, day0 + fromOffset + days);
          expect(new Map(rows.map(({ key, quantity }) => [key, Math.round(quantity * 3600)]))).toEqual(
            expected,
          );
          expect(rows).toHaveLength(expected.size);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("sums resources to projects without a difference", () => {
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 6 }), (lives) => {
        const base = day0 * 86_400;
        const organization = organizationOf(
          lives.map(({ runs }) => ({
            runs: disjoint(runs).map(([from, to]) => ({ from: base + from, to: base + to })),
          })),
        );
        const metered = meterResources(organization, { gpuMetric: "instance-hours" });
        const selection = { fromDay: day0, toDay: day0 + 9, clock: base + 9 * 86_400 };
        const total = (rows: { quantity: number }[]) => rows.reduce((sum, { quantity }) => sum + quantity, 0);
        expect(total([...usageByProject(metered, selection)].flat())).toBeCloseTo(
          total([...usageByResource(metered, selection)].flat()),
          9,
        );
      }),
    );
  });

  it("answers years of a fleet day by day, without holding them", () => {
    const runs = [{ from: secondsOf("2019-01-01T00:00:00Z"), to: null }];
    const organization = organizationOf(Array.from({ length: 200 }, () => ({ runs })));
    const metered = meterResources(organization, { gpuMetric: "gpu-hours" });
    const clock = secondsOf("2024-01-01T00:00:00Z");
    let [days, most, rows] = [0, 0, 0];
    for (const day of usageByResource(metered, { fromDay: 0, toDay: 10_000_000, clock })) {
      days++;
      rows += day.length;
      most = Math.max(most, day.length);
    }
    // Five years, a leap year among them; and the day that has just begun, without a row.
    expect({ days, most, rows }).toEqual({ days: 1827, most: 200, rows: 1826 * 200 });
  });
});

/** The union of the spans as ordered, separate ones, by counting how many are open at each edge. */
function disjoint(spans: readonly (readonly [number, number])[]): [number, number][] {
  const edges = spans
    .flatMap(([from, length]) => [
      [from, 1],
      [from + length, -1],
    ])
    .sort(([a = 0, up = 0], [b = 0, down = 0]) => a - b || down - up);
  const found: [number, number][] = [];
  let [open, begun] = [0, 0];
  for (const [at = 0, step = 0] of edges) {
    if (open === 0 && step === 1) begun = at;
    open += step;
    if (open === 0) found.push([begun, at]);
  }
  return found;
}
