import { spawn } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** What a process of its own came to. */
export interface Measured {
  /** Of the work alone, without starting the process and preparing the warehouse. */
  elapsedMs: number;
  cpuMs: number;
  /** The most memory that the process held resident, all of Node and DuckDB counted. */
  peakMb: number;
  rows: number;
  /** The sum of the quantities, to tell that all was read and right. */
  quantity: string;
}

/** Does one task of a bench in a process of its own, which runs the named script. */
export async function inOwnProcess(task: object, name = "./task.js"): Promise<Measured> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(err.trim().split("\n").slice(0, 4).join(" ") || `it ended with ${code}`);
  return JSON.parse(out) as Measured;
}

/** Measures work in this process. */
export async function measured(work: () => Promise<Pick<Measured, "rows" | "quantity">>): Promise<Measured> {
  const startMs = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return {
    elapsedMs: performance.now() - startMs,
    cpuMs: (user + system) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
    ...result,
  };
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2;
}

/** The machine in a line, with how busy it is: figures of a busy one are worth little, ratios still something. */
export function machine(): string {
  const [load = 0] = loadavg();
  const busy = load > cpus().length / 2 ? ", busy with other work" : "";
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, load ${load.toFixed(1)}${busy}`;
}
