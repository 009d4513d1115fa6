import { TallyError } from "../errors/tally-error.ts";
import { sqlName, type Warehouse } from "../warehouse.ts";
import type { DataTest } from "./data-tests.ts";
import { shareOut } from "./lanes.ts";

/**
 * Counts the rows that fail each test. Tests that a row alone decides are one query for all of the same rows: to
 * plan hundreds of queries takes longer than to run them.
 *
 * @param connections as many as are to be run at once
 * @param rowsToTest the rows that a test looks at, as a table expression; undefined for all of its model's
 * @param isOfFew whether the model of a test has few rows
 * @throws TallyError that names the test and its file where its SQL fails
 */
export async function countFailing(
  connections: readonly Warehouse[],
  tests: readonly DataTest[],
  rowsToTest: (test: DataTest) => string | undefined,
  isOfFew: (test: DataTest) => boolean = () => false,
): Promise<Map<DataTest, number>> {
  const failing = new Map<DataTest, number>();
  const queries: ((connection: Warehouse) => Promise<void>)[] = [];
  const together = new Map<string, DataTest[]>();
  // The queries of sql/tests take longest, and are begun first.
  const inTurn = tests.toSorted((a, b) => Number(a.model !== null) - Number(b.model !== null));
  for (const test of inTurn) {
    const rows = rowsToTest(test);
    if (test.condition !== undefined && test.model !== null) {
      const from = rows ?? sqlName(test.model);
      together.set(from, [...(together.get(from) ?? []), test]);
    } else {
      const ofAll = (isOfFew(test) ? test.countOfFew : undefined) ?? test.count;
      const count = (rows === undefined ? undefined : test.countAmong?.(rows)) ?? ofAll;
      queries.push(async (connection) => void failing.set(test, await countAlone(connection, test, count)));
    }
  }
  for (const [from, group] of together) {
    queries.push(async (connection) => {
      for (const [test, count] of await countTogether(connection, from, group)) failing.set(test, count);
    });
  }
  await shareOut(connections, queries, (connection, query) => query(connection));
  return failing;
}

async function countTogether(
  connection: Warehouse,
  from: string,
  tests: readonly DataTest[],
): Promise<Map<DataTest, number>> {
  const conditions = tests.map(({ condition }) => `(${condition})`);
  const counts = conditions.map(
    (condition, at) => `count(*) filter (where ${condition}) as ${sqlName(`${at}`)}`,
  );
  try {
    // The filter is there twice, so that DuckDB skips what its statistics say can't fail.
    const row = await connection.first<Record<string, string>>(
      `select ${counts.join(", ")} from ${from} where ${conditions.join(" or ")}`,
    );
    return new Map(tests.map((test, at) => [test, Number(row?.[at] ?? 0)]));
  } catch {
    // Which of them can't be run is told by each alone.
    const alone = new Map<DataTest, number>();
    for (const test of tests) alone.set(test, await countAlone(connection, test, test.count));
    return alone;
  }
}

async function countAlone(connection: Warehouse, { name, file }: DataTest, count: string): Promise<number> {
  const row = await connection
    .first<{ failing_rows: string }>(`select (${count})::bigint as failing_rows`)
    .catch((error: unknown) => {
      if (!(error instanceof Error)) throw error;
      const reason = error.message.split("\n\nLINE ", 1)[0]?.replace(/\s*\n\s*/g, " ");
      throw new TallyError(`${file}: the data test ${name} can't be run: ${reason}`, { cause: error });
    });
  return Number(row?.failing_rows ?? 0);
}
