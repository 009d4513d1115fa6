import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TallyError } from "../errors/tally-error.ts";
import type { SandboxContext } from "../query/sandbox.ts";
import { readDictionary } from "./dictionary.ts";
import { markdownOf } from "./markdown.ts";
import { pageOfDictionary } from "./page.ts";

/**
 * Writes the data dictionary into a folder: index.html, and data-dictionary.md. Each takes its place whole.
 *
 * @returns the path of the page
 * @throws ConfigError where nothing is published
 * @throws TallyError where the folder can't be written
 */
export async function writeDocs(context: SandboxContext, folder: string): Promise<string> {
  const dictionary = await readDictionary(context);
  const files = { "index.html": pageOfDictionary(dictionary), "data-dictionary.md": markdownOf(dictionary) };
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const aside = join(folder, `.${name}.${process.pid}`);
      await writeFile(aside, text);
      await rename(aside, join(folder, name));
    }
  } catch (error) {
    throw new TallyError(
      `${folder} can't be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      {
        hint: "Make the folder writable, or name another with --out.",
        cause: error,
      },
    );
  }
  return join(folder, "index.html");
}
