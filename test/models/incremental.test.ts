import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { ModelResult } from "../../src/models/make-models.ts";
import { type Analytics, openOrganization } from "./organization.ts";

// Each build takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 300_000 });

const day = (number: number) => `2026-10-${String(number).padStart(2, "0")}`;
const at = (hour: number) =>
  `2026-11-${String(3 + Math.floor(hour / 24)).padStart(2, "0")} ${String(hour % 24).padStart(2, "0")}:00:00`;

/** A model of the user's own, with a rank within the day: what a window over days would not be allowed to say. */
const ownModel = (follows = "fct_cost_daily", select = "usage_date") => `/*
description: The rank of each project's cost within the day.
grain: [usage_date, project_id]
incremental: {by: usage_date, follows: [${follows}]}
columns:
  usage_date: The UTC day.
  project_id: The project.
  cost_rank: 1 for the project that cost most.
*/
select
  ${select},
  project_id,
  rank() over (partition by usage_date order by sum(cost) desc) as cost_rank
from fct_cost_daily
group by usage_date, project_id`;

/** And one that follows a table that is made as a whole, and says so by the day. */
const ownCoverage = `/*
description: How many reads were whole on a day.
grain: [usage_date]
incremental: {by: usage_date, follows: [fct_usage_coverage]}
columns:
  usage_date: The UTC day.
  whole_count: How many.
*/
select usage_date, count(*) filter (status = 'complete') as whole_count
from fct_usage_coverage
group by usage_date`;

const everyModel =
  "+own_coverage,+own_ranks,+int_resource_usage_sums,+fct_usage_daily,+fct_gpu_hours_daily,+fct_usage_revisions,+fct_resource_usage_daily";

const modesOf = (models: readonly ModelResult[]) =>
  Object.fromEntries(
    models
      .filter(({ materialization }) => materialization === "table")
      .map(({ name, mode, daysRebuilt }) => [name, mode === "full" ? "full" : daysRebuilt]),
  );

const priceFile = (price: string) => `resource_type,billable_metric,unit_price\n,gpu-hours,${price}\n`;

async function openTwoDays(): Promise<Analytics> {
  return openOrganization({
    rows: {
      vm_types: [{ product_name: "h100.8x", gpu_type: "H100", num_gpu: 8 }],
      projects: [{ id: "alpha", name: "Alpha" }],
      usage: [1, 2].map((number) => ({
        usage_date: day(number),
        resource_type: "h100.8x",
        billable_metric: "gpu-hours",
        quantity: number,
      })),
      resource_usage: [1, 2].map((number) => ({
        usage_date: day(number),
        resource_type: "h100.8x",
        billable_metric: "gpu-hours",
        quantity: number,
        resource_id: "vm",
      })),
    },
    files: {
      "prices.csv": priceFile("2"),
      "sql/marts/own_ranks.sql": ownModel(),
      "sql/marts/own_coverage.sql": ownCoverage,
    },
  });
}

test("usage that changed is found whatever the clock said: what came or was closed before the last, and what is gone", async () => {
  const analytics = await openTwoDays();
  const { warehouse } = analytics.context;
  const build = async () => modesOf((await analytics.build({ select: everyModel })).models).int_usage_daily;
  const quantities = async () =>
    (await analytics.all("select usage_date, quantity from intermediate.int_usage_daily order by all")).map(
      ({ usage_date: date, quantity }) => `${date} ${Number(quantity)}`,
    );
  expect(await build()).toBe("full");
  const came = { resource_type: "h100.8x", billable_metric: "gpu-hours", project_id: "beta" };
  // A clock that went back by days.
  await analytics.insert("usage", [
    { ...came, usage_date: day(1), quantity: 5, _known_from: "2026-10-20 00:10:00" },
  ]);
  expect(await build()).toBe(1);
  expect(await quantities()).toEqual([`${day(1)} 1`, `${day(1)} 5`, `${day(2)} 2`]);
  await warehouse.run("update raw.usage set _known_to = '2026-10-20 00:20:00' where project_id = 'beta'");
  expect(await build()).toBe(1);
  expect(await quantities()).toEqual([`${day(1)} 1`, `${day(2)} 2`]);
  // One that came and went between two builds, and one beside it in the same instant.
  const late = { ...came, _known_from: "2026-11-04 00:10:00" };
  await analytics.insert("usage", [
    { ...late, usage_date: day(2), quantity: 8, _known_to: "2026-11-04 00:10:00" },
    { ...late, usage_date: day(3), quantity: 9 },
  ]);
  expect(await build()).toBe(2);
  expect(await quantities()).toEqual([`${day(1)} 1`, `${day(2)} 2`, `${day(3)} 9`]);
  await analytics.insert("usage", [
    { ...late, usage_date: day(4), quantity: 4, _known_from: "2026-11-05 00:10:00" },
  ]);
  await warehouse.run(`delete from raw.usage where usage_date = '${day(3)}'`);
  expect(await build()).toBe(2);
  expect(await quantities()).toEqual([`${day(1)} 1`, `${day(2)} 2`, `${day(4)} 4`]);
  expect(await build()).toBe(0);
});

