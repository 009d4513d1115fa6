import { createHash } from "node:crypto";

type Name = string | number;

const digestOf = (names: readonly Name[]): Buffer =>
  createHash("sha256").update(JSON.stringify(names)).digest();

/**
 * A stream of numbers in [0, 1) that depends on nothing but the names: what one part of a scenario draws is
 * not changed by another part that was added.
 */
export function randomOf(...names: Name[]): () => number {
  let state = digestOf(names).readUInt32LE(0);
  // Mulberry32: small, fast, and good enough for jitter.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A UUID (of version 4 by its looks) that depends on nothing but the names. */
export function uuidOf(...names: Name[]): string {
  const bytes = digestOf(names).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Hexadecimal digits, in capitals, that depend on nothing but the names. */
export const hexOf = (length: number, ...names: Name[]): string =>
  digestOf(names).toString("hex").slice(0, length).toUpperCase();

/** A number in [0, 1) for each of many: cheap, as a long stretch has very many minutes, and a fleet very many days. */
export function drawOf(seed: number, number: number): number {
  let mixed = Math.imul(seed ^ number, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  return (mixed >>> 0) / 2 ** 32;
}
