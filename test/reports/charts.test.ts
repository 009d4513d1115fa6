import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawSvg } from "../../src/reports/charts/draw.ts";
import { spread } from "../../src/reports/charts/edge-labels.ts";
import { axisEnd } from "../../src/reports/charts/scale.ts";
import { stackedDaysChart } from "../../src/reports/charts/stacked-days.ts";
import { withViews } from "../../src/reports/charts/views.ts";

const lineHeight = 17;

describe("the names beside a plot", () => {
  it("stand in the order of what they name, none on another, within the plot", () => {
    const heights = fc.array(fc.double({ min: 0, max: 280, noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(heights, (wanted) => {
        const placed = spread(wanted, 280);
        const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
        const sorted = order.map((i) => placed[i] ?? 0);
        for (const [i, height] of sorted.entries()) {
          expect(height).toBeLessThanOrEqual(280);
          if (i > 0) expect(height - (sorted[i - 1] ?? 0)).toBeGreaterThanOrEqual(lineHeight - 1e-9);
        }
      }),
    );
  });

  it("stay where they are where there is room", () => {
    expect(spread([200, 100, 20], 280)).toEqual([200, 100, 20]);
    expect(spread([100, 100, 280], 280)).toEqual([100, 117, 280]);
  });
});

it.each([
  [[0], 1],
  [[9600], 10_000],
  [[804_000, 764_000], 1_000_000],
  [[1000], 1000],
  [[1001], 1500],
  [[0.3], 0.3],
  [[3, 12], 15],
])("an axis of %j ends at %d, in at most four round steps", (values, end) => {
  expect(axisEnd(values)).toBeCloseTo(end, 9);
});

it("a chart is the same whatever was drawn before it", async () => {
  const days = ["2026-10-01", "2026-10-02", "2026-10-03"];
  const chartOf = (scale: number) =>
    stackedDaysChart({
      label: "x",
      unit: "GPU-hours a day",
      days,
      stacks: [{ name: "H100", note: "100%", colour: "h100" }],
      cells: days.map((day, i) => ({ day, type: "H100", hours: scale * (i + 1) })),
      unread: [],
      limit: { name: "reserved", values: days.map((day) => ({ day, value: scale * 2 })) },
      forecast: [{ day: "2026-10-03", value: scale * 3, low: scale, high: scale * 4 }],
      spots: [],
    }).spec({ name: "wide", width: 920 });
  const alone = (await drawSvg(chartOf(7))).markup;
  const after = await withViews(async () => {
    for (const scale of [1, 900, 5, 7, 6]) await drawSvg(chartOf(scale));
    return (await drawSvg(chartOf(7))).markup;
  });
  expect(after).toBe(alone);
  for (const text of ["H100 100%", "reserved", "forecast"]) expect(alone).toContain(`>${text}</text>`);
  expect(alone).toContain("stroke-dasharray");
});
