import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder, which holds sql/ and data/ both in a checkout and where it is installed. */
export const packageRoot = fileURLToPath(new URL("..", import.meta.url));

let version: string | undefined;

/** The installed version of tally, as package.json says. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string })
    .version;
  return version;
}

/** Whether a version of tally is later than another. */
export function isNewerVersion(version: string, than: string): boolean {
  const parts = (text: string) => text.split(/[.-]/).slice(0, 3).map(Number);
  const [one, other] = [parts(version), parts(than)];
  for (let i = 0; i < 3; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
