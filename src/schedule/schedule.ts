import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { whenStale, withoutRun } from "../notify/happened.ts";
import { notify } from "../notify/notify.ts";
import { readRuns } from "../run-log.ts";
import { type ListenAddress, listenAddress } from "../schedule-settings.ts";
import { readStatus } from "../status/status.ts";
import { stepGraceMs } from "../stop.ts";
import type { Workspace } from "../workspace.ts";
import { childRuns } from "./child-run.ts";
import { serveEndpoints } from "./endpoints.ts";
import { keepSchedule } from "./scheduler.ts";
import { readSlots } from "./slots.ts";

export interface ScheduleContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
}

export interface ScheduleOptions {
  /** In place of what tally.toml has. */
  listen?: string;
  /** Options that each run is given. */
  runOptions: readonly string[];
}

const staleEveryMs = 10 * 60_000;

/** What is left of the 30 seconds after the run's own grace. */
const killAfterMs = stepGraceMs + 3000;

/**
 * Stays up and does `tally run` whenever it is due, until SIGTERM or SIGINT: then the step under way is brought
 * to its end. A second signal ends it at once.
 *
 * @throws ConfigError where the cron expression or the zone can't be read
 * @throws TallyError where the address can't be listened on
 */
export async function schedule(context: ScheduleContext, options: ScheduleOptions): Promise<void> {
  const { effects, workspace, config } = context;
  const { log } = effects;
  const slots = readSlots(config.schedule);
  const runs = childRuns(["run", "--workspace", workspace.root, ...options.runOptions], { ...effects.env });
  const address = options.listen === undefined ? config.schedule.listen : addressOf(options.listen);
  const endpoints = address && (await serveEndpoints({ ...context, slots, runs }, address));
  const stopping = stopRunsOnSignals(runs, (message) => log.warn(message));
  try {
    await keepSchedule({
      effects,
      slots,
      jitterMs: config.schedule.jitterMs,
      random: Math.random,
      runsBegun: async () =>
        (await readRuns(workspace))
          // The night of a run that was stopped, as by a restart of the service, is still to be done.
          .filter(({ status }) => status !== "stopped")
          .map(({ started_at }) => new Date(started_at)),
      async runOnce() {
        let code: number | null;
        try {
          code = await runs.runOnce();
        } catch (error) {
          if (!(error instanceof TallyError)) throw error;
          log.warn(error.message);
          await notify(context, [withoutRun(error.message, error.exitCode)]);
          return error.exitCode;
        }
        if (code === null && !stopping.signal.aborted) {
          await notify(context, [withoutRun("A signal ended the run, so that it could not say why.", null)]);
        }
        return code;
      },
      sleep: (ms) => sleepUnlessStopped(ms, stopping.signal),
      onIdle: staleWatch(context),
      stop: stopping.signal,
    });
  } finally {
    stopping.end();
    await endpoints?.close();
  }
}

/** Tells of data that are stale, looked at every now and then. */
function staleWatch(context: ScheduleContext): () => Promise<void> {
  let nextMs = 0;
  return async () => {
    const nowMs = performance.now();
    if (nowMs < nextMs || !context.config.notify.some(({ on }) => on.has("stale"))) return;
    nextMs = nowMs + staleEveryMs;
    await notify(context, [whenStale((await readStatus(context)).staleness)]);
  };
}

function addressOf(text: string): ListenAddress {
  const address = listenAddress(text);
  if (!address) {
    throw new UsageError(
      `--listen takes an address and a port such as 127.0.0.1:9464, not ${JSON.stringify(text)}.`,
    );
  }
  return address;
}

function stopRunsOnSignals(
  runs: ReturnType<typeof childRuns>,
  say: (message: string) => void,
): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const signals = ["SIGTERM", "SIGINT"] as const;
  const end = () => {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, ask);
  };
  function ask(signal: NodeJS.Signals) {
    if (controller.signal.aborted) {
      runs.kill();
      end();
      process.kill(process.pid, signal);
      return;
    }
    if (runs.isRunning) say(`${signal}: the step under way is brought to its end; once more ends it at once`);
    controller.abort();
    runs.stop();
    timer = setTimeout(runs.kill, killAfterMs);
  }
  for (const signal of signals) process.on(signal, ask);
  return { signal: controller.signal, end };
}

async function sleepUnlessStopped(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done);
  });
}
