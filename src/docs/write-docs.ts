import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PublishedContext } from "../open-published.ts";
import { writeAside } from "../write-aside.ts";
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
export async function writeDocs(context: PublishedContext, folder: string): Promise<string> {
  const dictionary = await readDictionary(context);
  const files = { "index.html": pageOfDictionary(dictionary), "data-dictionary.md": markdownOf(dictionary) };
  await writeAside(folder, async (aside) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(aside, name), text);
    return Object.keys(files);
  });
  return join(folder, "index.html");
}
