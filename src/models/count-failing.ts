import { TallyError } from "../errors/tally-error.ts";
import { sqlName, type Warehouse } from "../warehouse.ts";
import type { DataTest } from "./data-tests.ts";
import { mostRowsBeside, shareOut } from "./lanes.ts";

/** Rows of fewer are grouped as they are; those of more by hashes, which take a fraction of the memory. */
const manyRows = 100_000;

/** What a test looks at. */
export interface LooksAt {
  /** The rows, as a table expression, where they are not all of its model's. */
  rowsToTest(test: DataTest): string | undefined;
  /** How many rows its model has; Infinity where that is not known. */
  rowCount(test: DataTest): number;
}

/**
 * Counts the rows that fail each test. Tests that a row alone decides are one query for all of the same rows: to
 * plan hundreds of queries takes longer than to run them.
 *
 * @param connections as many as are to be run at once
 * @throws TallyError that names the test and its file where its SQL fails
 */
export async function countFailing(
  connections: readonly Warehouse[],
  tests: readonly DataTest[],
  { rowsToTest, rowCount }: LooksAt,
): Promise<Map<DataTest, number>> {
  const failing = new Map<DataTest, number>();
  const large: Query[] = [];
  const small: Query[] = [];
  const ofFew: Count[] = [];
  const together = new Map<string, DataTest[]>();
  for (const test of tests) {
    const rows = rowsToTest(test);
    if (test.condition !== undefined && test.model !== null) {
      const from = rows ?? sqlName(test.model);
      together.set(from, [...(together.get(from) ?? []), test]);
    } else {
      const among = rows === undefined ? undefined : test.countAmong?.(rows);
      const looksAt = among === undefined ? rowCount(test) : 0;
      if (among === undefined && looksAt < manyRows) {
        ofFew.push({ test, count: test.countOfFew ?? test.count });
        continue;
      }
      const one = { test, count: among ?? test.count };
      const queries = looksAt > mostRowsBeside ? large : small;
      queries.push(async (connection) => void failing.set(test, await countAlone(connection, one)));
    }
  }
  for (let at = 0; at < ofFew.length; at += countsTogether) {
    const counts = ofFew.slice(at, at + countsTogether);
    small.push(async (connection) => {
      for (const [test, count] of await countEach(connection, counts)) failing.set(test, count);
    });
  }
  for (const [from, group] of together) {
    small.push(async (connection) => {
      for (const [test, count] of await countTogether(connection, from, group)) failing.set(test, count);
    });
  }
  const oneAfterAnother: Query = async (connection) => {
    for (const query of large) await query(connection);
  };
  // What takes longest is begun first.
  await shareOut(connections, [oneAfterAnother, ...small], (connection, query) => query(connection));
  return failing;
}

type Query = (connection: Warehouse) => Promise<void>;

/** A test, and the query for how many rows fail it. */
interface Count {
  test: DataTest;
  count: string;
}

/** Of few rows: so many in one statement take two thirds of the time that they take one by one. */
const countsTogether = 8;

async function countEach(connection: Warehouse, counts: readonly Count[]): Promise<Map<DataTest, number>> {
  const each = counts.map(({ count }, at) => `select ${at} as at, (${count})::bigint as failing_rows`);
  try {
    const rows = await connection.all<{ at: number; failing_rows: string }>(each.join(" union all "));
    const failing = new Map(rows.map(({ at, failing_rows: count }) => [at, Number(count)]));
    return new Map(counts.map(({ test }, at) => [test, failing.get(at) ?? 0]));
  } catch {
    return oneByOne(connection, counts);
  }
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
    return oneByOne(
      connection,
      tests.map((test) => ({ test, count: test.count })),
    );
  }
}

/** Of several that failed together, which can't be run is told by each alone. */
async function oneByOne(connection: Warehouse, counts: readonly Count[]): Promise<Map<DataTest, number>> {
  const failing = new Map<DataTest, number>();
  for (const one of counts) failing.set(one.test, await countAlone(connection, one));
  return failing;
}

async function countAlone(connection: Warehouse, { test: { name, file }, count }: Count): Promise<number> {
  const row = await connection
    .first<{ failing_rows: string }>(`select (${count})::bigint as failing_rows`)
    .catch((error: unknown) => {
      if (!(error instanceof Error)) throw error;
      const reason = error.message.split("\n\nLINE ", 1)[0]?.replace(/\s*\n\s*/g, " ");
      throw new TallyError(`${file}: the data test ${name} can't be run: ${reason}`, { cause: error });
    });
  return Number(row?.failing_rows ?? 0);
}
