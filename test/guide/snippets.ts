import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/package.ts";

/** A piece of code in a page, or a span of code in its text, which has no language. */
export interface Snippet {
  /** The page and the line, such as docs/guide/finance.md:12. */
  at: string;
  language: string;
  text: string;
}

/** What users read. */
export const pages: readonly string[] = [
  "README.md",
  "docs/focus.md",
  ...readdirSync(join(packageRoot, "docs", "guide"))
    .sort()
    .map((name) => `docs/guide/${name}`),
];

/** Every piece of code in the pages. */
export function snippets(): Snippet[] {
  return pages.flatMap((page) => snippetsOf(page, readFileSync(join(packageRoot, page), "utf8")));
}

function snippetsOf(page: string, markdown: string): Snippet[] {
  const found: Snippet[] = [];
  let open: Snippet | undefined;
  for (const [i, line] of markdown.split("\n").entries()) {
    const [, language] = /^```(\w*)$/.exec(line) ?? [];
    if (open && language !== undefined) open = undefined;
    else if (open) open.text += `${line}\n`;
    else if (language !== undefined) {
      open = { at: `${page}:${i + 1}`, language: language || "sh", text: "" };
      found.push(open);
    } else {
      for (const [, text = ""] of line.matchAll(/`([^`]+)`/g))
        found.push({ at: `${page}:${i + 1}`, language: "", text: text.replaceAll("\\|", "|") });
    }
  }
  return found;
}
