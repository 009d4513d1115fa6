import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  compare,
  percentage,
  quotient,
  round,
  subtract,
  sum,
  trimmed,
} from "../../src/reports/decimal.ts";
import {
  counted,
  formatChange,
  formatHours,
  formatMoney,
  formatNumber,
  formatRatio,
  formatShare,
  listed,
} from "../../src/reports/format.ts";

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), fc.integer({ min: 0, max: 12 }))
  .map(([digits, scale]) => ({ digits, scale, text: written(digits, scale) }));

/** Digits with a point, written apart from the code under test. */
function written(digits: bigint, scale: number): string {
  const sign = digits < 0n ? "-" : "";
  const text = String(digits)
    .replace("-", "")
    .padStart(scale + 1, "0");
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

const units = (text: string, scale: number) => BigInt(round(text, scale).replace(".", ""));

describe("a figure", () => {
  it.each([
    ["1234.565", 2, "1,234.57"],
    ["-1234.565", 2, "\u22121,234.57"],
    ["0.005", 2, "0.01"],
    ["-0.004", 2, "0.00"],
    ["999.95", 1, "1,000.0"],
    ["1000000", 0, "1,000,000"],
    ["123456789012345678901234.5678", 2, "123,456,789,012,345,678,901,234.57"],
    ["0", 1, "0.0"],
  ])("%s with %d decimals reads %s", (text, places, expected) => {
    expect(formatNumber(text, places)).toBe(expected);
  });

  it("is rounded to the nearest, half away from zero, however long it is", () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 4 }), ({ digits, scale, text }, places) => {
        const rounded = round(text, places);
        expect(rounded.split(".")[1]?.length ?? 0).toBe(places);
        // Both as whole numbers of 10^-(scale + places), where half a step is 10^scale / 2.
        const exact = digits * 10n ** BigInt(places);
        const found = BigInt(rounded.replace(".", "")) * 10n ** BigInt(scale);
        const twice = 2n * (found - exact) * (digits < 0n ? -1n : 1n);
        const step = 10n ** BigInt(scale);
        expect(twice <= step && twice > -step).toBe(true);
      }),
    );
  });

  it("adds and subtracts without a loss", () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(units(add(a.text, b.text), 12)).toBe(
          a.digits * 10n ** BigInt(12 - a.scale) + b.digits * 10n ** BigInt(12 - b.scale),
        );
        expect(compare(subtract(add(a.text, b.text), b.text), a.text)).toBe(0);
      }),
    );
  });

  it("keeps its value and at least two decimals in a CSV", () => {
    expect(trimmed("12.500000000000", 2)).toBe("12.50");
    expect(trimmed("12.345678901000", 2)).toBe("12.345678901");
    expect(trimmed("-7", 2)).toBe("-7.00");
    fc.assert(fc.property(decimal, ({ text }) => compare(trimmed(text, 2), text) === 0));
  });

  it("that is no plain number is refused", () => {
    for (const text of ["", "1e3", "NaN", "1,000", "0x10", "."]) expect(() => round(text, 2)).toThrow();
  });

  it("is summed where known, and unknown where nothing is", () => {
    expect(sum(["0.1", null, "0.2"])).toBe("0.3");
    expect(sum([null, null])).toBeNull();
    expect(sum([])).toBeNull();
  });
});

describe("a change", () => {
  it.each([
    ["350", "300", "+16.7%"],
    ["300", "350", "\u221214.3%"],
    ["300", "300", "0.0%"],
    ["300.001", "300", "0.0%"],
    ["0", "300", "\u2212100.0%"],
    ["1", "0.003", "+33,233.3%"],
    ["0", "0", "0.0%"],
    ["5", "0", null],
    [null, "5", null],
    ["5", null, null],
  ])("from %s against %s is %s", (current, previous, expected) => {
    expect(formatChange(current, previous)).toBe(expected);
  });

  it("of a ratio of the models reads the same way", () => {
    expect(formatRatio(0.1234)).toBe("+12.3%");
    expect(formatRatio(-0.5)).toBe("\u221250.0%");
    expect(formatRatio(null)).toBeNull();
    expect(formatRatio(Number.POSITIVE_INFINITY)).toBeNull();
  });
});

it("a share, a quotient and a percentage are exact, and unknown of nothing", () => {
  expect(formatShare("1", "3")).toBe("33.3%");
  expect(formatShare("1", "0")).toBeNull();
  expect(quotient("2", "3", 4)).toBe("0.6667");
  expect(percentage("0.001", "8", 4)).toBe("0.0125");
});

it("money has its currency before it, and its sign before that", () => {
  expect(formatMoney("1234.5", "USD")).toBe("$1,234.50");
  expect(formatMoney("-0.125", "EUR")).toBe("\u2212€0.13");
  expect(formatMoney("-0.001", "USD")).toBe("$0.00");
  expect(formatMoney("7", "CHF")).toBe("CHF\u00a07.00");
});

it("words agree with their numbers", () => {
  expect(counted(1, "project")).toBe("1 project");
  expect(counted("1200", "project")).toBe("1,200 projects");
  expect(listed(["a"])).toBe("a");
  expect(listed(["a", "b", "c"])).toBe("a, b and c");
  expect(formatHours("12345.65")).toBe("12,345.7");
});
