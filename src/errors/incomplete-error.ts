import { exitCodes, TallyError } from "./tally-error.ts";

/** Some streams failed for good; what succeeded is kept and marked: exit 3. */
export class IncompleteError extends TallyError {
  override name = "IncompleteError";
  override readonly exitCode = exitCodes.incomplete;
}
