/** A number as digits × 10^-scale: exact, however long it is. */
interface Decimal {
  digits: bigint;
  scale: number;
}

const plain = /^([+-]?)(\d+)(?:\.(\d*))?$/;

function parse(text: string): Decimal {
  const match = plain.exec(text);
  if (!match) throw new Error(`Not a decimal number: ${JSON.stringify(text)}.`);
  const [, sign, whole = "", fraction = ""] = match;
  const digits = BigInt(whole + fraction);
  return { digits: sign === "-" ? -digits : digits, scale: fraction.length };
}

function print({ digits, scale }: Decimal): string {
  const magnitude = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
  const whole = magnitude.slice(0, magnitude.length - scale);
  const fraction = magnitude.slice(magnitude.length - scale);
  return `${digits < 0n ? "-" : ""}${whole}${fraction && `.${fraction}`}`;
}

const powers = Array.from({ length: 64 }, (_, power) => 10n ** BigInt(power));
const tenTo = (power: number) => powers[power] ?? 10n ** BigInt(power);

/** Half away from zero: the rule that finance reads by. */
function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const isNegative = dividend < 0n !== divisor < 0n;
  const [top, bottom] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor];
  const rounded = (2n * top + bottom) / (2n * bottom);
  return isNegative ? -rounded : rounded;
}

/** The number with exactly so many decimals, rounded half away from zero. */
export function round(text: string, places: number): string {
  const { digits, scale } = parse(text);
  return print({
    digits: scale <= places ? digits * tenTo(places - scale) : divideRounded(digits, tenTo(scale - places)),
    scale: places,
  });
}

export function add(left: string, right: string): string {
  return print(plus(parse(left), parse(right)));
}

function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: a.digits * tenTo(scale - a.scale) + b.digits * tenTo(scale - b.scale), scale };
}

export function negate(text: string): string {
  const { digits, scale } = parse(text);
  return print({ digits: -digits, scale });
}

export function subtract(left: string, right: string): string {
  return add(left, negate(right));
}

/** The sum of those that are known; null where none is. */
export function sum(values: Iterable<string | null>): string | null {
  let total: Decimal | null = null;
  for (const value of values)
    if (value !== null) total = plus(total ?? { digits: 0n, scale: 0 }, parse(value));
  return total && print(total);
}

/** Negative, zero or positive as `left` is less than, equal to or more than `right`. */
export function compare(left: string, right: string): number {
  const { digits: subtrahend, scale } = parse(right);
  const { digits } = plus(parse(left), { digits: -subtrahend, scale });
  return digits < 0n ? -1 : digits > 0n ? 1 : 0;
}

export function isZero(text: string): boolean {
  return parse(text).digits === 0n;
}

/** `part / whole`, rounded to so many decimals; null where the whole is zero. */
export function quotient(part: string, whole: string, places: number): string | null {
  const [a, b] = [parse(part), parse(whole)];
  if (b.digits === 0n) return null;
  return print({
    digits: divideRounded(a.digits * tenTo(b.scale + places), b.digits * tenTo(a.scale)),
    scale: places,
  });
}

/** The number without zeros at its end, but for so many decimals: what a CSV holds, exact. */
export function trimmed(text: string, minPlaces: number): string {
  const { digits, scale } = parse(text);
  let places = scale;
  let rest = digits;
  while (places > minPlaces && rest % 10n === 0n) {
    rest /= 10n;
    places--;
  }
  return places < minPlaces ? round(text, minPlaces) : print({ digits: rest, scale: places });
}

/** `part` of `whole` in percent, rounded to so many decimals; null where the whole is zero. */
export function percentage(part: string, whole: string, places: number): string | null {
  const { digits, scale } = parse(part);
  return quotient(print({ digits: digits * 100n, scale }), whole, places);
}
