import { exitCodes, TallyError } from "./tally-error.ts";

/** Data tests of severity error failed: exit 4. The hint says how to see what failed. */
export class TestsFailedError extends TallyError {
  override name = "TestsFailedError";
  override readonly exitCode = exitCodes.testsFailed;
}
