import { existsSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./repository.ts";
import { spawned } from "./spawned.ts";

/** Where the rivals that need Python are installed, apart from everything else. */
const venv = join(repository, ".bench", "venv");
// One version of DuckDB for all: a newer one would be another rival, and write files that ours can't read.
const packages = ["duckdb==1.5.*", "dlt[duckdb]", "dbt-core>=1.9,<1.11", "dbt-duckdb>=1.9,<1.11"];

/** The commands of dlt and dbt, installed where they are not; or why they can't be had. */
export async function pythonRivals(): Promise<{ python: string; dbt: string } | { reason: string }> {
  const python = join(venv, "bin", "python");
  const dbt = join(venv, "bin", "dbt");
  try {
    if (!existsSync(python)) await spawned("python3", ["-m", "venv", venv]);
    const check = await spawned(python, ["-c", "import dlt, duckdb, dbt.adapters.duckdb"], { mayFail: true });
    const isThere = existsSync(dbt) && check.code === 0;
    if (!isThere) await spawned(python, ["-m", "pip", "install", "--quiet", ...packages]);
    return { python, dbt };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { reason: `dlt and dbt-duckdb can't be installed here: ${said.split("\n", 1)[0]}` };
  }
}
