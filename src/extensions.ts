import { existsSync } from "node:fs";
import { join } from "node:path";
import { ExtensionError, type MissingExtension } from "./errors/extension-error.ts";
import { TallyError } from "./errors/tally-error.ts";
import { sqlText, type Warehouse } from "./warehouse.ts";

/** The parts of DuckDB that come apart from it. */
export type Extension = "postgres_scanner" | "sqlite_scanner" | "httpfs" | "ducklake" | "motherduck";

/** An extension, and the setting that can't do without it. */
export interface NeededExtension {
  extension: Extension;
  setting: string;
}

/**
 * Loads a part of DuckDB that is on this machine. None is ever fetched by this: what runs at night is what somebody
 * installed by day.
 *
 * @throws ExtensionError that says where it was looked for, and how to get it
 */
export async function loadExtension(
  connection: Warehouse,
  { extension, setting }: NeededExtension,
): Promise<void> {
  const missing = await placeOf(connection, extension);
  const { duckdbVersion, platform, path } = missing;
  try {
    await connection.run(`load ${sqlText(path)}`);
  } catch (error) {
    const isThere = existsSync(path);
    const reason = isThere ? `can't be loaded: ${firstLine(error)}` : "is not there";
    throw new ExtensionError(
      `${setting} needs DuckDB's extension ${extension}, for DuckDB ${duckdbVersion} on ${platform}: ${path} ${reason}.`,
      {
        missing,
        hint: "Install it with `tally doctor --install-extensions`, which asks extensions.duckdb.org, or takes a folder that holds it.",
        cause: error,
      },
    );
  }
}

/**
 * Puts an extension where loadExtension looks: from DuckDB's own server, or from a folder or another server that holds
 * the same.
 *
 * @returns its path
 * @throws TallyError where it can't be had from there
 */
export async function installExtension(
  connection: Warehouse,
  extension: Extension,
  from: string | undefined,
): Promise<string> {
  const { path, duckdbVersion, platform } = await placeOf(connection, extension);
  const source = from === undefined ? undefined : (fileIn(from, extension, duckdbVersion, platform) ?? from);
  const isFile = source?.endsWith(".duckdb_extension") === true;
  try {
    await connection.run(
      source === undefined
        ? `install ${extension}`
        : isFile
          ? `force install ${sqlText(source)}`
          : `force install ${extension} from ${sqlText(source)}`,
    );
    return path;
  } catch (error) {
    throw new TallyError(
      `DuckDB's extension ${extension} can't be had from ${from ?? "extensions.duckdb.org"}: ${firstLine(error)}.`,
      {
        hint:
          `Where that can't be reached, unpack the wheel of \`pip download --no-deps duckdb-extension-${extension.replaceAll("_", "-")}==${duckdbVersion.replace(/^v/, "")}\` ` +
          "elsewhere, and give the folder to --install-extensions.",
        cause: error,
      },
    );
  }
}

/** Where DuckDB has, or would have, an extension of its own version. */
async function placeOf(connection: Warehouse, extension: Extension): Promise<MissingExtension> {
  const row = await connection.first<{ directory: string; version: string; platform: string; home: string }>(`
    select
      coalesce(current_setting('extension_directory'), '') as directory,
      coalesce(current_setting('home_directory'), '') as home,
      version() as version,
      platform
    from pragma_platform()
  `);
  const { directory = "", version = "", platform = "" } = row ?? {};
  const home = row?.home || process.env.HOME || process.env.USERPROFILE || "";
  return {
    extension,
    duckdbVersion: version,
    platform,
    path: join(
      directory || join(home, ".duckdb", "extensions"),
      version,
      platform,
      `${extension}.duckdb_extension`,
    ),
  };
}

/** The file in a folder as DuckDB's server, its own folder of extensions or an unpacked wheel has it. */
function fileIn(folder: string, extension: Extension, version: string, platform: string): string | undefined {
  const name = `${extension}.duckdb_extension`;
  return [
    folder,
    join(folder, name),
    join(folder, version, name),
    join(folder, version, platform, name),
    join(folder, `duckdb_extension_${extension}`, "extensions", version, name),
  ].find((path) => path.endsWith(".duckdb_extension") && existsSync(path));
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error)).replace(/\.$/, "");
