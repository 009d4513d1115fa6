import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { version } from "@duckdb/node-api";
import type { Extension } from "../../src/extensions.ts";

const platform = `${process.platform === "darwin" ? "osx" : process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;

/** The folder of DuckDB's extensions that tests take: TALLY_TEST_EXTENSIONS, else that of DuckDB itself. */
export const testExtensions = process.env.TALLY_TEST_EXTENSIONS || join(homedir(), ".duckdb", "extensions");

/** The reason for which a test that needs these extensions can't run here; undefined where it can. */
export function noExtensions(...extensions: readonly Extension[]): string | undefined {
  const missing = extensions.find(
    (extension) => !existsSync(join(testExtensions, version(), platform, `${extension}.duckdb_extension`)),
  );
  return missing && `DuckDB's extension ${missing} ${version()} is not in ${testExtensions}`;
}
