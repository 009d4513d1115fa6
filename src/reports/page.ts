import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Html, type HtmlPart, html, trusted } from "./html.ts";
import { numberStyle } from "./locale.ts";
import { stylesheet } from "./stylesheet.ts";

export interface Page {
  title: string;
  description: string;
  header: HtmlPart;
  main: HtmlPart;
  footer: HtmlPart;
  /** A word for the style sheet to tell the page by. */
  className?: string;
}

/** What runs in the reader's browser: as it is written, for it is not compiled. */
const scripts = ["tables.js", "charts.js"].map((file) =>
  readFileSync(new URL(`./client/${file}`, import.meta.url), "utf8"),
);

// No frame, no form, no request: the page is complete in itself. Our scripts and the one style sheet are named by
// their hashes, so that markup which came in could run nothing, and could not even colour a word.
const policy = [
  "default-src 'none'",
  `script-src ${scripts.map(hashOf).join(" ")}`,
  `style-src ${hashOf(stylesheet)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** A whole page, self-contained. */
export function pageOf({ title, description, header, main, footer, className }: Page): string {
  const page = html`<!doctype html>
<html lang="en" data-locale="${numberStyle().locale}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="description" content="${description}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(stylesheet)}</style>
</head>
<body${className && html` class="${className}"`}>
<a class="skip" href="#main">Skip to the report</a>
<div class="page">
<header>${header}</header>
<main id="main">${main}</main>
<footer>${footer}</footer>
</div>
${scripts.map((script) => html`<script type="module">${trusted(script)}</script>\n`)}</body>
</html>
`;
  return page.markup;
}

/** The mark of tally: five notches on a post. */
export const brand: Html = html`<svg class="brand-mark" viewBox="0 0 24 20" aria-hidden="true"><path d="M3 2v16M9 2v16M15 2v16M21 2v16M0.5 15.5L23.5 4.5"/></svg>`;
