import { exitCodes, TallyError } from "./tally-error.ts";

/** The command was called with words it does not take: exit 2. */
export class UsageError extends TallyError {
  override name = "UsageError";
  override readonly exitCode = exitCodes.usage;
}
