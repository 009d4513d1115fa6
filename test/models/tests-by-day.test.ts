import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { openOrganization } from "./organization.ts";
import { restateUsage } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 120_000 });

const day = (number: number) => `2026-10-0${number}`;
const usage = (number: number, quantity: number) => ({
  usage_date: day(number),
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  quantity,
});
const ownTest = (follows: string, more = "") => `/*
description: No day has more than 100 hours.
incremental: {by: usage_date, follows: [${follows}]}
*/
select usage_date, sum(quantity) as quantity
from fct_usage_daily
${more}
group by usage_date
having sum(quantity) > 100`;

test("a test by day finds what fails on a day that changed, as long as it fails", async () => {
  const analytics = await openOrganization({
    rows: { usage: [usage(1, 10), usage(2, 20)] },
    files: { "sql/tests/own_limit.sql": ownTest("fct_usage_daily") },
  });
  const { warehouse, workspace } = analytics.context;
  const build = async () => {
    const { tests } = await analytics.build();
    return Object.fromEntries(tests.map(({ name, failingRows }) => [name, failingRows]));
  };
  expect(await build()).toMatchObject({ own_limit: 0, cost_covers_usage: 0 });
  await analytics.insert("usage", [usage(3, 300)]);
  await restateUsage(warehouse, `usage_date = '${day(1)}'`, "200");
  expect(await build()).toMatchObject({ own_limit: 2 });
  await restateUsage(warehouse, `usage_date = '${day(3)}'`, "30");
  expect(await build()).toMatchObject({ own_limit: 1 });
  await restateUsage(warehouse, `usage_date = '${day(1)}'`, "10");
  expect(await build()).toMatchObject({ own_limit: 0 });

  // Tables that were changed beside the builds: only days that changed are looked at, until all of them are asked for.
  await warehouse.run(`delete from marts.fct_cost_daily where usage_date = '${day(2)}'`);
  await analytics.insert("usage", [usage(4, 40)]);
  expect(await build()).toMatchObject({ cost_covers_usage: 0 });
  await warehouse.run(`
    update meta.seen_change set change_number = 0 where reader = 'test cost_covers_usage';
    update meta.test set passed_on = null where test_name = 'cost_covers_usage'`);
  // Another text of it has passed on no day.
  writeFileSync(
    join(workspace.root, "sql/tests/own_limit.sql"),
    ownTest("fct_usage_daily").replace("> 100", "> 15"),
  );
  expect(await build()).toMatchObject({ own_limit: 3, cost_covers_usage: 1 });
});

test("a test that reads more than what it follows by day is refused with file and line", async () => {
  const refused = (follows: string, more = "") =>
    openOrganization({
      rows: { usage: [usage(1, 10)] },
      files: { "sql/tests/own_limit.sql": ownTest(follows, more) },
    }).then(({ build }) =>
      build({ select: "+fct_usage_daily" }).then(
        () => "",
        ({ message }: Error) => message,
      ),
    );
  expect(await refused("fct_usage_daily", "cross join meta.build")).toBe(
    "sql/tests/own_limit.sql:3: own_limit can't be tested by day: it reads build, too.",
  );
  expect(await refused("fct_usage_daily, fct_cost_daily")).toBe(
    "sql/tests/own_limit.sql:3: own_limit can't be tested by day: it does not read fct_cost_daily.",
  );
  expect(await refused("fct_usage_daily, dim_project", "join dim_project using (project_id)")).toBe(
    "sql/tests/own_limit.sql:3: own_limit can't be tested by day: dim_project is no model that is made by usage_date.",
  );
});
