import { exitCodes, TallyError } from "./tally-error.ts";

/** A setting, a credential or a file of the workspace is missing or wrong: exit 2. The message names the file. */
export class ConfigError extends TallyError {
  override name = "ConfigError";
  override readonly exitCode = exitCodes.usage;
}
