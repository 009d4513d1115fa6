import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { exitCodes, TallyError } from "../errors/tally-error.ts";
import { packageRoot } from "../package.ts";
import { supervisorVariable } from "../stop.ts";

/** The runs of a schedule: each is a process of its own, so that its memory goes with it, and its death is not ours. */
export interface ChildRuns {
  /**
   * Does a run, and gives its exit code; null where a signal ended it.
   *
   * @throws TallyError where no process can be started for it
   */
  runOnce(): Promise<number | null>;
  /** Lets the run under way come to the end of its step. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
  readonly isRunning: boolean;
  /** How many ended so far, by exit code; `signal` where a signal ended them. */
  readonly runsByCode: ReadonlyMap<string, number>;
}

const cli = join(packageRoot, "dist", "cli.js");

/** @param args what follows `tally`, such as run --workspace DIR */
export function childRuns(args: readonly string[], env: NodeJS.ProcessEnv): ChildRuns {
  const runsByCode = new Map<string, number>();
  let child: ChildProcess | undefined;
  return {
    runsByCode,
    async runOnce() {
      const count = (key: string) => runsByCode.set(key, (runsByCode.get(key) ?? 0) + 1);
      try {
        child = await startProcess(args, env);
      } catch (error) {
        count(String(exitCodes.failed));
        const { code = String(error) } = error as NodeJS.ErrnoException;
        throw new TallyError(`The run could not be started: ${code}.`, {
          hint: "See that the machine has memory and processes to spare.",
          cause: error,
        });
      }
      try {
        const [code] = (await once(child, "exit")) as [number | null];
        count(code === null ? "signal" : String(code));
        return code;
      } finally {
        child = undefined;
      }
    },
    stop: () => void (child?.connected && child.send("stop", () => undefined)),
    kill: () => void child?.kill("SIGKILL"),
    get isRunning() {
      return child !== undefined;
    },
  };
}

async function startProcess(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  // In a group of its own: what a terminal sends to the schedule reaches the run by way of it alone.
  const started = fork(cli, args, {
    env: { ...env, [supervisorVariable]: String(process.pid) },
    detached: true,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(started, "spawn");
  return started;
}