test("only the days that changed are made anew, and what is not by day makes all of them anew", async () => {
  const analytics = await openTwoDays();
  const { workspace } = analytics.context;
  const build = async (options = {}) =>
    modesOf((await analytics.build({ select: everyModel, ...options })).models);
  expect(await build()).toMatchObject({ fct_cost_daily: "full", own_ranks: "full" });
  const nothing = {
    int_usage_daily: 0,
    fct_gpu_hours_daily: 0,
    fct_cost_daily: 0,
    fct_usage_revisions: 0,
    own_ranks: 0,
  };
  expect(await build()).toMatchObject(nothing);

  // A restatement in the very instant at which the day was known before, and a load of a new day.
  await analytics.context.warehouse.run(`
    update raw.usage set _known_to = _known_from where usage_date = '${day(2)}'`);
  const loaded = { resource_type: "h100.8x", billable_metric: "gpu-hours" };
  await analytics.insert("usage", [
    { ...loaded, usage_date: day(2), quantity: 7 },
    { ...loaded, usage_date: day(3), quantity: 1 },
  ]);
  expect(await build()).toMatchObject({
    ...nothing,
    int_usage_daily: 2,
    fct_gpu_hours_daily: 2,
    fct_cost_daily: 2,
    fct_usage_revisions: 2,
    own_ranks: 2,
  });
  const costs = "select usage_date, cost from marts.fct_cost_daily order by all";
  expect(await analytics.all(costs)).toEqual([
    { usage_date: day(1), cost: "2.0000000000" },
    { usage_date: day(2), cost: "14.0000000000" },
    { usage_date: day(3), cost: "2.0000000000" },
  ]);

  // A price changes cost and what rests on it, and nothing else.
  writeFileSync(workspace.csv.prices, priceFile("3"));
  expect(await build()).toMatchObject({ ...nothing, fct_cost_daily: 3, own_ranks: 3 });
  expect((await analytics.all(costs))[1]).toEqual({ usage_date: day(2), cost: "21.0000000000" });
  // So does one from a day on, on the days from then on alone.
  writeFileSync(
    workspace.csv.prices,
    `resource_type,billable_metric,unit_price,effective_from,effective_to\n,gpu-hours,3,,${day(2)}\n,gpu-hours,4,${day(3)},\n`,
  );
  expect(await build()).toMatchObject({ ...nothing, fct_cost_daily: 1, own_ranks: 1 });
  // A project that is new, and has a price for the first time, is one on its own days.
  await analytics.insert("usage", [{ ...loaded, project_id: "beta", usage_date: day(4), quantity: 5 }]);
  await analytics.insert("usage", [{ ...loaded, usage_date: day(4), quantity: 1 }]);
  expect(await build()).toMatchObject({
    int_usage_daily: 1,
    fct_gpu_hours_daily: 1,
    fct_cost_daily: 1,
    fct_usage_revisions: 1,
    own_ranks: 1,
  });
  // A type that has other GPUs than was thought changes GPU-hours, and all that follows them.
  await analytics.context.warehouse.run("update raw.vm_types set gpu_type = 'H100-SXM'");
  expect(await build()).toMatchObject({ int_usage_daily: "full", fct_cost_daily: 4, fct_usage_revisions: 0 });
  expect(await build({ fullRefresh: true })).toMatchObject({
    fct_usage_revisions: "full",
    own_ranks: "full",
  });

  await analytics.build({ fullRefresh: true });
  await analytics.build();
  await analytics.publish();
  const [recorded] = await analytics.published(
    "select build_mode, days_rebuilt, row_count, started_at is not null as is_timed from meta_model where model_name = 'fct_cost_daily'",
  );
  expect(recorded).toEqual({ build_mode: "kept", days_rebuilt: 0, row_count: "5", is_timed: true });
});

