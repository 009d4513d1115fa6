import { exitCodes, TallyError, type TallyErrorOptions } from "./tally-error.ts";

/** Some streams failed for good; what succeeded is kept and marked: exit 3. */
export class IncompleteError extends TallyError {
  override name = "IncompleteError";
  override readonly exitCode = exitCodes.incomplete;
  /** What is missing, by name and in its order: the same where the same is missing another night. */
  readonly lacks: readonly string[];

  constructor(message: string, { lacks, ...options }: TallyErrorOptions & { lacks: readonly string[] }) {
    super(message, options);
    this.lacks = lacks;
  }
}
