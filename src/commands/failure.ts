import { type ExitCode, exitCodes, TallyError } from "../errors/tally-error.ts";
import { printable } from "../printable.ts";

/**
 * Says an error as a person can use it, and gives the exit code to end with. A stack trace is shown only
 * with --verbose.
 */
export function reportFailure(
  error: unknown,
  stderr: { write(text: string): unknown },
  isVerbose: boolean,
): ExitCode {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  stderr.write(`error: ${printable(message)}\n`);
  if (error instanceof TallyError && error.hint) stderr.write(`  ${printable(error.hint)}\n`);
  if (!(error instanceof TallyError)) {
    stderr.write("  This is a defect of tally; run again with --verbose, and report what it says.\n");
  }
  if (isVerbose && stack) stderr.write(`${printable(stack)}\n`);
  return error instanceof TallyError ? error.exitCode : exitCodes.failed;
}
