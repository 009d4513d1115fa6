import { basename, join } from "node:path";
import { build } from "rolldown";
import { external } from "../rolldown.config.ts";
import { packageRoot } from "../src/package.ts";

/**
 * A module of the sources or the tests as one file that a process of its own can run or import, made as the command
 * is; its path. It lies a folder below the package's, as dist/cli.js does, so that it finds what the package holds.
 */
export async function bundled(module: string): Promise<string> {
  const file = join(packageRoot, ".test-programs", `${basename(module, ".ts")}.js`);
  await build({
    input: join(packageRoot, module),
    platform: "node",
    external,
    output: { file, codeSplitting: false },
  });
  return file;
}
