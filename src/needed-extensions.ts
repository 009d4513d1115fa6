import type { Config } from "./config.ts";
import type { Effects } from "./effects.ts";
import type { NeededExtension } from "./extensions.ts";
import { addressOfTarget } from "./shared-warehouse/target.ts";

/** The parts of DuckDB that the settings of a workspace ask for; none by default. */
export function neededExtensions(
  { publish, target }: Config,
  effects: Pick<Effects, "env">,
  root: string,
): NeededExtension[] {
  const needed: NeededExtension[] = [];
  if (publish.postgres !== undefined) needed.push(postgresExtension);
  if (publish.objectStore !== undefined) {
    needed.push({ extension: "httpfs", setting: "object_store under [publish]" });
  }
  if (target !== undefined) needed.push(...addressOfTarget({ effects, root }, target).needs);
  return needed;
}

export const postgresExtension: NeededExtension = {
  extension: "postgres_scanner",
  setting: "postgres under [publish]",
};
