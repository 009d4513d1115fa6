import { open } from "node:fs/promises";

/** Puts on the disk what was written to a file or folder, so that no power cut leaves a new name with old or half content. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
