import { compare, isZero, percentage, round, subtract } from "./decimal.ts";
import { minus, numberStyle } from "./locale.ts";

/**
 * A number for reading: thousands apart and decimals after the mark of the report's locale, so many of them, and
 * a true minus sign. Exact: no float is involved.
 */
export function formatNumber(text: string, places: number): string {
  const rounded = round(text, places);
  const isNegative = rounded.startsWith("-") && /[1-9]/.test(rounded);
  return `${isNegative ? minus : ""}${numberStyle().grouped(rounded.replace("-", ""))}`;
}

/** The first number of a text that `formatNumber` made, as a decimal of the displayed precision; null without one. */
export function shownNumber(text: string): string | null {
  const { group, decimal, pattern } = numberStyle();
  const [, sign, digits] = pattern.exec(text) ?? [];
  if (digits === undefined) return null;
  return (sign ? "-" : "") + digits.replaceAll(group, "").replace(decimal, ".").replace(/\.$/, "");
}

/** Hours with one decimal, wherever they are shown. */
export function formatHours(text: string): string {
  return formatNumber(text, 1);
}

export function formatCount(value: number | string): string {
  return formatNumber(String(value), 0);
}

const symbols: Readonly<Record<string, string>> = { USD: "$", EUR: "€", GBP: "£" };

/** What stands before an amount in this currency: its sign where everybody knows it, else its code. */
export function currencyPrefix(currency: string): string {
  return symbols[currency] ?? `${currency}\u00a0`;
}

/** An amount to the cent, or to as many places. */
export function formatMoney(text: string, currency: string, places = 2): string {
  const number = formatNumber(text, places);
  if (numberStyle().isCurrencyLast) return `${number}\u00a0${currencyPrefix(currency).trimEnd()}`;
  const prefix = currencyPrefix(currency);
  return number.startsWith(minus) ? `${minus}${prefix}${number.slice(1)}` : `${prefix}${number}`;
}

/** How far `current` is from `previous`, such as "+12.3%"; null where there is nothing to compare with. */
export function formatChange(current: string | null, previous: string | null): string | null {
  if (current === null || previous === null) return null;
  if (isZero(previous)) return isZero(current) ? "0.0%" : null;
  const percent = percentage(subtract(current, previous), previous, 1);
  return percent === null ? null : formatPercentChange(percent);
}

function formatPercentChange(percent: string): string {
  const number = formatNumber(percent, 1);
  return `${compare(percent, "0") > 0 && /[1-9]/.test(number) ? "+" : ""}${number}%`;
}

/** `part` of `whole` in percent with one decimal; null where the whole is zero. */
export function formatShare(part: string, whole: string): string | null {
  const share = percentage(part, whole, 1);
  return share === null ? null : `${formatNumber(share, 1)}%`;
}

/** A ratio that the models keep as a DOUBLE, such as 0.123, as a change: "+12.3%". */
export function formatRatio(ratio: number | null): string | null {
  if (ratio === null || !Number.isFinite(ratio)) return null;
  return formatPercentChange((ratio * 100).toFixed(6));
}

/** A number with its sign, also where it is positive. */
export function formatSigned(text: string, format: (text: string) => string): string {
  return `${compare(text, "0") > 0 ? "+" : ""}${format(text)}`;
}

/** `1 project`, `2 projects`. */
export function counted(count: number | string, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${String(count) === "1" ? one : many}`;
}

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
