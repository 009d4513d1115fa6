import { exitCodes, TallyError } from "./tally-error.ts";

/** Another tally process writes to this workspace: exit 75 (EX_TEMPFAIL, so that cron may try again). */
export class LockError extends TallyError {
  override name = "LockError";
  override readonly exitCode = exitCodes.locked;
}
