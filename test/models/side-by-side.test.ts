import fc from "fast-check";
import { expect, test } from "vitest";
import type { Model } from "../../src/models/project.ts";
import { runSideBySide } from "../../src/models/side-by-side.ts";

/** A graph: by name, what each reads, how long it takes, and whether it is large. */
type Graph = Record<string, { reads?: string[]; takes?: number; isLarge?: boolean }>;

const together = { number: 6, milliseconds: 1000 };

interface Run {
  names: string[];
  lane: number;
}

/** Runs a graph; of its models some fail, and some do for want of memory unless they run by themselves. */
async function run(
  graph: Graph,
  { width = 2, mostTogether = together, fails = [] as string[], starves = [] as string[] } = {},
) {
  const models = Object.keys(graph).map((name) => ({ name }) as Model);
  const begun: Run[] = [];
  const starved = new Set<string>();
  const ended: string[] = [];
  let largeAtOnce = 0;
  let mostLarge = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const failure = await runSideBySide(models, {
    width,
    mostTogether,
    reads: new Map(Object.entries(graph).map(([name, { reads = [] }]) => [name, new Set(reads)])),
    durations: new Map(Object.entries(graph).flatMap(([name, { takes }]) => (takes ? [[name, takes]] : []))),
    isLarge: ({ name }) => graph[name]?.isLarge === true,
    async run(group, lane) {
      const names = group.map(({ name }) => name);
      begun.push({ names, lane });
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      for (const name of names) {
        const isLarge = graph[name]?.isLarge === true;
        if (isLarge) mostLarge = Math.max(mostLarge, ++largeAtOnce);
        for (const read of graph[name]?.reads ?? []) {
          // What another lane makes is seen when it is committed, and what this one makes at once.
          const isSeen = ended.includes(read) || names.indexOf(read) < names.indexOf(name);
          if (!(read in graph) || !isSeen) throw new Error(`${name} was begun before ${read} was there`);
        }
        for (let turn = 0; turn < (graph[name]?.takes ?? 10); turn += 10) await Promise.resolve();
        if (isLarge) largeAtOnce--;
        const isStarved = starves.includes(name) && (atOnce > 1 || !starved.has(name));
        if (isStarved) starved.add(name);
        if (isStarved || fails.includes(name)) {
          atOnce--;
          throw new Error(isStarved ? "Out of Memory Error: failed to allocate" : `${name} failed`);
        }
      }
      atOnce--;
      ended.push(...names);
    },
  }).then(
    () => null,
    (error: Error) => error.message,
  );
  return { begun, ended, mostLarge, mostAtOnce, failure, order: begun.flatMap(({ names }) => names) };
}

const graphs = fc
  .array(
    fc.record({
      takes: fc.nat(200),
      isLarge: fc.boolean(),
      reads: fc.array(fc.nat(11), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((models) =>
    Object.fromEntries(
      models.map(({ reads, ...model }, at) => [
        `m${at}`,
        { ...model, reads: [...new Set(reads.filter((read) => read < at).map((read) => `m${read}`))] },
      ]),
    ),
  );

test("whatever the graph, each model is made once, after all that it reads, and no two large ones at once", () =>
  fc.assert(
    fc.asyncProperty(graphs, fc.integer({ min: 1, max: 4 }), async (graph, width) => {
      const { order, mostLarge, mostAtOnce, failure } = await run(graph, { width });
      expect(failure).toBeNull();
      expect([...order].sort()).toEqual(Object.keys(graph).sort());
      expect(mostLarge).toBeLessThanOrEqual(1);
      expect(mostAtOnce).toBeLessThanOrEqual(width);
    }),
    { numRuns: 300 },
  ));

test("the model behind which the most time is still to pass comes first", async () => {
  const graph: Graph = {
    leaf_a: { takes: 90 },
    leaf_b: { takes: 90 },
    root: { takes: 10 },
    middle: { reads: ["root"], takes: 40 },
    last: { reads: ["middle"], takes: 100 },
  };
  const { order } = await run(graph, { width: 1, mostTogether: { number: 1, milliseconds: 1000 } });
  expect(order).toEqual(["root", "middle", "last", "leaf_a", "leaf_b"]);
});

test("small models run beside a large one, and one that several wait for is not held up by others", async () => {
  const beside = await run({ large: { takes: 500, isLarge: true }, small: {} });
  expect(beside.mostAtOnce).toBe(2);
  const shared = await run({ root: {}, a: { reads: ["root"] }, b: { reads: ["root"] } });
  expect(shared.begun.map(({ names }) => names)).toEqual([["root"], ["a"], ["b"]]);
  const chain = await run({ root: {}, a: { reads: ["root"] }, b: { reads: ["a"] } });
  expect(chain.begun.map(({ names }) => names)).toEqual([["root", "a", "b"]]);
});

test("models are run together up to a number and a time", async () => {
  const six = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name) => [name, { takes: 40 }]));
  const groups = async (number: number, milliseconds: number) =>
    (await run(six, { width: 1, mostTogether: { number, milliseconds } })).begun.map(
      ({ names }) => names.length,
    );
  expect(await groups(4, 1000)).toEqual([4, 2]);
  expect(await groups(6, 90)).toEqual([2, 2, 2]);
});

test("what fails for want of memory is run once more by itself, and what waits for it comes after", async () => {
  const graph: Graph = {
    a: { takes: 50 },
    b: { takes: 100 },
    c: { takes: 100 },
    after: { reads: ["a"] },
    last: { reads: ["after", "c"] },
  };
  const one = { number: 1, milliseconds: 1000 };
  const { failure, ended } = await run(graph, { width: 3, mostTogether: one, starves: ["a", "c"] });
  expect(failure).toBeNull();
  expect([...ended].sort()).toEqual(["a", "after", "b", "c", "last"]);
  expect((await run(graph, { width: 1, mostTogether: one, fails: ["a"], starves: ["a"] })).failure).toBe(
    "a failed",
  );
});

test("after a failure nothing is begun, what runs is awaited, and the first in the order is told", async () => {
  const graph: Graph = {
    a: { takes: 200 },
    b: { takes: 100 },
    after_a: { reads: ["a"] },
    after_b: { reads: ["b"] },
  };
  const one = { number: 1, milliseconds: 1000 };
  const { failure, order } = await run(graph, { mostTogether: one, fails: ["a", "b"] });
  expect(failure).toBe("a failed");
  expect(order).toEqual(["a", "b"]);
  expect((await run(graph, { mostTogether: one, fails: ["b"] })).ended).toEqual(["a"]);
});
