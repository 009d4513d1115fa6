import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a command of its own came to, from its start to its end. */
export interface Spawned {
  elapsedMs: number;
  /** Of the command and all that it started. */
  cpuMs: number;
  code: number | null;
  stdout: string;
}

/**
 * Runs a command to its end.
 *
 * @throws Error with the end of what it said where it fails, unless `mayFail`
 */
export async function spawned(
  command: string,
  args: readonly string[],
  { env = {}, cwd, mayFail = false }: { env?: Record<string, string>; cwd?: string; mayFail?: boolean } = {},
): Promise<Spawned> {
  const cpuBefore = childrenCpuMs();
  const startMs = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const elapsedMs = performance.now() - startMs;
  if (code !== 0 && !mayFail) {
    throw new Error(
      `${command} ${args[0] ?? ""} ended with ${code}: ${(stderr || stdout).trim().slice(-1500)}`,
    );
  }
  return { elapsedMs, cpuMs: childrenCpuMs() - cpuBefore, code, stdout };
}

/** What the children of this process that have ended took of the processor, as Linux keeps it; 0 elsewhere. */
function childrenCpuMs(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // cutime and cstime, in hundredths of a second.
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}
