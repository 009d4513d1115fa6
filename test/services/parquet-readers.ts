import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What one engine found in a folder of Parquet. */
export interface ReadByEngine {
  /** How many rows it read of each table, every value of them. */
  rows: Record<string, number>;
  /** The sum of a column of one table in one month, as a decimal. */
  sum: string;
}

/** A Python that has some of pyspark, pyarrow and polars: TALLY_TEST_PARQUET_PYTHON, else python3 of the PATH. */
const python = process.env.TALLY_TEST_PARQUET_PYTHON || "python3";
const script = fileURLToPath(new URL("read_parquet.py", import.meta.url));

/** The reason for which no other engine can read Parquet here; undefined where one can. */
export function noParquetReader(): string | undefined {
  return spawnSync(python, [script]).status === 0
    ? undefined
    : "neither python3 nor the Python in TALLY_TEST_PARQUET_PYTHON has pyspark, pyarrow or polars";
}

/** Has each engine that is there read all of a folder, by its name and version. */
export function readByOtherEngines(
  folder: string,
  { table, month, sum }: { table: string; month: string; sum: string },
): Record<string, ReadByEngine> {
  const { status, stdout, stderr } = spawnSync(python, [script, folder, table, month, sum], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  return JSON.parse(stdout);
}
