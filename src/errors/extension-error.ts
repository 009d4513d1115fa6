import { exitCodes, TallyError } from "./tally-error.ts";

/** What of DuckDB is missing, and where it was looked for. */
export interface MissingExtension {
  extension: string;
  duckdbVersion: string;
  platform: string;
  path: string;
}

/** A part of DuckDB that a setting needs is not on this machine, or can't be loaded: exit 1. */
export class ExtensionError extends TallyError {
  override name = "ExtensionError";
  override readonly exitCode = exitCodes.failed;
  readonly missing: MissingExtension;

  constructor(message: string, options: { missing: MissingExtension; hint: string; cause?: unknown }) {
    super(message, options);
    this.missing = options.missing;
  }
}
