import type { Effects } from "../effects.ts";
import type { Log } from "../log.ts";
import type { Progress } from "./summary.ts";

export interface ProgressLine {
  /** The log to use while the line is shown, so that the two don't run into each other. */
  log: Log;
  stop(): void;
}

const redrawMs = 200;
const plainMs = 60_000;

/**
 * Shows how far a run is: on a terminal as one line that is redrawn, else as a plain line each minute.
 *
 * @param elapsedMs the time since the run began; a test passes its own
 */
export function showProgress(
  { stderr, env, log }: Pick<Effects, "stderr" | "env" | "log">,
  progress: () => Progress,
  elapsedMs: () => number = elapsedSince(performance.now()),
): ProgressLine {
  const isTerminal = "isTTY" in stderr && stderr.isTTY === true && env.TERM !== "dumb";
  if (!isTerminal || log.level === "quiet") {
    const timer = setInterval(() => log.info(progressText(progress(), elapsedMs())), plainMs);
    timer.unref();
    return { log, stop: () => clearInterval(timer) };
  }
  // A terminal that was never told its size says 0.
  const width = () => ("columns" in stderr && typeof stderr.columns === "number" && stderr.columns) || 80;
  const clear = () => void stderr.write("\r\u001b[K");
  const draw = () => {
    clear();
    stderr.write(progressText(progress(), elapsedMs()).slice(0, Math.max(0, width() - 1)));
  };
  const timer = setInterval(draw, redrawMs);
  timer.unref();
  const around =
    (write: (message: string) => void) =>
    (message: string): void => {
      clear();
      write(message);
    };
  return {
    log: { ...log, info: around(log.info), detail: around(log.detail), warn: around(log.warn) },
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

const elapsedSince = (start: number) => () => performance.now() - start;

/** `12 streams, 34 of 120 reads, 1,204,000 rows, 4,000 rows/s, 1 min 20 s left` */
export function progressText({ streams, planned, finished, rows }: Progress, elapsedMs: number): string {
  const count = (value: number) => value.toLocaleString("en-US");
  const seconds = Math.max(elapsedMs / 1000, 0.001);
  const parts = [
    `${count(streams)} ${streams === 1 ? "stream" : "streams"}`,
    `${count(finished)} of ${count(planned)} reads`,
    `${count(rows)} ${rows === 1 ? "row" : "rows"}`,
    `${count(Math.round(rows / seconds))} rows/s`,
  ];
  if (finished > 0 && finished < planned) {
    parts.push(`${duration((seconds / finished) * (planned - finished))} left`);
  }
  return parts.join(", ");
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
