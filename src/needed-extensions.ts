import type { Config } from "./config.ts";
import type { NeededExtension } from "./extensions.ts";

/** The parts of DuckDB that the settings of a workspace ask for; none by default. */
export function neededExtensions({ publish }: Config): NeededExtension[] {
  return publish.postgres === undefined ? [] : [postgresExtension];
}

export const postgresExtension: NeededExtension = {
  extension: "postgres_scanner",
  setting: "postgres under [publish]",
};
