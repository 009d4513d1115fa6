import { afterEach, expect, test } from "vitest";
import type { FaultInput } from "../../src/gateway/faults/rule.ts";
import type { Quirks } from "../../src/gateway/quirks.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { packageRoot } from "../../src/package.ts";
import { dumpRaw, type Setup, setUp } from "./ingest-setup.ts";
import { startUntrustedServer } from "./untrusted-server.ts";

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
    // More than is usual, of both, since a machine that is busy fails on its own account too.
    api: { timeoutMs: 1_500, maxAttempts: 8 },
  });
  if (key) setup.credentials = key;
  closers.push(setup.close, gateway.close);
  return { setup, gateway };
}

/** Every way to fail that may pass when one asks again; with a certificate that fails they strike three of ten. */
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
  "clock-skew",
  "redirect",
] as const;
/** More than three of ten by lot, since some find nothing in an answer that could go wrong their way. */
const share = 0.38;
const rate = 1 - (1 - share) ** (1 / (kinds.length + 1));

/** Leads some connections to a server whose certificate nobody knows. */
function throughBadCertificates(untrusted: string) {
  let failed = 0;
  let draw = 0;
  const throughThem: typeof fetch = async (input, init) => {
    // The golden ratio's multiples are spread evenly, and the same each time.
    if ((++draw * 0.618_033_988_75) % 1 >= rate) return fetch(input, init);
    failed++;
    const { pathname, search } = new URL(String(input));
    return fetch(`${untrusted}${pathname}${search}`, init);
  };
  return { fetch: throughThem, failed: () => failed };
}

/** All but what names a run, a load or a file. */
const tablesOf = async (setup: Setup) => {
  const { read_windows, landed_files, ...tables } = await dumpRaw(setup.all, ["_load_id"]);
  expect(landed_files?.length).toBeGreaterThan(100);
  expect(read_windows?.length).toBeGreaterThan(100);
  return tables;
};

/** Three months, since more would be more of the same. */
const since = { from: "2026-08-01" };

test("a gateway that fails three requests of ten, in every way, leaves the same tables to the last byte", async () => {
  const { setup: flawless } = await start([], "none");
  expect((await flawless.run(since)).failures).toEqual([]);
  const expected = await tablesOf(flawless);
  expect(expected.usage?.length).toBeGreaterThan(3_000);
  for (const seed of ["1", "2"]) {
    const faults = kinds.map(
      // One that drips too slowly is cut off, as client.test.ts has it, and takes as long; this one comes to its end.
      (kind): FaultInput => (kind === "slow" ? { kind, rate, every_ms: 5 } : { kind, rate }),
    );
    const { setup, gateway } = await start(faults, seed);
    const untrusted = await startUntrustedServer();
    closers.push(untrusted.close);
    const through = throughBadCertificates(untrusted.base);
    setup.effects.fetch = through.fetch;
    const summary = await setup.run(since);
    expect(summary.failures).toEqual([]);
    expect(await tablesOf(setup)).toEqual(expected);
    const struck = gateway.faults.list();
    for (const { fault, struck: times } of struck) expect(times, fault.kind).toBeGreaterThan(0);
    expect(through.failed()).toBeGreaterThan(0);
    // No request, and so no credential, went where a redirect leads or where nobody is trusted.
    expect(gateway.faults.visits()).toEqual([]);
    expect(untrusted.requests()).toBe(0);
    const asked = summary.streams.reduce((sum, { requests }) => sum + requests, 0);
    const failed = struck.reduce((sum, { struck: times }) => sum + times, through.failed());
    expect(failed / asked).toBeGreaterThan(0.3);
  }
}, 420_000);
