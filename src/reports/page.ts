import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package.ts";
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

/** What a page is drawn with and what runs in it, each named by its hash in the policy, and nothing else. */
export interface PageLook {
  style: string;
  scripts: readonly string[];
  /** The content-security policy. */
  policy: string;
  /** What other pages are told of this one when a link is followed. */
  referrer: "no-referrer" | "same-origin";
}

/** What runs in the reader's browser: as it is written, for it is not compiled. */
const scripts = ["tables.js", "charts.js"].map((file) =>
  readFileSync(join(packageRoot, "client", file), "utf8"),
);

/** A page that is complete in itself: no frame, no form, no request. */
const selfContained = lookOf({});

/**
 * The look of every page, with what a page of a server has beyond it: styles and scripts of its own, and forms, which
 * can be sent to that server alone.
 */
export function lookOf(own: { style?: string; scripts?: readonly string[]; hasForms?: boolean }): PageLook {
  const all = [...scripts, ...(own.scripts ?? [])];
  const style = stylesheet + (own.style ?? "");
  // Markup which came in could run nothing, and could not even colour a word.
  const policy = [
    "default-src 'none'",
    `script-src ${all.map(hashOf).join(" ")}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "base-uri 'none'",
    `form-action ${own.hasForms ? "'self'" : "'none'"}`,
  ].join("; ");
  // Without a referrer, a browser does not say either which page a form was sent from.
  return { style, scripts: all, policy, referrer: own.hasForms ? "same-origin" : "no-referrer" };
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** A whole page, self-contained. */
export function pageOf(
  { title, description, header, main, footer, className }: Page,
  { style, scripts, policy, referrer }: PageLook = selfContained,
): string {
  const page = html`<!doctype html>
<html lang="en" data-locale="${numberStyle().locale}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="${referrer}">
<meta name="robots" content="noindex">
<meta name="description" content="${description}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(style)}</style>
</head>
<body${className && html` class="${className}"`}>
<a class="skip" href="#main">Skip to the content</a>
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
