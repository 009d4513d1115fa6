import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoney, formatNumber, shownNumber } from "../../src/reports/format.ts";
import { withLocale } from "../../src/reports/locale.ts";

const inLocale = (locale: string, places: number, text: string) =>
  withLocale(locale, () => formatNumber(text, places));

describe("numbers in the locale of the settings", () => {
  it.each([
    ["en-US", "1,234,567.90"],
    ["de-DE", "1.234.567,90"],
    ["fr-FR", "1\u202f234\u202f567,90"],
    ["en-IN", "12,34,567.90"],
  ])("are grouped as in %s", (locale, expected) => {
    expect(inLocale(locale, 2, "1234567.895")).toBe(expected);
    expect(inLocale(locale, 2, "-1234567.895")).toBe(`\u2212${expected}`);
  });

  it("keep every digit", () => {
    expect(inLocale("de-DE", 3, "12345678901234567890123456.789")).toBe(
      "12.345.678.901.234.567.890.123.456,789",
    );
  });

  it("have the sign of a currency where the locale puts it", () => {
    expect(withLocale("de-DE", () => formatMoney("-1234.5", "EUR"))).toBe("\u22121.234,50\u00a0€");
    expect(withLocale("de-DE", () => formatMoney("1234.5", "CHF"))).toBe("1.234,50\u00a0CHF");
    expect(withLocale("en-GB", () => formatMoney("1234.5", "EUR"))).toBe("€1,234.50");
  });

  it("hold while a page waits for its charts, each in its own locale", async () => {
    const page = (locale: string) =>
      withLocale(locale, async () => {
        await new Promise((done) => setTimeout(done, 5));
        return formatNumber("1234.5", 1);
      });
    expect(await Promise.all([page("de-DE"), page("en-US")])).toEqual(["1.234,5", "1,234.5"]);
    expect(formatNumber("1234.5", 1)).toBe("1,234.5");
  });

  it("are read again as they were shown, so that a table can sort by them", () => {
    const locales = fc.constantFrom("en-US", "de-DE", "fr-FR", "pt-BR", "en-IN", "es-ES");
    fc.assert(
      fc.property(locales, fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (locale, cents) => {
        const digits = String(cents < 0n ? -cents : cents).padStart(3, "0");
        const text = `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        withLocale(locale, () => expect(shownNumber(`${formatMoney(text, "USD")} a month`)).toBe(text));
      }),
    );
    expect(shownNumber("n/a")).toBeNull();
    expect(shownNumber("+12.3%")).toBe("12.3");
  });
});
