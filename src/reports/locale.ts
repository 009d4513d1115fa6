import { AsyncLocalStorage } from "node:async_hooks";

/** How a locale writes numbers and amounts. */
export interface NumberStyle {
  locale: string;
  /** What stands between thousands; as its locale groups them, which is not by three everywhere. */
  group: string;
  /** What stands before decimals. */
  decimal: string;
  /** Whether the sign of a currency stands after the amount. */
  isCurrencyLast: boolean;
  /** A number in this style within a text: its sign, and its digits with their marks. */
  pattern: RegExp;
  /** A decimal without a sign, such as `1234.50`, in this style, with every digit kept. */
  grouped: (text: string) => string;
}

/** A true minus sign, in every locale. */
export const minus = "\u2212";

const rendering = new AsyncLocalStorage<NumberStyle>();
const plain = styleOf("en-US");

/**
 * Renders with the numbers of a locale: whatever is formatted within `work`, also after it waited, has them.
 *
 * @example
 * await withLocale("de-DE", () => monthPage(datasets, facts, options)); // 1.234,5
 */
export function withLocale<T>(locale: string, work: () => T): T {
  return rendering.run(styleOf(locale), work);
}

/** The style that this page is rendered in; that of en-US where none was named. */
export function numberStyle(): NumberStyle {
  return rendering.getStore() ?? plain;
}

function styleOf(locale: string): NumberStyle {
  const whole = new Intl.NumberFormat(locale, { numberingSystem: "latn", maximumFractionDigits: 0 });
  const mark = (type: string, value: number) =>
    new Intl.NumberFormat(locale, { numberingSystem: "latn", minimumFractionDigits: 1 })
      .formatToParts(value)
      .find((part) => part.type === type)?.value;
  const decimal = mark("decimal", 0.5) ?? ".";
  const amount = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" }).formatToParts(1);
  const group = mark("group", 1_000_000) ?? ",";
  return {
    locale,
    group,
    decimal,
    pattern: new RegExp(`(${minus})?[^\\d${minus}]*(\\d[\\d\\${group}\\${decimal}]*)`),
    isCurrencyLast: amount.findIndex(({ type }) => type === "currency") > 0,
    grouped(text) {
      const [integer = "0", fraction] = text.split(".");
      // A bigint, so that an amount of any length keeps its digits; of three no locale makes groups.
      const shown = integer.length <= 3 ? integer : whole.format(BigInt(integer));
      return `${shown}${fraction === undefined ? "" : `${decimal}${fraction}`}`;
    },
  };
}
