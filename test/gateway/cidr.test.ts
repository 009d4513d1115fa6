import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Cidr,
  cidrText,
  doOverlap,
  isWithin,
  parseAddress,
  parseCidr,
  partOf,
} from "../../src/gateway/cidr.ts";

/** The bits that all of its addresses begin with. */
const prefixOf = ({ first, bits }: Cidr): string => first.toString(2).padStart(32, "0").slice(0, bits);

const cidr = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 0, max: 32 }),
  )
  .map(([parts, bits]) => ({ text: `${parts.join(".")}/${bits}`, parts, bits }));

it("stretches of addresses lie within each other just where their addresses begin alike", () => {
  fc.assert(
    fc.property(cidr, cidr, fc.boolean(), (given, apart, isNear) => {
      // Two that are drawn apart from each other hardly ever meet.
      const other = isNear
        ? { ...given, bits: apart.bits, text: `${given.parts.join(".")}/${apart.bits}` }
        : apart;
      const [a, b] = [parseCidr(given.text), parseCidr(other.text)];
      if (!a || !b) throw new Error("both are well written");
      const written = given.parts.map((part) => part.toString(2).padStart(8, "0")).join("");
      expect(prefixOf(a)).toBe(written.slice(0, given.bits));
      expect(a.isExact).toBe(!written.slice(given.bits).includes("1"));
      expect(isWithin(a, b)).toBe(prefixOf(a).startsWith(prefixOf(b)));
      expect(doOverlap(a, b)).toBe(isWithin(a, b) || isWithin(b, a));
      expect(parseCidr(cidrText(a))).toEqual({ ...a, isExact: true });
    }),
    { numRuns: 300 },
  );
});

it("parts of a stretch are within it, apart from each other, and come round", () => {
  const whole = { first: parseAddress("10.7.0.0") ?? 0, bits: 16 };
  const parts = [0, 1, 7, 8].map((number) => cidrText(partOf(whole, 19, number)));
  expect(parts).toEqual(["10.7.0.0/19", "10.7.32.0/19", "10.7.224.0/19", "10.7.0.0/19"]);
});

it.each([
  "",
  "10.0.0.0",
  "10.0.0/8",
  "10.0.0.0/33",
  "10.0.0.256/8",
  "010.0.0.0.0/8",
  "::/0",
  "10.0.0.0/8 ",
  "-1.0.0.0/8",
])("%j is no stretch of IPv4 addresses", (text) => {
  expect(parseCidr(text)).toBeNull();
});
