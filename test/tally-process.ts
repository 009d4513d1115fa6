import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../src/package.ts";

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built command, as a user runs it. Its environment is only what is given, so that no key of a developer's leaks in. */
export function tally(
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = packageRoot,
): Promise<Ended> {
  const child = spawn(process.execPath, [join(packageRoot, "dist", "cli.js"), ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: "/nowhere", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
