import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type BuildOptions, build } from "../../src/models/build.ts";
import { startContractServer } from "../ingest/contract-server.ts";
import { type Setup, setUp, smallAccount } from "../ingest/ingest-setup.ts";
import { type Analytics, openOrganization, type TestOrganization } from "./organization.ts";
import { sampledOrganization } from "./sampled-organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 300_000 });

test("GPU-hours and cost do not depend on the order of rows, the threads, or how history was loaded", async () => {
  const usageRow = fc.record({
    project_id: fc.constantFrom("p1", "p2", "p3"),
    day: fc.integer({ min: 1, max: 28 }),
    resource_type: fc.constantFrom("h100.8x", "a100.4x", "c1a.8x", "persistent-ssd"),
    billable_metric: fc.constantFrom("gpu-hours", "GPU_HOURS", "instance-hours", "VM Hours", "gib-hours"),
    reservation_id: fc.constantFrom(null, "r1"),
    quantity: fc.bigInt(0n, 10n ** 20n),
  });
  const decimal = (value: bigint) => `${value / 10n ** 12n}.${String(value % 10n ** 12n).padStart(12, "0")}`;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(usageRow, {
        minLength: 1,
        maxLength: 60,
        selector: ({ quantity, ...key }) => JSON.stringify(key),
      }),
      fc.integer(),
      async (rows, seed) => {
        const raw = rows.map(({ day, quantity, ...row }) => ({
          ...row,
          usage_date: `2026-10-${String(day).padStart(2, "0")}`,
          quantity: decimal(quantity),
        }));
        const shuffled = [...raw].sort(
          (a, b) => hash(JSON.stringify(a), seed) - hash(JSON.stringify(b), seed),
        );
        // The same knowledge by way of older values that were restated since.
        const restated = shuffled.flatMap((row, at) =>
          at % 2 === 0
            ? [
                {
                  ...row,
                  quantity: "77.7",
                  _known_from: "2026-10-30 00:00:00",
                  _known_to: "2026-11-03 00:10:00",
                },
                row,
              ]
            : [row],
        );
        const results = [];
        for (const [threads, loaded] of [
          [1, raw],
          [3, restated],
        ] as const) {
          const analytics = await openOrganization({
            rows: { usage: loaded },
            files: {
              "tally.toml": `[warehouse]\nthreads = ${threads}\n`,
              "prices.csv":
                "resource_type,billable_metric,unit_price\nh100.8x,gpu-hours,3.33333333\n,instance-hours,0.77777777\n",
            },
          });
          await analytics.build({ select: "+fct_cost_daily,+fct_gpu_hours_trend" });
          results.push({
            cost: await analytics.all("select * from marts.fct_cost_daily order by all"),
            total: await analytics.all(
              "select currency, sum(cost) as cost, sum(quantity) as quantity from marts.fct_cost_daily group by all",
            ),
            trend: await analytics.all("select * from marts.fct_gpu_hours_trend order by all"),
          });
        }
        expect(results[1]).toEqual(results[0]);
        // And GPU-hours are those of integers: num_gpu is in the name of each type.
        const gpus: Record<string, bigint> = { "h100.8x": 8n, "a100.4x": 4n };
        const expected = rows.reduce((sum, row) => {
          if (/^gpu/i.test(row.billable_metric)) return sum + row.quantity;
          if (/instance|vm/i.test(row.billable_metric))
            return sum + row.quantity * (gpus[row.resource_type] ?? 0n);
          return sum;
        }, 0n);
        const hours = (results[0]?.cost ?? []).reduce(
          (sum, row) => sum + BigInt(String(row.gpu_hours ?? "0").replace(".", "")),
          0n,
        );
        expect(hours).toBe(expected);
      },
    ),
    { numRuns: 8 },
  );
});

test("every public table is the same to the byte, whatever the order of the rows and the number of threads", async () => {
  const organization = sampledOrganization();
  const shuffled: TestOrganization = {
    ...organization,
    rows: Object.fromEntries(
      Object.entries(organization.rows ?? {}).map(([table, rows], seed) => [
        table,
        [...rows].sort((a, b) => hash(JSON.stringify(a), seed) - hash(JSON.stringify(b), seed)),
      ]),
    ),
  };
  const published = [];
  for (const [threads, loaded] of [
    [1, organization],
    [4, shuffled],
  ] as const) {
    const analytics = await openOrganization({
      ...loaded,
      files: {
        ...loaded.files,
        "tally.toml": `${loaded.files?.["tally.toml"] ?? ""}\n[warehouse]\nthreads = ${threads}\n`,
      },
    });
    await analytics.build();
    await analytics.publish();
    published.push(await everyPublishedTable(analytics));
  }
  const [first, second] = published;
  expect(Object.keys(first ?? {}).length).toBeGreaterThan(20);
  for (const [table, rows] of Object.entries(first ?? {})) {
    expect(second?.[table], table).toEqual(rows);
  }
  // What is empty in both is compared with nothing.
  const empty = Object.keys(first ?? {}).filter((table) => first?.[table]?.length === 0);
  expect(
    empty.filter((table) => /^(dim_vm|dim_disk|fct_(usage|cost|gpu|idle_findings|resource))/.test(table)),
  ).toEqual([]);
});

