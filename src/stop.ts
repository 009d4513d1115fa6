import { StoppedError } from "./errors/stopped-error.ts";

/** How a run is asked to end early. */
export interface Stop {
  /** Aborted once it is asked to: no new step begins, and no request goes on. */
  readonly signal: AbortSignal;
  /** Registers what is to be done where the run is given up amid a step; it must not wait for anything. */
  onGiveUp(work: () => void): void;
}

/** For a run that nothing stops. */
export const neverStopped: Stop = { signal: new AbortController().signal, onGiveUp: () => undefined };

/** A step has so long to come to its end. DuckDB rolls back what it is amid of when the process ends. */
export const stepGraceMs = 25_000;

/** Names, to a run, the schedule's process that will ask it to stop; other parents may have a channel to it as well. */
export const supervisorVariable = "TALLY_SUPERVISOR_PID";

/**
 * Lets SIGTERM and SIGINT end the work of this process: the first lets the step that is under way come to its
 * end, within the grace; the second, or the end of the grace, ends the process at once.
 *
 * A run that `tally schedule` started listens to it alone: a service manager signals both, and one request to
 * stop must not count as two. Where the schedule is gone, it listens to the signals as any other.
 */
export function stopOnSignals(say: (message: string) => void, graceMs = stepGraceMs): Stop & { end(): void } {
  const controller = new AbortController();
  const givingUp: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (signal: NodeJS.Signals) => {
    for (const work of givingUp) work();
    end();
    process.kill(process.pid, signal);
  };
  const ask = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) return giveUp(signal);
    say(`${signal}: the step under way is brought to its end; once more ends it at once`);
    controller.abort(new StoppedError(`Stopped by ${signal}.`));
    timer = setTimeout(() => giveUp("SIGKILL"), graceMs);
    timer.unref();
  };
  const isSupervised = process.connected && process.env[supervisorVariable] === String(process.ppid);
  const onSignal = (signal: NodeJS.Signals) => {
    if (!isSupervised || !process.connected) ask(signal);
  };
  const signals = ["SIGTERM", "SIGINT"] as const;
  const onMessage = (message: unknown) => {
    if (message === "stop") ask("SIGTERM");
  };
  for (const signal of signals) process.on(signal, onSignal);
  if (isSupervised) {
    process.on("message", onMessage);
    // What listens must not keep the process up once its work is done.
    process.channel?.unref();
  }
  function end() {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, onSignal);
    process.off("message", onMessage);
  }
  return {
    signal: controller.signal,
    onGiveUp: (work) => void givingUp.push(work),
    end,
  };
}

/** Fetches until the run is asked to end: what is under way breaks off then, and nothing more goes out. */
export function stoppableFetch(fetch: typeof globalThis.fetch, { signal }: Stop): typeof globalThis.fetch {
  return async (input, init) => {
    signal.throwIfAborted();
    const signals = init?.signal ? [init.signal, signal] : [signal];
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
}
