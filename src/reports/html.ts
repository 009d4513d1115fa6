import { printable } from "../printable.ts";

/** Markup that is safe to write as it is. Only `html` and `trusted` make it. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, nothing is nothing, lists are joined. */
export type HtmlPart = string | number | Html | null | undefined | false | readonly HtmlPart[];

/**
 * A template whose values are escaped, unless they are markup already.
 *
 * @example
 * html`<p title="${name}">${name}</p>` // a name may hold anything
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let markup = strings[0] ?? "";
  parts.forEach((part, i) => {
    markup += markupOf(part) + (strings[i + 1] ?? "");
  });
  return { markup };
}

/** Markup of our own making, such as a drawn chart or the style sheet. Never for text that came in. */
export function trusted(markup: string): Html {
  return { markup };
}

/** A name that came in: text that can't turn the direction of what stands beside it. */
export function name(text: string): Html {
  return html`<bdi>${printable(text)}</bdi>`;
}

function markupOf(part: HtmlPart): string {
  if (part === null || part === undefined || part === false) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(markupOf).join("");
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

// Most text is, and a report has a million of them.
const harmless = /^[\t\n\r\x20!#-%(-;=?-~]*$/;

/**
 * Text as HTML, in an element or a quoted attribute. What HTML can't hold becomes the replacement mark, and
 * what would turn the direction of the text after it goes.
 */
export function escapeHtml(text: string): string {
  if (harmless.test(text)) return text;
  return text
    .replace(/[\u202a-\u202e\u2066\u2067]/g, "")
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (character) => escapes[character] ?? "");
}