test("tables are the same whether history was loaded night by night with a build each night, in one go, or replayed", async () => {
  const { setup, endpoint, close } = await threeNights(async (each) => void (await buildOf(each)));
  const once = await setUp({ endpoint, now: "2026-11-12T06:00:00Z", lookbackDays: 30 });
  try {
    const nightly = await everyTable(setup);
    expect(nightly.fct_usage_revisions?.length).toBeGreaterThan(nightly.fct_usage_daily?.length ?? 0);
    expect(nightly.dim_vm).toHaveLength(2);

    await setup.replay();
    await buildOf(setup, { fullRefresh: true });
    const replayed = await everyTable(setup);
    for (const [table, rows] of Object.entries(nightly)) expect(replayed[table], table).toEqual(rows);

    await once.run();
    await buildOf(once);
    const atOnce = await everyTable(once);
    // Usage and what follows from it alone hold no time of a reading: all of their columns are compared.
    for (const table of [
      "fct_usage_daily",
      "fct_resource_usage_daily",
      "fct_gpu_hours_daily",
      "fct_gpu_hours_by_period",
      "fct_cost_daily",
    ]) {
      expect(atOnce[table], table).toEqual(nightly[table]);
    }
    // What the inventory holds now, but for since when that is known.
    const current = (rows: readonly Row[] = []) =>
      without(
        rows.filter(({ is_current }) => is_current),
        ["valid_from", "first_seen_at"],
      );
    for (const table of ["dim_vm", "dim_disk", "dim_snapshot", "dim_reservation", "dim_vm_type"]) {
      expect(current(atOnce[table]), table).toEqual(current(nightly[table]));
    }
  } finally {
    await once.close();
    await close();
  }
});

type Row = Record<string, unknown>;

const without = (rows: readonly Row[] = [], columns: readonly string[]): Row[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name))));

/** Every table that readers find, with its rows in the order in which they stand; meta_ tells when it was made. */
async function everyPublishedTable(analytics: Analytics): Promise<Record<string, Row[]>> {
  const tables = await analytics.published("select table_name from duckdb_tables() order by table_name");
  const found: Record<string, Row[]> = {};
  for (const { table_name } of tables) {
    if (!String(table_name).startsWith("meta_")) {
      found[String(table_name)] = await analytics.published(`from ${table_name}`);
    }
  }
  return found;
}

async function everyTable(setup: Setup): Promise<Record<string, Row[]>> {
  const tables = await setup.all<{ name: string }>(
    "select table_name as name from duckdb_tables() where schema_name = 'marts' order by name",
  );
  const found: Record<string, Row[]> = {};
  for (const { name } of tables)
    found[name] = await setup.all<Row>(`select * from marts.${name} order by all`);
  return found;
}

const buildOf = ({ effects, config, workspace, warehouse }: Setup, options: BuildOptions = {}) =>
  build({ effects, config, workspace, warehouse }, options);

/** Three nights in which usage is restated, a VM stops, a disk grows and a project goes; after each, `then`. */
async function threeNights(then: (setup: Setup) => Promise<void>) {
  const server = await startContractServer(smallAccount());
  const setup = await setUp({ endpoint: server.endpoint, lookbackDays: 30 });
  const { account } = server;
  await setup.run();
  await then(setup);
  setup.at("2026-11-11T06:00:00Z");
  const [vm] = account.vms["p-1"] ?? [];
  account.vms["p-1"] = [{ ...vm, state: "STATE_SHUTOFF" }];
  const [row] = account.usage;
  if (row) account.usage.push({ ...row, date: "2026-11-10", quantity: "7" });
  await setup.run();
  await then(setup);
  setup.at("2026-11-12T06:00:00Z");
  const [disk] = account.disks["p-1"] ?? [];
  account.disks["p-1"] = [{ ...disk, size: "256GiB" }];
  for (const each of account.usage.filter(({ date }) => date === "2026-11-10")) each.quantity = "8";
  await setup.run();
  await then(setup);
  const close = async () => {
    await setup.close();
    await server.close();
  };
  return { setup, endpoint: server.endpoint, close };
}

function hash(text: string, seed: number): number {
  let value = seed | 0;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}
