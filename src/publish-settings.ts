import { z } from "zod";
import { ConfigError } from "./errors/config-error.ts";
import { objectStoreUrl } from "./object-store.ts";
import { holdsPassword } from "./postgres-address.ts";

const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");

/** The table `[publish]` of tally.toml. */
export const publishTable = z.strictObject({
  parquet: z.string().min(1).optional(),
  postgres: z.string().min(1).optional(),
  postgres_env: environmentName.optional(),
  postgres_schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, "a name of a schema such as tally, in lower case")
    .refine((name) => !name.startsWith("pg_"), "no schema of PostgreSQL's own")
    .default("tally"),
  object_store: z.string().regex(objectStoreUrl, "an address such as s3://bucket/tally").optional(),
});

/** Where each run also puts a copy of the published tables, beside analytics.duckdb. */
export interface PublishSettings {
  /** A folder. */
  parquet: string | undefined;
  postgres: PostgresSettings | undefined;
  /** An address such as s3://bucket/tally. */
  objectStore: string | undefined;
}

/** A schema in a PostgreSQL database; its address is here, or in an environment variable. */
export interface PostgresSettings {
  address: { text: string } | { env: string };
  schema: string;
}

/**
 * Reads the table `[publish]`.
 *
 * @throws ConfigError where it holds a password, or names one thing twice
 */
export function readPublishSettings(table: z.infer<typeof publishTable>, file: string): PublishSettings {
  return { parquet: table.parquet, postgres: readPostgres(table, file), objectStore: table.object_store };
}

function readPostgres(
  { postgres, postgres_env: env, postgres_schema: schema }: z.infer<typeof publishTable>,
  file: string,
): PostgresSettings | undefined {
  if (postgres !== undefined && env !== undefined) {
    throw new ConfigError(`${file}: [publish] has both postgres and postgres_env.`, {
      hint: "Keep one of them: the address, or the name of the environment variable that holds it.",
    });
  }
  if (env !== undefined) return { address: { env }, schema };
  if (postgres === undefined) return undefined;
  if (holdsPassword(postgres)) {
    throw new ConfigError(
      `${file}: postgres under [publish] holds a password: a credential has no place in a workspace.`,
      {
        hint: "Take it out, and set PGPASSWORD, write ~/.pgpass, or put the whole address into an environment variable and name that in postgres_env.",
      },
    );
  }
  return { address: { text: postgres }, schema };
}
