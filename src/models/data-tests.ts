import { sqlName, sqlText } from "../warehouse.ts";
import { timestampText } from "./context.ts";
import type { HeaderTest } from "./header.ts";
import type { Model, SqlTest } from "./project.ts";

/** A claim about the data, as the query for the rows that break it. */
export interface DataTest {
  /** The model and what is tested of it, such as `dim_vm.grain`, or the name of a file in sql/tests. */
  name: string;
  model: string | null;
  severity: "error" | "warn";
  /** The query that shows the failing rows. */
  query: string;
  /** A query for one number: how many rows fail. Cheaper than to count the rows of `query`, where it differs. */
  count: string;
  /**
   * The same for some rows of the table alone, given as a table expression. Only where the rows of a day fail or
   * pass whatever the other days hold.
   */
  countAmong?: (rows: string) => string;
  /** As `count`, for a table of few rows: quicker to plan, and dearer for millions. */
  countOfFew?: string;
  /** What holds of a row that fails, where the row alone tells: tests of the same rows are then one query. */
  condition?: string;
  /** The file that makes the claim. */
  file: string;
  /** Another model that the query reads. */
  reads?: string;
  /** The column of that model. */
  readsColumn?: string;
}

/**
 * What a model's file claims of its table: its grain, and the tests of its header.
 *
 * @param now the instant by which freshness is judged
 */
export function modelTests(model: Model, now: Date): DataTest[] {
  // A view of staging holds what the API said: it is tested where it becomes a table.
  const grain = model.layer === "staging" && model.materialization === "view" ? [] : [grainTest(model)];
  return [...grain, ...model.header.tests.flatMap((test) => headerTests(model, test, now))];
}

/** What a file of sql/tests claims: that its query has no rows. */
export function fileTest({ name, severity, sql, file, incremental }: SqlTest): DataTest {
  const query = sql.trim();
  return {
    name,
    model: null,
    severity,
    file,
    query,
    count: `select count(*) from (${query}\n)`,
    ...(incremental ? { countAmong: (rows: string) => `select count(*) from ${rows}` } : {}),
  };
}

function grainTest({ name, file, header: { grain, incremental } }: Model): DataTest {
  const keys = grain.map(sqlName).join(", ");
  const groups = (table: string, by: string) =>
    `select ${by}, count(*) as row_count from ${table} group by ${by} having count(*) > 1`;
  // Rows are grouped by a hash, and only those that share one are compared: a fraction of the memory.
  const count = (rows: string) => `
      select count(*) from (
        ${groups(`(select ${keys} from ${rows} where hash(${keys}) in (select key_hash from (${groups(`(select hash(${keys}) as key_hash from ${rows})`, "key_hash")})))`, keys)}
      )`;
  return {
    name: `${name}.grain`,
    model: name,
    severity: "error",
    file,
    query: groups(sqlName(name), keys),
    count: count(sqlName(name)),
    countOfFew: `select count(*) from (${groups(sqlName(name), keys)})`,
    ...(incremental && grain.includes(incremental.by) ? { countAmong: count } : {}),
  };
}

function headerTests({ name, file }: Model, test: HeaderTest, now: Date): DataTest[] {
  const { severity } = test;
  const failing = (what: string, query: (rows: string) => string): DataTest => ({
    name: `${name}.${what}`,
    model: name,
    severity,
    file,
    query: query(sqlName(name)),
    count: `select count(*) from (${query(sqlName(name))})`,
    countAmong: (rows) => `select count(*) from (${query(rows)})`,
  });
  const failingRow = (what: string, condition: string): DataTest => ({
    ...failing(what, (rows) => `select * from ${rows} where ${condition}`),
    condition,
  });
  if ("not_null" in test) {
    return test.not_null.map((column) => failingRow(`not_null.${column}`, `${sqlName(column)} is null`));
  }
  if ("accepted_values" in test) {
    const { column, values } = test.accepted_values;
    const list = values.map(sqlText).join(", ");
    return [failingRow(`accepted_values.${column}`, `${sqlName(column)} not in (${list})`)];
  }
  if ("relationship" in test) {
    const { column, model, to } = test.relationship;
    const query = (rows: string) =>
      `select ours.* from ${rows} as ours ` +
      `anti join ${sqlName(model)} as theirs on ours.${sqlName(column)} = theirs.${sqlName(to)} ` +
      `where ours.${sqlName(column)} is not null`;
    // Values are few where rows are millions: they are looked up once each.
    const count = (rows: string) =>
      `select coalesce(sum(row_count), 0) ` +
      `from (select ${sqlName(column)} as value, count(*) as row_count from ${rows} group by value) as ours ` +
      `anti join ${sqlName(model)} as theirs on ours.value = theirs.${sqlName(to)} ` +
      `where ours.value is not null`;
    const relationship = failing(`relationship.${column}`, query);
    return [
      { ...relationship, count: count(sqlName(name)), countAmong: count, reads: model, readsColumn: to },
    ];
  }
  if ("range" in test) {
    const { column, min, max } = test.range;
    const outside = [
      ...(min === undefined ? [] : [`${sqlName(column)} < ${min}`]),
      ...(max === undefined ? [] : [`${sqlName(column)} > ${max}`]),
    ];
    return [failingRow(`range.${column}`, outside.join(" or "))];
  }
  const { column, within } = test.freshness;
  const latest = `max(${sqlName(column)})`;
  const oldest = `timestamp ${sqlText(timestampText(now))} - interval ${sqlText(within)}`;
  const { countAmong: _, ...freshness } = failing(
    `freshness.${column}`,
    (rows) => `select ${latest} as latest from ${rows} having ${latest} < ${oldest}`,
  );
  return [freshness];
}
