import { stat } from "node:fs/promises";
import { readDictionary } from "../docs/dictionary.ts";
import { pageOfDictionary } from "../docs/page.ts";
import { sendPage } from "./answer.ts";
import { withParts } from "./layout.ts";
import type { Exchange } from "./routes.ts";
import type { ServeContext } from "./serve.ts";

/** The page of what is published at a time. */
const kept = new WeakMap<ServeContext, { version: string; page: Promise<string> }>();

/** The data dictionary of what is published now; it is read anew once that is replaced. */
export async function showDictionary({ context, response }: Exchange): Promise<void> {
  const version = await versionOf(context);
  let current = kept.get(context);
  if (current?.version !== version) {
    const page = readDictionary(context).then((dictionary) =>
      withParts(pageOfDictionary(dictionary), "/dictionary"),
    );
    current = { version, page };
    kept.set(context, current);
    page.catch(() => kept.delete(context));
  }
  sendPage(response, 200, await current.page);
}

/** What tells what is published from what was before; of a shared warehouse, which is asked each minute, the minute. */
async function versionOf({ effects, workspace, shared }: ServeContext): Promise<string> {
  if (shared) return `minute ${shared.at ? 0 : Math.floor(effects.wallClock().getTime() / 60_000)}`;
  const found = await stat(workspace.analytics).catch(() => null);
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : "";
}
