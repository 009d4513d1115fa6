import { sqlText, type Warehouse } from "../warehouse.ts";
import { timestampText } from "./context.ts";
import type { DataTest } from "./data-tests.ts";

export interface TestResult extends Pick<DataTest, "name" | "model" | "severity" | "query"> {
  failingRows: number;
}

/** By the name of the test, on what it passed when it was run last. */
export async function passedOn(connection: Warehouse): Promise<Map<string, string>> {
  const rows = await connection.all<{ name: string; basis: string }>(`
    select test_name as name, passed_on as basis
    from meta.test
    where status = 'passed' and passed_on is not null
  `);
  return new Map(rows.map(({ name, basis }) => [name, basis]));
}

/** What is to be written of tests that were run. */
export interface Ran {
  now: Date;
  /** By the name of the test, on what it was run, where that is known. */
  bases: ReadonlyMap<string, string | null>;
  /** The tests that there are besides; every other one is a test no more. Undefined where nothing is to go. */
  others: readonly string[] | undefined;
}

/** Writes the rows of meta.test for the tests that were run, in an open transaction. */
export async function writeResults(
  connection: Warehouse,
  results: readonly TestResult[],
  { now, bases, others }: Ran,
): Promise<void> {
  const rows = results.map(({ name, model, severity, failingRows, query }) => ({
    test_name: name,
    model_name: model,
    severity,
    status: failingRows === 0 ? "passed" : "failed",
    failing_rows: failingRows,
    query,
    passed_on: failingRows === 0 ? (bases.get(name) ?? null) : null,
  }));
  const names = (of: readonly string[]) => ["''", ...of.map(sqlText)].join(", ");
  const replaced = others
    ? `test_name not in (${names(others)})`
    : `test_name in (${names(results.map(({ name }) => name))})`;
  await connection.run(`delete from meta.test where ${replaced}`);
  if (rows.length === 0) return;
  const structure = `[{"test_name":"varchar","model_name":"varchar","severity":"varchar","status":"varchar","failing_rows":"bigint","query":"varchar","passed_on":"varchar"}]`;
  await connection.run(
    `
    insert into meta.test by name
    select test.*, ${sqlText(timestampText(now))}::timestamp as tested_at
    from (select unnest(from_json($rows::json, ${sqlText(structure)}), recursive := true)) as test
    `,
    { rows: JSON.stringify(rows) },
  );
}
