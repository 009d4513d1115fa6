import { describe, expect, it } from "vitest";
import { type ColourName, gpuColours, palette } from "../../src/reports/theme.ts";

type Rgb = [number, number, number];

const families: readonly ColourName[] = ["h100", "h200", "b200", "a100", "l40s", "mi300x"];

/** Machado, Oliveira and Fernandes (2009), at full severity. */
const deficiencies: Readonly<Record<string, readonly number[]>> = {
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function linear(hex: string): Rgb {
  const channel = (at: number) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function contrast(a: string, b: string): number {
  const luminance = ([r, g, bl]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  const [low = 0, high = 0] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function seen([r, g, b]: Rgb, matrix: readonly number[]): Rgb {
  const row = (i: number) =>
    Math.max(0, (matrix[i] ?? 0) * r + (matrix[i + 1] ?? 0) * g + (matrix[i + 2] ?? 0) * b);
  return [row(0), row(3), row(6)];
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  const colours = palette(theme);
  const hex = (name: ColourName) => colours.get(name) ?? "";

  it("text reads well on every ground that it stands on", () => {
    const pairs: [ColourName, ColourName][] = [
      ["ink", "page"],
      ["muted", "page"],
      ["muted", "raised"],
      ["accent", "page"],
      ["alert", "page"],
      ["alert", "alert_wash"],
      ["ink", "alert_wash"],
      ["caution", "caution_wash"],
      ["ink", "caution_wash"],
    ];
    for (const [text, ground] of pairs) {
      expect(contrast(hex(text), hex(ground)), `${text} on ${ground}`).toBeGreaterThan(4.5);
    }
  });

  it("the mark of every GPU family stands out from the page", () => {
    for (const family of families) expect(contrast(hex(family), hex("page")), family).toBeGreaterThan(3);
  });

  it("GPU families are told apart with every kind of colour vision", () => {
    for (const [kind, matrix] of Object.entries(deficiencies)) {
      for (const [i, a] of families.entries()) {
        for (const b of families.slice(i + 1)) {
          const [one, two] = [a, b].map((family) => oklab(seen(linear(hex(family)), matrix)));
          const distance = Math.hypot(...(one ?? []).map((value, axis) => value - (two?.[axis] ?? 0)));
          expect(distance, `${a} and ${b} with ${kind}`).toBeGreaterThan(0.06);
        }
      }
    }
  });
});

describe("the colour of a GPU type", () => {
  it("is that of its family, whatever else there is", () => {
    expect(gpuColours(["H100 80GB", "A100"]).get("A100")).toBe("a100");
    expect(gpuColours(["A100"]).get("A100")).toBe("a100");
    expect(gpuColours(["NVIDIA-H200-141GB"]).get("NVIDIA-H200-141GB")).toBe("h200");
  });

  it("stays where types are added later", () => {
    const before = gpuColours(["A100 80GB", "X1", "H100"]);
    const after = gpuColours(["A100 80GB", "X1", "H100", "A100 40GB", "Q9", "B200"]);
    for (const [type, colour] of before) expect(after.get(type)).toBe(colour);
  });

  it("is its own, as long as there are colours", () => {
    const types = ["H100", "H200", "B200", "A100", "L40S", "MI300X", "GB200", "X1", "X2"];
    expect(new Set(gpuColours(types).values()).size).toBe(types.length);
  });
});
