import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { TallyError } from "./errors/tally-error.ts";

/**
 * Has `work` write into a new folder beside the place, and takes what it says is done from there into it, one
 * rename for each: a reader finds the old file or the new one, never half of one. Where anything fails, the old
 * ones stay.
 *
 * @param work returns the names of the files or folders to move
 * @throws TallyError where the place can't be written
 */
export async function writeAside(
  place: string,
  work: (aside: string) => Promise<readonly string[]>,
): Promise<void> {
  const aside = join(place, `.aside-${process.pid}`);
  try {
    await mkdir(aside, { recursive: true });
    for (const name of await work(aside)) await replace(join(aside, name), join(place, name));
  } catch (error) {
    if (error instanceof TallyError) throw error;
    const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
    throw new TallyError(`${place} can't be written: ${reason.replace(/\.$/, "")}.`, {
      hint: "What was there is kept. Make the folder writable, see that its disk has room, and run this again.",
      cause: error,
    });
  } finally {
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A folder can't be renamed onto one that holds files, so the old one goes aside first. */
async function replace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    const old = `${from}.old`;
    await rename(to, old);
    await rename(from, to);
  }
}
