import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Quirks } from "../../src/gateway/quirks.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { createClient } from "../../src/ingest/client.ts";
import { packageRoot } from "../../src/package.ts";
import { type Setup, setUp } from "./ingest-setup.ts";

const organization = await loadScenario(`${packageRoot}/data/demo/organization.yaml`);
const [key] = organization.accessKeys;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(quirks: Partial<Quirks> = {}): Promise<Setup> {
  const gateway = await startGateway({
    organization,
    clock: () => organization.now,
    accessKeys: organization.accessKeys,
    quirks,
  });
  const setup = await setUp({ endpoint: gateway.endpoint, now: organization.now.toISOString() });
  if (key) setup.credentials = key;
  closers.push(setup.close, gateway.close);
  return setup;
}

/** What came to be known, with metrics in one spelling and without what only names a load. */
const contents = async (setup: Setup) => ({
  usage: await setup.all(
    `select
       usage_date,
       project_id,
       region,
       resource_type,
       replace(replace(lower(billable_metric), '_', '-'), ' ', '-') as metric,
       reservation_id,
       quantity
     from raw.usage
     order by all`,
  ),
  resources: await setup.all(
    "select count(*)::int as rows, sum(quantity)::varchar as total, count(distinct resource_id)::int as ids from raw.resource_usage",
  ),
  inventory: await setup.all(
    `select 'vms' as kind, count(*)::int as rows from raw.vms
     union all select 'disks', count(*)::int from raw.disks
     union all select 'snapshots', count(*)::int from raw.snapshots
     union all select 'vm_types', count(*)::int from raw.vm_types`,
  ),
});

describe("against the local gateway", () => {
  test("what is signed is accepted, whatever stands in path and query", async () => {
    const setup = await start();
    const { effects, config, credentials } = setup;
    const client = createClient({ effects, api: { ...config.api, maxAttempts: 1 }, credentials });
    const texts = fc.string({ unit: "grapheme", minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(texts, fc.array(texts))),
        async (query) => {
          const request = {
            path: "/organizations/entities",
            query,
            format: "json",
            maxBytes: 2 ** 20,
          } as const;
          const bytes = await client.get(request, async (body) => {
            let total = 0;
            for await (const chunk of body) total += chunk.byteLength;
            return total;
          });
          expect(bytes).toBeGreaterThan(10);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("every way in which servers differ ends in the same tables", async () => {
    const reference = await start();
    expect((await reference.run()).failures).toEqual([]);
    const expected = await contents(reference);
    expect(expected.usage.length).toBeGreaterThan(10_000);
    const ways: Partial<Quirks>[] = [
      {
        literalQuotes: true,
        endDate: "exclusive",
        spellMetric: (metric) => metric.toUpperCase().replace("-", "_"),
      },
      {
        endDate: "overshooting",
        maxLimit: 7,
        pageSizeOfOtherLists: 997,
        arrays: "csv",
        extraFields: { invented: { deep: [null, "\u2028"] } },
        exportColumns: {
          usage_date: "Date",
          resource_id: "vmId",
          billable_metric: "Billable Metric",
          region: null,
        },
        extraExportColumns: { note: 'a "quoted", note' },
      },
    ];
    for (const quirks of ways) {
      const setup = await start(quirks);
      expect((await setup.run()).failures).toEqual([]);
      expect(await contents(setup)).toEqual(expected);
    }
  }, 120_000);
});
