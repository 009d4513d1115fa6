import { afterEach, expect, test } from "vitest";
import type { FaultInput } from "../../src/gateway/faults/rule.ts";
import type { Quirks } from "../../src/gateway/quirks.ts";
import { loadScenario } from "../../src/gateway/scenario.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { packageRoot } from "../../src/package.ts";
import { dumpRaw, type Setup, setUp } from "./ingest-setup.ts";

const organization = await loadScenario(`${packageRoot}/data/demo/organization.yaml`);
const [key] = organization.accessKeys;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(
  faults: readonly FaultInput[],
  seed: string,
): Promise<{ setup: Setup; gateway: Awaited<ReturnType<typeof startGateway>> }> {
  // Pages, so that they can shift and their tokens go round.
  const quirks: Partial<Quirks> = { maxLimit: 4, pageSizeOfOtherLists: 7 };
  const gateway = await startGateway({
    organization,
    clock: () => organization.now,
    accessKeys: organization.accessKeys,
    quirks,
    faults,
    faultSeed: seed,
  });
  const setup = await setUp({
    endpoint: gateway.endpoint,
    now: organization.now.toISOString(),
    api: { timeoutMs: 700 },
  });
  if (key) setup.credentials = key;
  closers.push(setup.close, gateway.close);
  return { setup, gateway };
}

/** Every way to fail that passes when one asks again; together they strike three of ten requests. */
const kinds = [
  "rate-limit",
  "server-error",
  "bad-gateway",
  "reset",
  "truncate",
  "slow",
  "endless",
  "wrong-type",
  "wrong-shape",
  "duplicate",
  "token-loop",
  "shifting-page",
] as const;
const share = 0.3;
const rate = 1 - (1 - share) ** (1 / kinds.length);

/** All but what names a run, a load or a file. */
const tablesOf = async (setup: Setup) => {
  const { read_windows, landed_files, ...tables } = await dumpRaw(setup.all, ["_load_id"]);
  expect(landed_files?.length).toBeGreaterThan(100);
  expect(read_windows?.length).toBeGreaterThan(100);
  return tables;
};

test("a gateway that fails three requests of ten, in every way, leaves the same tables to the last byte", async () => {
  const { setup: flawless } = await start([], "none");
  expect((await flawless.run()).failures).toEqual([]);
  const expected = await tablesOf(flawless);
  expect(expected.usage?.length).toBeGreaterThan(10_000);
  for (const seed of ["1", "2"]) {
    const faults = kinds.map((kind): FaultInput => ({ kind, rate }));
    const { setup, gateway } = await start(faults, seed);
    const summary = await setup.run();
    expect(summary.failures).toEqual([]);
    expect(await tablesOf(setup)).toEqual(expected);
    const struck = gateway.faults.list();
    for (const { fault, struck: times } of struck) expect(times, fault.kind).toBeGreaterThan(0);
    const asked = summary.streams.reduce((sum, { requests }) => sum + requests, 0);
    expect(struck.reduce((sum, { struck: times }) => sum + times, 0) / asked).toBeGreaterThan(0.2);
  }
}, 240_000);
