import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { TallyError } from "../errors/tally-error.ts";

const leftover = /^\.(.+)\.(tmp|old)-(\d+)$/;

/**
 * Writes a folder whole, its files by their paths in it, and puts it in the place of the one that is there: a reader finds the old files or
 * the new ones, and never a mixture. Where anything fails, the old ones stay.
 *
 * @throws TallyError where the folder can't be written
 */
export async function replaceFolder(
  parent: string,
  name: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<string> {
  const target = join(parent, name);
  const aside = join(parent, `.${name}.tmp-${process.pid}`);
  const old = join(parent, `.${name}.old-${process.pid}`);
  const atOnce = pLimit(16);
  return guarded(target, async () => {
    await mkdir(parent, { recursive: true });
    await sweep(parent);
    try {
      await mkdir(aside);
      for (const folder of new Set([...files.keys()].map((file) => dirname(join(aside, file))))) {
        await mkdir(folder, { recursive: true });
      }
      await Promise.all(
        [...files].map(([file, content]) => atOnce(() => writeFile(join(aside, file), content))),
      );
      const hadOne = await moved(target, old);
      try {
        await rename(aside, target);
      } catch (error) {
        if (hadOne) await rename(old, target);
        throw error;
      }
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    await rm(old, { recursive: true, force: true });
    return target;
  });
}

/** Writes one file by a rename, so that a reader finds the old text or the new. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.tmp-${process.pid}`;
  await guarded(path, async () => {
    try {
      await writeFile(aside, text);
      await rename(aside, path);
    } finally {
      await rm(aside, { force: true });
    }
  });
}

/** Removes what processes left behind that no longer live; a folder that one had moved away goes back. */
async function sweep(parent: string): Promise<void> {
  const entries = await readdir(parent);
  for (const entry of entries) {
    const [, name, kind, pid] = leftover.exec(entry) ?? [];
    if (name === undefined || isAlive(Number(pid))) continue;
    const path = join(parent, entry);
    if (kind === "old" && !entries.includes(name)) await rename(path, join(parent, name));
    else await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new TallyError(
      `${path} can't be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      {
        hint: "The report that was there is kept. Make the folder writable, see that its disk has room, and run this again.",
        cause: error,
      },
    );
  }
}
