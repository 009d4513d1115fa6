import { exitCodes, TallyError } from "./tally-error.ts";

/** The workspace's disk is full or can't be written: nothing more can be kept, so the run ends with exit 1. */
export class StorageError extends TallyError {
  override name = "StorageError";
  override readonly exitCode = exitCodes.failed;
}
