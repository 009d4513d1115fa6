import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TallyError } from "./errors/tally-error.ts";
import { packageRoot } from "./package.ts";

/** The folder of the files that a new workspace starts with. */
export const workspaceTemplate = join(packageRoot, "data", "workspace");

// A workspace is often kept in git: what tally makes is left out of it, what the user keeps is not.
const gitignore = "/data/\n/reports/\n/exports/\n/docs/\n/logs/\n";

/**
 * Writes a workspace into `root`, made where it is missing. A file that is there already is kept as it is.
 *
 * @throws TallyError where the folder can't be written
 */
export async function writeWorkspace(root: string): Promise<{ written: string[]; kept: string[] }> {
  const written: string[] = [];
  const kept: string[] = [];
  const once = async (name: string, write: (target: string) => Promise<void>) => {
    try {
      await write(join(root, name));
      written.push(name);
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
      kept.push(name);
    }
  };
  try {
    await mkdir(root, { recursive: true });
    for (const name of (await readdir(workspaceTemplate)).sort()) {
      await once(name, (target) =>
        cp(join(workspaceTemplate, name), target, { force: false, errorOnExist: true }),
      );
    }
    await once(".gitignore", (target) => writeFile(target, gitignore, { flag: "wx" }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TallyError(`No workspace can be written at ${root}: ${code ?? String(error)}.`, {
      hint: "Name a folder that you can write to.",
      cause: error,
    });
  }
  return { written, kept };
}

function isAlreadyThere(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EEXIST" || code === "ERR_FS_CP_EEXIST";
}
