import { type Html, html, name } from "./html.ts";
import type { ReportFacts } from "./section.ts";

/** A project's name, as a link where it has a page of its own. */
export function projectLink({ projectPages }: ReportFacts, id: string | null, text: string): Html {
  const page = id === null ? undefined : projectPages.get(id);
  return page === undefined ? name(text) : html`<a href="${page}">${name(text)}</a>`;
}
