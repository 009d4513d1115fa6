import { z } from "zod";
import { endpointOf } from "./credentials.ts";
import { ConfigError } from "./errors/config-error.ts";

/** A table `[[organization]]` of tally.toml: one of several, with a key or an endpoint of its own. */
export const organizationTable = z.strictObject({
  id: z.string().trim().min(1).optional(),
  name: z.string().trim().min(1).optional(),
  endpoint: z.string().min(1).optional(),
  profile: z.string().min(1).optional(),
  env_prefix: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, "a beginning of names of variables, such as ACME")
    .optional(),
});

export interface OrganizationSettings {
  /** What it is called wherever it could not be asked: its id, else its name, else where its key is from. */
  label: string;
  /** Its id or name; undefined for every organisation that its credential sees. */
  wanted: string | undefined;
  /** Undefined for that of its profile or variables, else of the whole workspace. */
  endpoint: string | undefined;
  profile: string | undefined;
  envPrefix: string | undefined;
}

/**
 * Reads the tables `[[organization]]`. Without any, one credential reads what it sees, as `[api]` says.
 *
 * @throws ConfigError that names the file, where two can't be told apart or one could mean two things
 */
export function readOrganizations(
  tables: readonly z.infer<typeof organizationTable>[],
  organizationOfApi: string | undefined,
  path: string,
): OrganizationSettings[] {
  if (tables.length > 0 && organizationOfApi !== undefined) {
    throw new ConfigError(`${path}: organization under [api] and [[organization]] are both there.`, {
      hint: "Name every organisation to read under [[organization]], and remove the line under [api].",
    });
  }
  const labels = new Set<string>();
  return tables.map(({ id, name, endpoint, profile, env_prefix: envPrefix }, position) => {
    const label = id ?? name ?? profile ?? envPrefix ?? endpoint ?? "default";
    const where = `${path}: [[organization]] ${position + 1} (${JSON.stringify(label)})`;
    if (profile !== undefined && envPrefix !== undefined) {
      throw new ConfigError(`${where} names both profile and env_prefix.`, {
        hint: "Keep the one that its key is in: a table of ~/.crusoe/config, or variables of the environment.",
      });
    }
    if (labels.has(label)) {
      throw new ConfigError(`${where} is there twice.`, {
        hint: "Give each an id of its own: names may be the same in two clouds, ids are not.",
      });
    }
    labels.add(label);
    return {
      label,
      wanted: id ?? name,
      endpoint: endpoint === undefined ? undefined : endpointOf(endpoint),
      profile,
      envPrefix,
    };
  });
}
