import { expect, test } from "vitest";
import { openOrganization } from "./organization.ts";

const vms = 550;
const days = 1826;
const buildLimitMs = 25_000;

test("five years of a million rows by resource build and publish within the memory of a new workspace, without losing a row", async () => {
  const analytics = await openOrganization({
    files: { "prices.csv": "billable_metric,unit_price\ngpu-hours,2.5\n" },
  });
  const { warehouse } = analytics.context;
  await warehouse.run(`
    insert into raw.resource_usage by name
    select
      'org' as organization_id,
      'project-' || (vm % 20) as project_id,
      date '2026-11-02' - day::integer as usage_date,
      'us-east1' as region,
      case when vm % 2 = 0 then 'h100-80gb-sxm-ib.8x' else 'persistent-ssd' end as resource_type,
      case when vm % 2 = 0 then 'gpu-hours' else 'gib-hours' end as billable_metric,
      (vm % 24) + 0.5 as quantity,
      'resource-' || vm as resource_id,
      'name-' || vm as resource_name,
      timestamp '2026-11-03 00:10:00' as _known_from
    from range(${vms}) as vms(vm), range(${days}) as days(day);

    insert into raw.usage by name
    select
      organization_id, project_id, usage_date, region, resource_type, billable_metric,
      sum(quantity) as quantity, max(_known_from) as _known_from
    from raw.resource_usage
    group by all;
  `);
  const { durationMs, tests } = await analytics.build();
  expect(tests.filter(({ failingRows }) => failingRows > 0)).toEqual([]);
  expect(durationMs).toBeLessThan(buildLimitMs);

  // Of even VMs: how many days, times the sum of vm % 24 + 0.5.
  const hoursADay = Array.from({ length: vms }, (_, vm) => (vm % 2 === 0 ? (vm % 24) + 0.5 : 0)).reduce(
    (a, b) => a + b,
  );
  expect(
    await analytics.all(`
      select
        (select count(*) from marts.fct_resource_usage_daily)::integer as resource_rows,
        (select sum(gpu_hours) from marts.fct_gpu_hours_daily)::double as gpu_hours,
        (select sum(cost) from marts.fct_cost_daily)::double as cost
    `),
  ).toEqual([{ resource_rows: vms * days, gpu_hours: hoursADay * days, cost: hoursADay * days * 2.5 }]);

  await analytics.publish();
  // Every row as it is, in whatever order: the hashes of all of them are one and the same.
  const digest = (table: string) =>
    `select count(*) as row_count, bit_xor(hash(t)) as digest from ${table} as t`;
  expect(await analytics.published(digest("fct_resource_usage_daily"))).toEqual(
    await analytics.all(digest("marts.fct_resource_usage_daily")),
  );
}, 120_000);
