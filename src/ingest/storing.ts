import { StorageError } from "../errors/storage-error.ts";

const storageCodes = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "EMFILE",
  "ENFILE",
  "EIO",
  "ENOTDIR",
  "EEXIST",
]);

/** Says in a user's words that the disk is full or can't be written. */
export async function storing<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code || !storageCodes.has(code)) throw error;
    throw new StorageError(`${root} can't be written: ${code}.`, {
      hint: "Make room on its disk, or make it writable for the user that runs tally; what was read so far is kept.",
      cause: error,
    });
  }
}
