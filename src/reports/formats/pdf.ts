import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Effects } from "../../effects.ts";
import { TallyError } from "../../errors/tally-error.ts";
import type { Paper } from "../../report-settings.ts";
import { type DevTools, startBrowser } from "../devtools.ts";

/** In inches, as the protocol has it. */
const papers: Record<Paper, { paperWidth: number; paperHeight: number }> = {
  A4: { paperWidth: 210 / 25.4, paperHeight: 297 / 25.4 },
  Letter: { paperWidth: 8.5, paperHeight: 11 },
};

export interface PrintOptions {
  /** The browser's program. */
  browser: string;
  paper: Paper;
  /** What a PDF says of when it was made: ISO 8601. */
  madeAt: string;
  /** How long all of it may take. */
  limitMs?: number;
}

/**
 * Prints pages as PDFs by a browser without a window, in a profile of its own that is gone afterwards.
 *
 * @param pages markup by the path of its page
 * @returns PDFs by their paths, which end in .pdf instead of .html
 * @throws TallyError where the browser fails, or takes too long
 */
export async function pdfsOf(
  pages: ReadonlyMap<string, string>,
  { env }: Pick<Effects, "env">,
  { browser, paper, madeAt, limitMs = 60_000 }: PrintOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = await mkdtemp(join(tmpdir(), "tally-print-"));
  let devTools: DevTools | undefined;
  try {
    devTools = startBrowser(browser, argumentsOf(join(folder, "profile")), env);
    const files = new Map<string, Uint8Array>();
    const print = async (tools: DevTools) => {
      for (const [path, markup] of pages) {
        const file = join(folder, basename(path));
        await writeFile(file, markup);
        const pdf = await printed(tools, pathToFileURL(file).href, paper);
        files.set(path.replace(/\.html$/, ".pdf"), withTime(pdf, madeAt));
      }
    };
    await within(limitMs, print(devTools));
    return files;
  } catch (error) {
    throw new TallyError(
      `${browser} could not print the report: ${error instanceof Error ? error.message : String(error)}.`,
      {
        hint: "See that it starts with --headless, let TALLY_BROWSER name another one, or leave pdf out of the formats.",
        cause: error,
      },
    );
  } finally {
    await devTools?.close();
    // The browser's children may still write to its profile for a moment.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function argumentsOf(profile: string): string[] {
  // Its sandbox refuses to run for root, as in most containers; what it shows is a page of ours without a request.
  const isRoot = process.getuid?.() === 0;
  return [
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    `--user-data-dir=${profile}`,
    ...(isRoot ? ["--no-sandbox"] : []),
  ];
}

async function printed(devTools: DevTools, url: string, paper: Paper): Promise<Uint8Array> {
  const { targetId } = await devTools.send("Target.createTarget", { url: "about:blank" });
  const attached = await devTools.send("Target.attachToTarget", { targetId, flatten: true });
  const session = String(attached.sessionId);
  await devTools.send("Page.enable", {}, session);
  const loaded = devTools.next("Page.loadEventFired");
  const { errorText } = await devTools.send("Page.navigate", { url }, session);
  if (errorText) throw new Error(`${errorText} at ${url}`);
  await loaded;
  const { data } = await devTools.send(
    "Page.printToPDF",
    {
      ...papers[paper],
      // The page's own margins count; its size is that of the setting.
      preferCSSPageSize: false,
      printBackground: true,
      generateTaggedPDF: true,
      generateDocumentOutline: true,
    },
    session,
  );
  await devTools.send("Target.closeTarget", { targetId });
  return Buffer.from(String(data), "base64");
}

/** The same PDF with the time of the data in the place of that of the printing; no byte moves. */
function withTime(pdf: Uint8Array, madeAt: string): Uint8Array {
  const stamp = madeAt.replace(/\D/g, "").slice(0, 14);
  const text = Buffer.from(pdf).toString("latin1");
  return Buffer.from(
    text.replace(/(\/(?:CreationDate|ModDate) ?\(D:)\d{14}/g, (_, before: string) => before + stamp),
    "latin1",
  );
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
