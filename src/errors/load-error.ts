import { exitCodes, TallyError } from "./tally-error.ts";

/** A response landed but can't be loaded: what it holds is not what the table takes. It names the request. */
export class LoadError extends TallyError {
  override name = "LoadError";
  override readonly exitCode = exitCodes.failed;
}