test("a day on which nothing is left has no rows left, and one that was missed by a selection comes later", async () => {
  const analytics = await openTwoDays();
  await analytics.build({ select: everyModel });
  await analytics.context.warehouse.run(`delete from raw.usage where usage_date = '${day(1)}'`);
  await analytics.build({ select: "int_usage_daily" });
  const days = "select usage_date::varchar as day from marts.own_ranks order by all";
  expect(await analytics.all(days)).toEqual([{ day: day(1) }, { day: day(2) }]);
  const { models } = await analytics.build({ select: "own_ranks" });
  expect(modesOf(models)).toMatchObject({ own_ranks: 0 });
  expect(modesOf((await analytics.build({ select: "fct_cost_daily,own_ranks" })).models)).toMatchObject({
    fct_cost_daily: 1,
    own_ranks: 1,
  });
  expect(await analytics.all(days)).toEqual([{ day: day(2) }]);
});

test("what a header says of days that can't be is refused with file and line", async () => {
  const refused = async (text: string) => {
    const analytics = await openTwoDays();
    writeFileSync(join(analytics.context.workspace.root, "sql/marts/own_ranks.sql"), text);
    return analytics.build({ select: "+own_ranks" }).then(
      () => "",
      ({ message }: Error) => message,
    );
  };
  expect(await refused(ownModel("fct_usage_daily"))).toBe(
    "sql/marts/own_ranks.sql:4: own_ranks follows fct_usage_daily by day, but its SELECT does not read it.",
  );
  expect(await refused(ownModel().replaceAll("fct_cost_daily", "int_projects"))).toBe(
    "sql/marts/own_ranks.sql:4: own_ranks follows int_projects by usage_date, but that has no such column.",
  );
  expect(await refused(ownModel("{fct_cost_daily: [starts_on, usage_date]}"))).toBe(
    "sql/marts/own_ranks.sql:4: own_ranks follows fct_cost_daily by starts_on to usage_date, but that is made by usage_date.",
  );
  const attempts = ownModel("{int_usage_attempts: [window_to, window_to]}");
  expect(await refused(attempts.replaceAll("fct_cost_daily", "int_usage_attempts"))).toBe(
    "sql/marts/own_ranks.sql:4: own_ranks follows intermediate.int_usage_attempts by window_to to window_to, but others do by window_from to window_to.",
  );
  const ofMonths = (text: string) => text.replace("by: usage_date,", "by: usage_date, each: month,");
  expect(await refused(ofMonths(ownModel()))).toBe(
    "sql/marts/own_ranks.sql:4: own_ranks is made by month, so that it is a table, looks back over nothing, and follows others by their days.",
  );
  const months = ownModel().replaceAll("fct_cost_daily", "int_usage_months");
  expect(await refused(months)).toBe(
    "sql/marts/own_ranks.sql:4: own_ranks follows int_usage_months by usage_date, but that is made by usage_month, a month.",
  );
  expect(await refused(ownModel("fct_cost_daily", "usage_date::timestamp as usage_date"))).toBe(
    "sql/marts/own_ranks.sql:4: it is incremental by usage_date, which is no DATE but TIMESTAMP.",
  );
});

/** Something that happens to a warehouse between two builds, or a build. */
type Event =
  | {
      kind: "load";
      table: "usage" | "resource_usage";
      day: number;
      project: string;
      metric: string;
      quantity: number;
    }
  | { kind: "vanish"; table: "usage" | "resource_usage"; day: number }
  | { kind: "replay" | "rename" | "tomorrow" }
  | { kind: "price" | "gpus" | "centre"; value: number }
  | { kind: "build"; select: string }
  | { kind: "broken build"; model: string };

const table = fc.constantFrom("usage" as const, "resource_usage" as const);
const dayNumber = fc.integer({ min: 1, max: 5 });
const value = fc.integer({ min: 1, max: 4 });
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("load" as const),
      table,
      day: dayNumber,
      project: fc.constantFrom("alpha", "beta"),
      metric: fc.constantFrom("gpu-hours", "GPU_HOURS", "instance-hours", "spot-gpu-hours"),
      quantity: value,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("vanish" as const), table, day: dayNumber }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("replay" as const, "rename", "tomorrow") }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("price" as const, "gpus", "centre"), value }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("build" as const),
      select: fc.constantFrom(
        everyModel,
        "int_usage_daily",
        "stg_billable_metrics,int_resource_types",
        "fct_cost_daily,own_ranks",
        "+fct_gpu_hours_daily",
        "int_prices_in_force",
        "stg_usage,fct_usage_revisions",
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("broken build" as const),
      model: fc.constantFrom("own_ranks", "own_break"),
    }),
  },
);

