import type { Config } from "./config.ts";
import type { NeededExtension } from "./extensions.ts";

/** The parts of DuckDB that the settings of a workspace ask for; none by default. */
export function neededExtensions({ publish }: Config): NeededExtension[] {
  const needed: NeededExtension[] = [];
  if (publish.postgres !== undefined) needed.push(postgresExtension);
  if (publish.objectStore !== undefined) {
    needed.push({ extension: "httpfs", setting: "object_store under [publish]" });
  }
  return needed;
}

export const postgresExtension: NeededExtension = {
  extension: "postgres_scanner",
  setting: "postgres under [publish]",
};
