import { describe, expect, test } from "vitest";
import { createThrottle } from "../../src/ingest/throttle.ts";

class TooMuch extends Error {
  readonly pause: Promise<void> | null;
  constructor(pause: Promise<void> | null = null) {
    super("too much");
    this.pause = pause;
  }
}

/** Work that ends when it is told to. */
function held() {
  let end: (error?: unknown) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { end, work: () => ended };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const throttleOf = (most: number) =>
  createThrottle(most, (error) => (error instanceof TooMuch ? error.pause : undefined));

async function succeed(throttle: ReturnType<typeof throttleOf>, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await throttle.run(async () => undefined);
}

const pushBack = (throttle: ReturnType<typeof throttleOf>) =>
  throttle.run(() => Promise.reject(new TooMuch())).catch(() => undefined);

describe("what may be under way", () => {
  test("is never more than is set, however much waits", async () => {
    const throttle = throttleOf(3);
    let underWay = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 40 }, () =>
        throttle.run(async () => {
          most = Math.max(most, ++underWay);
          await turn();
          underWay--;
        }),
      ),
    );
    expect(most).toBe(3);
  });

  test("is halved when the server pushes back, down to one, and never by another error", async () => {
    const throttle = throttleOf(8);
    await throttle.run(() => Promise.reject(new Error("other"))).catch(() => undefined);
    expect(throttle.room).toBe(8);
    const rooms: number[] = [];
    for (let time = 0; time < 4; time++) {
      await pushBack(throttle);
      rooms.push(throttle.room);
    }
    expect(rooms).toEqual([4, 2, 1, 1]);
  });

  test("is halved once for all that was under way together", async () => {
    const throttle = throttleOf(8);
    const all = Array.from({ length: 8 }, held);
    const runs = all.map(({ work }) => throttle.run(work).catch(() => undefined));
    await turn();
    for (const { end } of all) end(new TooMuch());
    await Promise.all(runs);
    expect(throttle.room).toBe(4);
  });

  test("is widened again one by one, slowly, and no further than is set", async () => {
    const throttle = throttleOf(4);
    await pushBack(throttle);
    await pushBack(throttle);
    expect(throttle.room).toBe(1);
    await succeed(throttle, 3);
    expect(throttle.room).toBe(1);
    await succeed(throttle, 1);
    expect(throttle.room).toBe(2);
    await succeed(throttle, 8);
    expect(throttle.room).toBe(3);
    await succeed(throttle, 100);
    expect(throttle.room).toBe(4);
  });

  test("waits as a whole while one was told to come back later", async () => {
    const throttle = throttleOf(4);
    const first = held();
    const second = held();
    await throttle.run(() => Promise.reject(new TooMuch(first.work()))).catch(() => undefined);
    let begun = 0;
    const runs = Array.from({ length: 3 }, () => throttle.run(async () => void begun++));
    await turn();
    expect(begun).toBe(0);
    first.end();
    second.end();
    await Promise.all(runs);
    expect(begun).toBe(3);
  });
});
