import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Which process it is, so that another one that was given the same number later is not taken for it. */
export interface ProcessIdentity {
  pid: number;
  /** The machine or container whose numbers these are. */
  host: string;
  /** What only this process has of all that ever had its number; null where the system does not tell. */
  born: string | null;
}

export const thisProcess = (): ProcessIdentity => ({
  pid: process.pid,
  host: hostname(),
  born: birthOf(process.pid),
});

/** Whether the process lives; undefined for one of another machine or container, where that can't be told. */
export function isAlive({ pid, host, born }: ProcessIdentity): boolean | undefined {
  if (host !== hostname()) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It may live and be somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = birthOf(pid);
  return born === null || now === null || now === born;
}

/** The boot of the machine and the tick of it at which the process began, as Linux has them. */
function birthOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may hold anything; the 20th field after it is the start.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return start === undefined ? null : `${boot}/${start}`;
  } catch {
    return null;
  }
}
