import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot, packageVersion } from "../package.ts";
import { type Html, type HtmlPart, html } from "../reports/html.ts";
import { brand, lookOf, pageOf } from "../reports/page.ts";
import { styles } from "./styles.ts";

/** The parts of the app, as every page links them. */
const parts = [
  ["Reports", "/reports/"],
  ["SQL", "/sql"],
  ["Findings", "/findings"],
  ["Data dictionary", "/dictionary"],
] as const;

const look = lookOf({
  style: styles,
  scripts: [readFileSync(join(packageRoot, "client", "sql.js"), "utf8")],
  hasForms: true,
});

export interface AppPage {
  title: string;
  /** Where it stands among the parts; none for a page without them, such as that to sign in. */
  path?: (typeof parts)[number][1];
  main: HtmlPart;
}

/** A page of the app itself. */
export function appPage({ title, path, main }: AppPage): string {
  return pageOf(
    {
      title: `${title} · tally`,
      description: title,
      className: "app",
      header: html`<div class="masthead"><span class="brand">${brand}<span>tally</span></span></div>
${path !== undefined && partsNav(path)}
<h1>${title}</h1>`,
      main,
      footer: html`<p>Served by tally ${packageVersion()}. What is published is replaced by each run; a page shows it as it is when it is loaded.</p>`,
    },
    look,
  );
}

/** A page that was written as a file, such as a report, with the links to the app's parts in its head. */
export function withParts(page: string, path: (typeof parts)[number][1]): string {
  return page.replace(/<header>.*?<\/div>/s, (masthead) => `${masthead}\n${partsNav(path).markup}`);
}

function partsNav(current: string): Html {
  return html`<nav class="pages" aria-label="tally"><ul>${parts.map(([title, path]) => html`<li><a href="${path.replace(/(.)\/$/, "$1")}"${path === current && html` aria-current="page"`}>${title}</a></li>`)}</ul></nav>`;
}

/** A form that is sent to this server, with what tells it from one of another site. */
export function form(
  { action, formToken, className }: { action: string; formToken: string; className: string },
  content: HtmlPart,
): Html {
  return html`<form method="post" action="${action}" class="${className}" accept-charset="utf-8">
<input type="hidden" name="form_token" value="${formToken}">
${content}</form>`;
}

/** What went wrong, in words, and where it is of use as it stands, such as a place in a query. */
export function failure(what: string, message: string, hint?: string): Html {
  const [first = "", ...rest] = message.split("\n");
  return html`<div class="notice alert" role="alert"><b>${what}</b> ${first}${hint && html` ${hint}`}${rest.length > 0 && html`<pre tabindex="0"><code>${rest.join("\n").replace(/^\n+/, "")}</code></pre>`}</div>`;
}
