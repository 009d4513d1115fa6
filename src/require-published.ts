import { existsSync } from "node:fs";
import { ConfigError } from "./errors/config-error.ts";
import type { Workspace } from "./workspace.ts";

/** @throws ConfigError where nothing is published yet */
export function requirePublished({ analytics, root }: Workspace): void {
  if (existsSync(analytics)) return;
  throw new ConfigError(`Nothing is published yet: there is no ${analytics}.`, {
    hint: `Make it with \`tally run --workspace ${root}\`.`,
  });
}
