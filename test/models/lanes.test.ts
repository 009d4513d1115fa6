import { expect, test } from "vitest";
import { shareOut } from "../../src/models/lanes.ts";
import type { Warehouse } from "../../src/warehouse.ts";

const lanes = ["one", "two", "three"].map((path) => ({ path }) as Warehouse);

test("each piece of work is done once, on as many connections as there are", async () => {
  const done: string[] = [];
  const used = new Set<string>();
  await shareOut(lanes, ["a", "b", "c", "d", "e"], async ({ path }, item) => {
    await Promise.resolve();
    used.add(path);
    done.push(item);
  });
  expect(done.sort()).toEqual(["a", "b", "c", "d", "e"]);
  expect([...used].sort()).toEqual(["one", "three", "two"]);
});

test("what fails for want of memory is done once more, when nothing else is", async () => {
  let atOnce = 0;
  const tries = new Map<string, number>();
  const work = async (_: Warehouse, item: string) => {
    atOnce++;
    await Promise.resolve();
    const isBeside = atOnce > 1;
    atOnce--;
    tries.set(item, (tries.get(item) ?? 0) + 1);
    if (item === "b" && isBeside) {
      throw new Error("grain can't be run", { cause: new Error("Out of Memory Error: failed to allocate") });
    }
    if (item === "z") throw new Error("Out of Memory Error: of whatever is left");
  };
  await shareOut(lanes, ["a", "b", "c", "d"], work);
  expect(Object.fromEntries(tries)).toEqual({ a: 1, b: 2, c: 1, d: 1 });
  await expect(shareOut(lanes, ["a", "z"], work)).rejects.toThrow("whatever is left");
});

test("after another failure nothing is begun, and the first of several is told", async () => {
  const begun: string[] = [];
  const work = async (_: Warehouse, item: string) => {
    begun.push(item);
    await Promise.resolve();
    throw new Error(`${item} failed`);
  };
  await expect(shareOut(lanes, ["a", "b", "c", "d"], work)).rejects.toThrow("a failed");
  expect(begun).toEqual(["a", "b", "c"]);
});
