import { basename, isAbsolute, resolve } from "node:path";
import { z } from "zod";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import type { Extension, NeededExtension } from "../extensions.ts";
import { objectStoreUrl } from "../object-store.ts";
import { holdsPassword, readPostgresAddress } from "../postgres-address.ts";
import { sqlName } from "../warehouse.ts";

const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");

/** The keys of `[warehouse]` that say where it is shared. */
export const targetKeys = {
  target: z.string().min(1).optional(),
  target_env: environmentName.optional(),
  data_path: z
    .string()
    .min(1)
    .refine((path) => !path.includes("://") || objectStoreUrl.test(path), "a folder, or s3://bucket/path")
    .optional(),
  writer: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a name of letters, digits, dots, dashes and underscores")
    .optional(),
};

/** A warehouse that several workspaces write to and anybody may read: a DuckLake, or a database of MotherDuck. */
export interface WarehouseTarget {
  address: { text: string } | { env: string };
  /** Where a DuckLake keeps its Parquet: an absolute folder, or an address such as s3://bucket/lake. */
  dataPath: string | undefined;
  /** What this workspace is called there. */
  writer: string;
  /** Whether tally.toml says so, and it is not the name of the folder. */
  isNamed: boolean;
}

/** An address as DuckDB attaches it, and what that takes. */
export interface TargetAddress {
  kind: "ducklake" | "motherduck";
  text: string;
  /** What it is called in SQL once it is attached. */
  catalog: string;
  /** The same without what opens it. */
  shown: string;
  redact(message: string): string;
  needs: NeededExtension[];
}

const setting = "target under [warehouse]";

/**
 * Reads where the warehouse is shared; undefined where it is not.
 *
 * @param root the folder that relative paths start from
 * @throws ConfigError where the address is none, or holds what opens it
 */
export function readWarehouseTarget(
  table: { [K in keyof typeof targetKeys]?: string | undefined },
  file: string,
  root: string,
): WarehouseTarget | undefined {
  const { target, target_env: env, data_path: dataPath, writer } = table;
  if (target !== undefined && env !== undefined) {
    throw new ConfigError(`${file}: [warehouse] has both target and target_env.`, {
      hint: "Keep one of them: the address, or the name of the environment variable that holds it.",
    });
  }
  if (env === undefined && target === undefined) return undefined;
  if (target !== undefined) {
    // Read once, so that what is wrong with it is told before anything is begun.
    const { kind } = readTargetAddress(target, root, file);
    if (holdsSecret(target)) {
      throw new ConfigError(
        `${file}: target under [warehouse] holds what opens it: a credential has no place in a workspace.`,
        {
          hint:
            kind === "motherduck"
              ? "Take it out, and set motherduck_token where tally runs."
              : "Take it out, and set PGPASSWORD, write ~/.pgpass, or put the whole address into an environment variable and name that in target_env.",
        },
      );
    }
  }
  return {
    address: env === undefined ? { text: target ?? "" } : { env },
    dataPath: dataPath === undefined || dataPath.includes("://") ? dataPath : resolve(root, dataPath),
    writer: writer ?? basename(root),
    isNamed: writer !== undefined,
  };
}

/** @throws ConfigError where the environment variable that is to hold the address is not set, or holds none */
export function addressOfTarget(
  { effects, root }: { effects: Pick<Effects, "env">; root: string },
  { address, dataPath }: WarehouseTarget,
): TargetAddress {
  const text = "text" in address ? address.text : effects.env[address.env];
  if (!text) {
    const name = "env" in address ? address.env : "";
    throw new ConfigError(`The environment has no ${name}, which target_env under [warehouse] names.`, {
      hint: `Set ${name} where tally runs to an address such as ducklake:postgres:dbname=lake host=db.`,
    });
  }
  const read = readTargetAddress(text, root, "env" in address ? address.env : "tally.toml");
  if (dataPath?.startsWith("s3://")) read.needs.push({ extension: "httpfs", setting });
  return read;
}

function readTargetAddress(given: string, root: string, where: string): TargetAddress {
  const text = given.trim();
  const need = (...extensions: Extension[]) => extensions.map((extension) => ({ extension, setting }));
  if (text.startsWith("md:")) {
    const token = /[?&]motherduck_token=([^&]*)/.exec(text)?.[1];
    const redact = (message: string) => (token ? message.replaceAll(token, "[credential]") : message);
    const database = text.slice("md:".length).split("?", 1)[0] ?? "";
    if (database === "") {
      throw new ConfigError(`${where}: target under [warehouse] names no database of MotherDuck.`, {
        hint: "Write md:costs for a database that is called costs.",
      });
    }
    const catalog = sqlName(database);
    return { kind: "motherduck", text, catalog, shown: redact(text), redact, needs: need("motherduck") };
  }
  const catalog = text.startsWith("ducklake:") ? text.slice("ducklake:".length) : undefined;
  if (!catalog) {
    throw new ConfigError(`${where}: target under [warehouse] is neither ducklake:… nor md:….`, {
      hint: "Write ducklake:postgres:dbname=lake host=db, ducklake:sqlite:lake.sqlite, ducklake:lake.ducklake or md:database.",
    });
  }
  if (catalog.startsWith("postgres:") && !catalog.startsWith("postgres://")) {
    const address = readPostgresAddress(catalog.slice("postgres:".length));
    return {
      kind: "ducklake",
      text: `ducklake:postgres:${address.text}`,
      catalog: "shared",
      shown: `ducklake:postgres:${address.shown}`,
      redact: address.redact,
      needs: need("ducklake", "postgres_scanner"),
    };
  }
  const isSqlite = catalog.startsWith("sqlite:");
  // Anything else with a scheme would be taken for the name of a file, and a password in it for a part of that.
  if (!isSqlite && /^[a-z0-9]{2,}:/i.test(catalog)) {
    throw new ConfigError(
      `${where}: target under [warehouse] has its catalog in neither PostgreSQL, SQLite nor a file.`,
      {
        hint: "Write ducklake:postgres: before an address such as postgresql://tally@db/lake, ducklake:sqlite: before a file of SQLite, or ducklake: before one of DuckDB.",
      },
    );
  }
  const path = isSqlite ? catalog.slice("sqlite:".length) : catalog;
  const absolute = isAbsolute(path) ? path : resolve(root, path);
  const shown = `ducklake:${isSqlite ? "sqlite:" : ""}${absolute}`;
  return {
    kind: "ducklake",
    text: shown,
    catalog: "shared",
    shown,
    redact: (message) => message,
    needs: need("ducklake", ...(isSqlite ? (["sqlite_scanner"] as const) : [])),
  };
}

function holdsSecret(text: string): boolean {
  if (text.startsWith("md:")) return text.includes("motherduck_token=");
  return text.startsWith("ducklake:postgres:") && holdsPassword(text.slice("ducklake:postgres:".length));
}
