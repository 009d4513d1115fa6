import { expect, test } from "vitest";
import { createPlaces } from "../../src/ingest/places.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Work that goes on until it is told to end, and how much of it began. */
function held() {
  const ends: (() => void)[] = [];
  return {
    begun: () => ends.length,
    end: () => ends.shift()?.(),
    work: () => new Promise<void>((resolve) => ends.push(resolve)),
  };
}

test("one party has every place while it is alone, and gives way as soon as another asks", async () => {
  const places = createPlaces(4);
  const [one, other] = [places.share(), places.share()];
  const [ones, others] = [held(), held()];
  const alone = one.during(() => Promise.all(Array.from({ length: 8 }, () => one.run(ones.work))));
  await turn();
  expect(ones.begun()).toBe(4);
  const joined = other.during(() => Promise.all(Array.from({ length: 4 }, () => other.run(others.work))));
  await turn();
  expect(others.begun()).toBe(0);
  for (const expected of [1, 2]) {
    ones.end();
    await turn();
    expect(others.begun()).toBe(expected);
  }
  expect(ones.begun()).toBe(2);
  for (let left = 0; left < 12; left++) {
    others.end();
    ones.end();
    await turn();
  }
  await Promise.all([alone, joined]);
});

test("one that never ends what it began leaves a place to each of the others, also to one that asks for nothing just then", async () => {
  const places = createPlaces(4);
  const [stuck, other] = [places.share(), places.share()];
  const never = held();
  let isOver = false;
  const quiet = other.during(async () => {
    while (!isOver) await turn();
  });
  void stuck.during(() => Promise.all(Array.from({ length: 9 }, () => stuck.run(never.work))));
  await turn();
  expect(never.begun()).toBe(3);
  expect(await other.run(async () => "answered")).toBe("answered");
  expect(never.begun()).toBe(3);
  isOver = true;
  await quiet;
  await turn();
  expect(never.begun()).toBe(4);
});

test("work that throws gives its place back", async () => {
  const places = createPlaces(1);
  const share = places.share();
  await share.during(async () => {
    await expect(share.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await share.run(async () => 1)).toBe(1);
  });
});
