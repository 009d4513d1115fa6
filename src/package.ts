import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder, which holds sql/ and data/ both in a checkout and where it is installed. */
export const packageRoot = fileURLToPath(new URL("..", import.meta.url));

/** The installed version of tally, as package.json says. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