test("any order of loads, restatements, changes, broken and partial builds ends in the tables of one full build", async () => {
  let hours = 0;
  let partly = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 6, maxLength: 10 }), async (events) => {
      const analytics = await openTwoDays();
      await analytics.build({ select: everyModel });
      for (const each of events) hours = await happen(analytics, each, hours + 1);
      const { models } = await analytics.build({ select: everyModel });
      const byDay = models.filter(({ name }) => incrementalModels.includes(name));
      expect(byDay).toHaveLength(incrementalModels.length);
      partly += byDay.filter(({ daysRebuilt }) => daysRebuilt !== null && daysRebuilt > 0).length;
      const found = await rowsOf(analytics);
      await analytics.build({ select: everyModel, fullRefresh: true });
      expect(found).toEqual(await rowsOf(analytics));
    }),
    { numRuns: 5 },
  );
  // Else it would have compared full builds with each other.
  expect(partly).toBeGreaterThan(0);
});

const incrementalModels = [
  "own_coverage",
  "fct_usage_coverage",
  "int_resource_usage_sums",
  "int_spot_usage_daily",
  "int_usage_daily",
  "fct_gpu_hours_daily",
  "fct_cost_daily",
  "fct_usage_revisions",
  "own_ranks",
];

async function rowsOf({ all }: Analytics) {
  const rows: Record<string, unknown> = {};
  for (const name of incrementalModels) {
    const schema = name.startsWith("int_") ? "intermediate" : "marts";
    rows[name] = await all(`select * from ${schema}.${name} order by all`);
  }
  return rows;
}

async function happen(analytics: Analytics, event: Event, hour: number): Promise<number> {
  const { warehouse, workspace, effects } = analytics.context;
  // Several events fall into one instant: nothing may rest on the times at which things were known.
  const now = at(Math.floor(hour / 3));
  switch (event.kind) {
    case "load": {
      const { table: name, project, metric, quantity } = event;
      await warehouse.run(
        `update raw.${name} set _known_to = greatest(timestamp '${now}', _known_from)
         where usage_date = '${day(event.day)}' and project_id = '${project}' and billable_metric = '${metric}'
           and _known_to is null`,
      );
      await analytics.insert(name, [
        {
          usage_date: day(event.day),
          project_id: project,
          resource_type: "h100.8x",
          billable_metric: metric,
          quantity,
          _known_from: now,
          ...(name === "resource_usage" ? { resource_id: `vm of ${project}` } : {}),
        },
      ]);
      await analytics.insert("read_windows", [
        {
          stream: name,
          project_id: project,
          window_from: day(event.day),
          window_to: day(event.day),
          attempted_at: now,
          status: event.quantity === 1 ? "failed" : "complete",
        },
      ]);
      return hour;
    }
    case "vanish":
      await warehouse.run(
        `update raw.${event.table} set _known_to = greatest(timestamp '${now}', _known_from)
         where usage_date = '${day(event.day)}' and _known_to is null`,
      );
      return hour;
    case "replay":
      for (const name of ["usage", "resource_usage"]) {
        await warehouse.run(`
          create temp table replayed as select * replace (quantity + 1 as quantity) from raw.${name} order by quantity;
          delete from raw.${name};
          insert into raw.${name} select * from replayed;
          drop table replayed`);
      }
      await warehouse.run(`
        create table if not exists raw.replays (run_id varchar not null, replayed_at timestamp not null);
        insert into raw.replays values ('run', '${now}')`);
      return hour;
    case "rename":
      await warehouse.run("update raw.projects set name = name || '!'");
      return hour;
    case "tomorrow":
      return hour + 24;
    case "price":
      writeFileSync(workspace.csv.prices, priceFile(String(event.value)));
      return hour;
    case "gpus":
      await warehouse.run(`update raw.vm_types set num_gpu = ${event.value}`);
      return hour;
    case "centre":
      writeFileSync(
        workspace.csv.cost_centres,
        `project_id,cost_centre,effective_from\nalpha,C${event.value},${day(event.value)}\n`,
      );
      return hour;
    case "build":
      effects.now = () => new Date(`${now.replace(" ", "T")}Z`);
      await analytics.build({ select: event.select });
      return hour;
    case "broken build": {
      const path = join(workspace.root, `sql/marts/${event.model}.sql`);
      writeFileSync(path, ownModel().replace("rank()", "no_such_function()"));
      await expect(analytics.build({ select: `${everyModel},${event.model}` })).rejects.toThrow(
        "no_such_function",
      );
      writeFileSync(path, event.model === "own_ranks" ? ownModel() : ownModel().replace("cost desc", "cost"));
      return hour;
    }
  }
}
