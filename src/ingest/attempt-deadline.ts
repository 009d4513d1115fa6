/** A body that comes faster than this is let through however large it is; one that drips is cut off. */
const slowestBytesPerMs = 64 * 1.024;

export interface AttemptDeadline {
  signal: AbortSignal;
  /** Says that so many bytes of the body came. */
  progress(bytes: number): void;
  clear(): void;
}

/**
 * Aborts an attempt that is silent for `timeoutMs`, or that took `timeoutMs` more than its bytes need at
 * 64 KiB a second: neither a server that hangs nor one that drips holds a run.
 */
export function attemptDeadline(timeoutMs: number): AttemptDeadline {
  const controller = new AbortController();
  let lastActivity = performance.now();
  let allowedUntil = lastActivity + timeoutMs;
  const dueAt = () => Math.min(allowedUntil, lastActivity + timeoutMs);
  const check = () => {
    const leftMs = dueAt() - performance.now();
    if (leftMs <= 0) controller.abort();
    else timer = setTimeout(check, leftMs);
  };
  let timer = setTimeout(check, timeoutMs);
  return {
    signal: controller.signal,
    progress(bytes) {
      lastActivity = performance.now();
      allowedUntil += bytes / slowestBytesPerMs;
    },
    clear: () => clearTimeout(timer),
  };
}
