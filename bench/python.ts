import { existsSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./repository.ts";
import { spawned } from "./spawned.ts";

/** Where the rivals that need Python are installed, apart from everything else. */
const venv = join(repository, ".bench", "venv");
// One version of DuckDB for all: a newer one would be another rival, and write files that ours can't read. From 1.12 on
// dbt-core fetches a part of itself from beside PyPI when it is installed, which not every machine can reach.
const packages = ["duckdb==1.5.*", "dlt[duckdb]", "dbt-core>=1.11,<1.12", "dbt-duckdb>=1.9,<2"];

export interface PythonRivals {
  python: string;
  /** The command. */
  dbt: string;
  /** Such as 1.11.16. */
  dbtVersion: string;
}

/** The commands of dlt and dbt, installed where they are not; or why they can't be had. */
export async function pythonRivals(): Promise<PythonRivals | { reason: string }> {
  const python = join(venv, "bin", "python");
  const dbt = join(venv, "bin", "dbt");
  try {
    if (!existsSync(python)) await spawned("python3", ["-m", "venv", venv]);
    const check = await spawned(python, ["-c", "import dlt, duckdb, dbt.adapters.duckdb"], { mayFail: true });
    const isThere = existsSync(dbt) && check.code === 0;
    if (!isThere) await spawned(python, ["-m", "pip", "install", "--quiet", ...packages]);
    const version = ["-c", "from importlib.metadata import version; print(version('dbt-core'))"];
    return { python, dbt, dbtVersion: (await spawned(python, version)).stdout.trim() };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { reason: `dlt and dbt-duckdb can't be installed here: ${said.split("\n", 1)[0]}` };
  }
}
