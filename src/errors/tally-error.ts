/** What the process says with its exit code; scripts and cron rely on these numbers. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  testsFailed: 4,
  locked: 75,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface TallyErrorOptions {
  /** What to do next, as a sentence. */
  hint?: string;
  cause?: unknown;
}

/**
 * The base of every error that tally expects: its message says what happened and to which file or request,
 * its hint what to do next, and its exit code what the process ends with. Anything else that is thrown is a
 * defect of tally's own.
 */
export class TallyError extends Error {
  override name = "TallyError";
  readonly exitCode: ExitCode = exitCodes.failed;
  readonly hint: string | undefined;

  constructor(message: string, options: TallyErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.hint = options.hint;
  }
}
