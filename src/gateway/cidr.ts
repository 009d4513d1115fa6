/** A stretch of IPv4 addresses, such as `10.1.0.0/16`. */
export interface Cidr {
  /** Its first address, as a number. */
  first: number;
  bits: number;
}

const sizeOf = (bits: number): number => 2 ** (32 - bits);

/** The address as a number; null for anything else. */
export function parseAddress(text: string): number | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  const parts = text.split(".").map(Number);
  return parts.some((part) => part > 255) ? null : parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** A stretch, and whether it is written by its first address; null for anything else. */
export function parseCidr(text: string): (Cidr & { isExact: boolean }) | null {
  const [, address = "", length = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const [at, bits] = [parseAddress(address), Number(length)];
  if (at === null || bits > 32) return null;
  const within = at % sizeOf(bits);
  return { first: at - within, bits, isExact: within === 0 };
}

export const isWithin = (inner: Cidr, outer: Cidr): boolean =>
  inner.bits >= outer.bits && inner.first >= outer.first && inner.first < outer.first + sizeOf(outer.bits);

export const doOverlap = (a: Cidr, b: Cidr): boolean => isWithin(a, b) || isWithin(b, a);

/** The part of that many bits and of that number, counted from the first and around. */
export function partOf({ first, bits }: Cidr, partBits: number, number: number): Cidr {
  const count = 2 ** (partBits - bits);
  return { first: first + (number % count) * sizeOf(partBits), bits: partBits };
}

export const addressText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

export const cidrText = ({ first, bits }: Cidr): string => `${addressText(first)}/${bits}`;
