import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { type ModelContext, openModelConnection } from "./context.ts";
import type { HeaderTest } from "./header.ts";
import { loadProject, type Model, type Project, projectRoots } from "./project.ts";

export interface TestResult {
  /** The model and what is tested of it, such as `dim_vm.grain`, or the name of a file in sql/tests. */
  name: string;
  model: string | null;
  severity: "error" | "warn";
  failingRows: number;
  /** The query that shows the failing rows. */
  query: string;
}

interface DataTest extends Omit<TestResult, "failingRows"> {
  /** A query for one number: how many rows fail. Cheaper than to count the rows of `query`, where it differs. */
  count: string;
}

/**
 * Tests every model's grain and what its header claims, and runs the queries of sql/tests. Writes meta.test.
 *
 * @throws TallyError where a model is not built, or a test's SQL fails
 */
export async function testModels(context: ModelContext): Promise<TestResult[]> {
  const project = await loadProject(projectRoots(context.workspace));
  const connection = await openModelConnection(context.warehouse);
  try {
    return await testProject(connection, project, new Set(project.models.map(({ name }) => name)));
  } finally {
    connection.close();
  }
}

/** Tests the named models; the queries of sql/tests speak of several, and run with every model only. */
export async function testProject(
  connection: Warehouse,
  project: Project,
  names: ReadonlySet<string>,
): Promise<TestResult[]> {
  const tests = project.models.filter((model) => names.has(model.name)).flatMap(modelTests);
  const isFull = project.models.every((model) => names.has(model.name));
  if (isFull) {
    for (const { name, severity, sql } of project.tests) {
      const query = sql.trim();
      tests.push({ name, model: null, severity, query, count: `select count(*) from (${query}\n)` });
    }
  }
  const results: TestResult[] = [];
  for (const { count, ...test } of tests) {
    const row = await connection.first<{ failing_rows: string }>(`select (${count})::bigint as failing_rows`);
    results.push({ ...test, failingRows: Number(row?.failing_rows ?? 0) });
  }
  await writeResults(connection, results, isFull);
  return results;
}

function modelTests(model: Model): DataTest[] {
  // A view of staging holds what the API said: it is tested where it becomes a table.
  const grain = model.materialization === "table" ? [grainTest(model)] : [];
  return [...grain, ...model.header.tests.flatMap((test) => headerTests(model, test))];
}

function grainTest({ name, header: { grain } }: Model): DataTest {
  const keys = grain.map(sqlName).join(", ");
  const groups = (table: string, by: string) =>
    `select ${by}, count(*) as row_count from ${table} group by ${by} having count(*) > 1`;
  return {
    name: `${name}.grain`,
    model: name,
    severity: "error",
    query: groups(sqlName(name), keys),
    // Rows are grouped by a hash, and only those that share one are compared: a fraction of the memory.
    count: `
      select count(*) from (
        ${groups(`(select ${keys} from ${sqlName(name)} where hash(${keys}) in (select key_hash from (${groups(`(select hash(${keys}) as key_hash from ${sqlName(name)})`, "key_hash")})))`, keys)}
      )`,
  };
}

function headerTests({ name }: Model, test: HeaderTest): DataTest[] {
  const { severity } = test;
  const failing = (what: string, condition: string): DataTest => {
    const query = `select * from ${sqlName(name)} where ${condition}`;
    return {
      name: `${name}.${what}`,
      model: name,
      severity,
      query,
      count: `select count(*) from (${query})`,
    };
  };
  if ("not_null" in test) {
    return test.not_null.map((column) => failing(`not_null.${column}`, `${sqlName(column)} is null`));
  }
  const { column, values } = test.accepted_values;
  return [
    failing(`accepted_values.${column}`, `${sqlName(column)} not in (${values.map(sqlText).join(", ")})`),
  ];
}

async function writeResults(
  connection: Warehouse,
  results: readonly TestResult[],
  isFull: boolean,
): Promise<void> {
  const rows = results.map(({ name, model, severity, failingRows, query }) => ({
    test_name: name,
    model_name: model,
    severity,
    status: failingRows === 0 ? "passed" : "failed",
    failing_rows: failingRows,
    query,
  }));
  const structure = `[{"test_name":"varchar","model_name":"varchar","severity":"varchar","status":"varchar","failing_rows":"bigint","query":"varchar"}]`;
  await connection.transaction(async () => {
    await connection.run(
      `
      create or replace temp table test_result as
      select unnest(from_json($rows::json, ${sqlText(structure)}), recursive := true)
      `,
      { rows: JSON.stringify(rows) },
    );
    // What was not run now stays as it was, except where everything ran: then it is a test that is no more.
    const replaced = isFull ? "" : " where test_name in (select test_name from test_result)";
    await connection.run(`delete from meta.test${replaced}`);
    await connection.run(`
      insert into meta.test (test_name, model_name, severity, status, failing_rows, query, tested_at)
      select test_name, model_name, severity, status, failing_rows, query, now
      from test_result
      cross join meta.build
    `);
  });
  await connection.run("drop table if exists temp.test_result");
}
