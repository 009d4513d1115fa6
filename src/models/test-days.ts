import { ConfigError } from "../errors/config-error.ts";
import type { Warehouse } from "../warehouse.ts";
import { relationOf } from "./graph.ts";
import type { DayPlan } from "./incremental.ts";
import type { Project, SqlTest } from "./project.ts";
import { readSelect } from "./references.ts";

/** What the days of a test of sql/tests rest on. */
export type TestPlan = Pick<DayPlan, "by" | "follows" | "views" | "whole">;

/**
 * How each test of sql/tests whose header says that it is incremental follows models by day.
 *
 * @throws ConfigError, with file and line, where it reads more than models that are made by that day
 */
export async function planTestDays(
  connection: Warehouse,
  { models, tests }: Project,
  plans: ReadonlyMap<string, DayPlan>,
): Promise<Map<string, TestPlan>> {
  const found = new Map<string, TestPlan>();
  for (const test of tests) {
    if (!test.incremental) continue;
    const { by } = test.incremental;
    const follows = new Set<string>();
    const views = new Set<DayPlan["views"][number]>();
    const whole: DayPlan["whole"][number][] = [];
    for (const name of await namesFollowed(connection, test)) {
      const model = models.find((each) => each.name.toLowerCase() === name);
      const plan = model && plans.get(model.name);
      if (!model || plan?.by !== by) throw notByDay(test, `${name} is no model that is made by ${by}`);
      if (model.materialization === "table") {
        follows.add(relationOf(model));
        continue;
      }
      for (const relation of plan.follows) follows.add(relation);
      for (const view of [model, ...plan.views]) views.add(view);
      whole.push(...plan.whole);
    }
    found.set(test.name, { by, follows: [...follows], views: [...views], whole });
  }
  return found;
}

/** The tables of a test, all of which it has to follow: no day of its would be looked at again for another. */
async function namesFollowed(connection: Warehouse, test: SqlTest): Promise<string[]> {
  const { tables } = await readSelect(connection, test.sql, test.file);
  const read = new Set(tables.map(({ name }) => name.toLowerCase()));
  const followed = (test.incremental?.follows ?? []).map(({ name }) => name.toLowerCase());
  const missing = [...read].find((name) => !followed.includes(name));
  if (missing !== undefined) throw notByDay(test, `it reads ${missing}, too`);
  const astray = followed.find((name) => !read.has(name));
  if (astray !== undefined) throw notByDay(test, `it does not read ${astray}`);
  return followed;
}

function notByDay({ name, file, incremental }: SqlTest, why: string): ConfigError {
  return new ConfigError(`${file}:${incremental?.line}: ${name} can't be tested by day: ${why}.`, {
    hint: "Name all of the tables that it reads under follows, each made by that day, or leave out incremental.",
  });
}
