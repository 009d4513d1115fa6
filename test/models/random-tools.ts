import fc, { type GeneratorValue } from "fast-check";

/** What random things are drawn by. */
export interface RandomTools {
  int(min: number, max: number): number;
  oneOf<T>(items: readonly T[]): T;
  chance(percent: number): boolean;
  bits(count: number): bigint;
}

// fast-check would rather try small numbers, which for a choice are the first ones.
const evenInteger = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));
const evenBigInt = (bits: number) => fc.noBias(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) }));

export function randomTools(g: GeneratorValue): RandomTools {
  const int = (min: number, max: number) => g(evenInteger, min, max);
  return {
    int,
    oneOf: <T>(items: readonly T[]): T => items[int(0, items.length - 1)] as T,
    chance: (percent) => int(1, 100) <= percent,
    bits: (count) => g(evenBigInt, count),
  };
}
