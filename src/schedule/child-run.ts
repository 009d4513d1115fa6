import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The runs of a schedule: each is a process of its own, so that its memory goes with it, and its death is not ours. */
export interface ChildRuns {
  /** Does a run, and gives its exit code; null where a signal ended it. */
  runOnce(): Promise<number | null>;
  /** Lets the run under way come to the end of its step. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
  readonly isRunning: boolean;
  /** How many ended so far, by exit code; `signal` where a signal ended them. */
  readonly runsByCode: ReadonlyMap<string, number>;
}

const cli = fileURLToPath(new URL("../cli.js", import.meta.url));

/** @param args what follows `tally`, such as run --workspace DIR */
export function childRuns(args: readonly string[], env: NodeJS.ProcessEnv): ChildRuns {
  const runsByCode = new Map<string, number>();
  let child: ChildProcess | undefined;
  return {
    runsByCode,
    async runOnce() {
      // In a group of its own: what a terminal sends to the schedule reaches the run by way of it alone.
      const started = fork(cli, args, {
        env,
        detached: true,
        execArgv: [],
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      child = started;
      try {
        const [code] = (await once(started, "exit")) as [number | null];
        const key = code === null ? "signal" : String(code);
        runsByCode.set(key, (runsByCode.get(key) ?? 0) + 1);
        return code;
      } finally {
        child = undefined;
      }
    },
    stop: () => void (child?.connected && child.send("stop")),
    kill: () => void child?.kill("SIGKILL"),
    get isRunning() {
      return child !== undefined;
    },
  };
}
