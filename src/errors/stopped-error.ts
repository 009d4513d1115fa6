import { exitCodes, TallyError } from "./tally-error.ts";

/** A signal asked the run to end: exit 1. What its steps had finished is kept; the next run does the rest. */
export class StoppedError extends TallyError {
  override name = "StoppedError";
  override readonly exitCode = exitCodes.failed;
}
