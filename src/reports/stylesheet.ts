import { colourVariables, palette } from "./theme.ts";

const keys = [...palette("light").keys()]
  .map((name) => `.key.${name}{background:var(--${name.replace("_", "-")})}`)
  .join("\n");

const base = `
*, *::before, *::after { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: auto; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 400 15px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  font-feature-settings: "kern", "liga"; -webkit-font-smoothing: antialiased;
}
.page { max-width: 1016px; margin: 0 auto; padding: 28px 48px 64px; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px; }
a:focus-visible, summary:focus-visible, button:focus-visible, input[type="search"]:focus-visible, input:focus-visible + label, [tabindex]:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px;
}
p, h1, h2, dl, dd, figure, ul { margin: 0; padding: 0; }
ul { list-style: none; }
small { font-size: 12.5px; color: var(--muted); }
bdi, code, p, dd, td, th { overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; top: 8px; padding: 8px 12px; background: var(--page); }
.skip:focus { left: 8px; z-index: 3; }
.none { color: var(--muted); }
.nowrap { white-space: nowrap; }
`;

const head = `
.masthead { display: flex; justify-content: space-between; align-items: center; gap: 16px; font-size: 13px; color: var(--muted); }
.brand { display: inline-flex; align-items: center; gap: 9px; font-size: 15px; font-weight: 650; color: var(--ink); text-decoration: none; letter-spacing: -.01em; }
.brand-mark { width: 22px; height: 18px; fill: none; stroke: var(--accent); stroke-width: 2; stroke-linecap: round; }
.as-of { text-align: right; font-variant-numeric: tabular-nums; }
h1 { margin-top: 44px; font-size: 40px; line-height: 1.12; font-weight: 680; letter-spacing: -.025em; }
.kicker { display: block; margin-bottom: 8px; font-size: 14px; line-height: 1.4; font-weight: 500; letter-spacing: 0; color: var(--muted); }
nav.pages { margin-top: 12px; border-block: 0; }
.links li { display: inline-block; margin-right: 18px; }
nav { font-size: 13.5px; }
nav:not(.pages) { margin-top: 28px; border-block: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: 0 26px; }
nav a { display: block; padding: 10px 0; color: var(--muted); text-decoration: none; }
nav a:hover { color: var(--accent); }
.summary { margin-top: 28px; max-width: 46em; font-size: 18px; line-height: 1.6; letter-spacing: -.005em; text-wrap: pretty; }
.notice { margin-top: 20px; padding: 11px 16px; border-left: 3px solid var(--caution); border-radius: 2px 6px 6px 2px; background: var(--caution-wash); }
.notice b { color: var(--caution); }
.notice.alert { border-color: var(--alert); background: var(--alert-wash); }
.notice.alert b { color: var(--alert); }
.notice + .notice { margin-top: 8px; }
.badge, .mark, .severity {
  display: inline-block; padding: 0 7px; border-radius: 9px; font-size: 11px; line-height: 18px; font-weight: 550;
  letter-spacing: 0; white-space: nowrap; vertical-align: 1px; background: var(--raised); color: var(--muted); box-shadow: inset 0 0 0 1px var(--line);
}
.mark { color: var(--caution); background: var(--caution-wash); box-shadow: none; max-width: 15em; overflow: hidden; text-overflow: ellipsis; vertical-align: -4px; }
h1 .badge { font-size: 13px; line-height: 24px; padding: 0 11px; border-radius: 12px; vertical-align: 7px; color: var(--caution); background: var(--caution-wash); box-shadow: none; }
.severity.high { color: var(--alert); background: var(--alert-wash); box-shadow: none; }
.severity.medium { color: var(--caution); background: var(--caution-wash); box-shadow: none; }
`;

const figures = `
.cards-row { display: grid; grid-template-columns: repeat(6, 1fr); margin-top: 32px; border: 1px solid var(--line); border-radius: 12px; background: var(--line); gap: 1px; overflow: hidden; }
time { white-space: nowrap; }
.figure { position: relative; grid-column: span 2; padding: 18px 20px 16px; background: var(--page); min-width: 0; }
.figure:nth-child(-n+2) { grid-column: span 3; }
.figure dt { font-size: 13px; color: var(--muted); }
.figure .value { margin-top: 4px; font-size: 25px; line-height: 1.25; font-weight: 640; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.figure:nth-child(-n+2) .value { font-size: 32px; }
.figure .cents { font-size: .62em; font-weight: 500; color: var(--muted); letter-spacing: 0; }
.figure .value .none { font-size: 18px; font-weight: 500; letter-spacing: 0; }
.figure .note { margin-top: 6px; font-size: 12.5px; line-height: 1.55; color: var(--muted); }
.figure .months { position: absolute; right: 20px; bottom: 22px; width: 156px; }
.figure .months svg { display: block; width: auto; height: 52px; margin-left: auto; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.change { font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--ink); font-weight: 550; }
.change.none { color: var(--muted); font-weight: 400; }
.change span { font-size: .72em; vertical-align: .12em; color: var(--muted); }
`;

const sections = `
section.leads { margin-top: 64px; }
section.leads#headline { margin-top: 0; }
section.follows { margin-top: 40px; }
section { scroll-margin-top: 16px; }
h2 { font-size: 22px; line-height: 1.3; font-weight: 650; letter-spacing: -.017em; }
.follows h2 { font-size: 16px; letter-spacing: -.008em; }
.lead { margin-top: 6px; max-width: 50em; color: var(--muted); text-wrap: pretty; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 16px; font-size: 13px; color: var(--muted); }
.legend li { display: inline-flex; align-items: center; min-width: 0; gap: 7px; }
.legend b { font-weight: 550; color: var(--ink); font-variant-numeric: tabular-nums; }
.key { display: inline-block; flex: none; width: 11px; height: 11px; border-radius: 3px; margin-right: 1px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
th .key { margin-right: 8px; }
.key.tick { width: 2px; height: 15px; border-radius: 0; background: var(--ink); }
.key.stroke { width: 16px; height: 3px; border-radius: 2px; }
.key.ring { border-radius: 50%; border: 2px solid var(--alert); background: none; }
${keys}
.chart { margin-top: 14px; font-size: 12px; }
.chart svg { display: block; width: 100%; height: auto; overflow: visible; font-variant-numeric: tabular-nums; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.chart .narrow { display: none; max-width: 480px; }
.spots rect { fill: transparent; }
.spots rect.pointed { fill: var(--ink); fill-opacity: .07; }
.tip { position: fixed; z-index: 4; max-width: min(320px, calc(100vw - 16px)); padding: 8px 12px; border-radius: 8px; background: var(--raised); color: var(--ink); box-shadow: 0 0 0 1px var(--strong), 0 4px 16px #0003; font-size: 12.5px; line-height: 1.5; white-space: pre-line; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; pointer-events: none; }
.tip::first-line { font-weight: 600; }
.tip[hidden] { display: none; }
details.data { margin-top: 12px; }
summary { width: fit-content; font-size: 13px; color: var(--muted); cursor: pointer; border-radius: 3px; }
summary:hover { color: var(--accent); }
details.suppressed { margin-top: 20px; }
.sources { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; margin-top: 12px; font-size: 12.5px; }
.sources a, .sources summary { font-size: 12.5px; color: var(--muted); }
.sources details[open] { flex-basis: 100%; min-width: 0; }
pre { margin: 8px 0 0; max-height: 360px; overflow: auto; padding: 14px 16px; border-radius: 8px; background: var(--raised); font: 12px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; tab-size: 4; }
.empty { margin-top: 40px; padding: 36px 40px; border: 1px dashed var(--strong); border-radius: 12px; }
.empty p { margin-top: 10px; max-width: 46em; color: var(--muted); }
footer { margin-top: 72px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 13px; color: var(--muted); }
footer h2 { font-size: 13px; letter-spacing: 0; color: var(--ink); }
footer p { margin-top: 6px; max-width: 60em; }
footer dl { display: flex; flex-wrap: wrap; gap: 8px 36px; margin-top: 16px; }
footer dt { font-size: 12px; }
footer dd { color: var(--ink); font-variant-numeric: tabular-nums; }
`;

const tables = `
.table-block { margin-top: 10px; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; line-height: 1.45; font-variant-numeric: tabular-nums; }
th, td { padding: 9px 0 9px 20px; text-align: left; vertical-align: top; font-weight: 400; }
th:first-child, td:first-child { padding-left: 0; }
thead th { position: sticky; top: 0; z-index: 1; padding-block: 8px; background: var(--page); font-size: 12px; font-weight: 550; color: var(--muted); vertical-align: bottom; box-shadow: inset 0 -1px var(--strong); overflow-wrap: break-word; }
tbody tr { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 550; }
tfoot tr { border-top: 1px solid var(--strong); }
tfoot th, tfoot td { font-weight: 640; }
tbody + tbody tr:first-child { border-top: 0; }
.cards td:not(.n) { min-width: 7em; }
.cards th:first-child { min-width: 9em; }
.cards td.full { min-width: 15em; }
.n { text-align: right; white-space: nowrap; }
thead .n { white-space: normal; }
td small, th small { display: block; line-height: 1.45; font-weight: 400; }
.n small { white-space: nowrap; }
.n small.wraps { white-space: normal; }
.command { display: block; margin-top: 4px; font-size: 11.5px; line-height: 1.45; color: var(--muted); }
small.id { font-size: 11.5px; font-weight: 400; opacity: .95; }
.wide-table { overflow: auto; max-height: 460px; border-block: 1px solid var(--line); }
.wide-table th, .wide-table td { padding-block: 5px; white-space: nowrap; }
.wide-table td:last-child:not(.n) { white-space: normal; min-width: 18em; }
.wide-table th:first-child { position: sticky; left: 0; background: var(--page); }
.wide-table thead th:first-child { z-index: 2; }
.wide-table tfoot th, .wide-table tfoot td { position: sticky; bottom: 0; background: var(--page); box-shadow: inset 0 1px var(--strong); }
.sort { appearance: none; margin: -4px; padding: 4px; min-height: 24px; border: 0; border-radius: 4px; background: none; font: inherit; color: inherit; text-align: inherit; overflow-wrap: inherit; cursor: pointer; }
.sort:hover, th[aria-sort] .sort { color: var(--accent); }
.sort::after { content: ""; display: inline-block; width: 0; }
th[aria-sort="ascending"] .sort::after { content: "\\2009\\2191" / ""; width: auto; }
th[aria-sort="descending"] .sort::after { content: "\\2009\\2193" / ""; width: auto; }
.table-tools { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; margin-bottom: 8px; padding-right: 150px; font-size: 12.5px; color: var(--muted); }
.table-tools input { width: 220px; max-width: 100%; padding: 5px 10px; border: 1px solid var(--strong); border-radius: 6px; background: var(--page); color: var(--ink); font: inherit; }
.table-tools input::placeholder { color: var(--muted); opacity: 1; }
.has-tools label.more { margin-top: -37px; }
.table-block [hidden] { display: none !important; }
.tail { display: none; }
input.more:checked ~ .table .tail { display: table-row-group; }
label.more { position: relative; float: right; margin-top: -28px; padding: 2px 10px; border-radius: 6px; font-size: 12.5px; color: var(--accent); box-shadow: inset 0 0 0 1px var(--line); cursor: pointer; }
`;

const small = `
@media (max-width: 1000px) {
  .page { padding-inline: 32px; }
  .figure .months { width: 104px; }
  .figure .months svg { width: 100%; height: auto; }
  th, td { padding-left: 14px; }
  .cards td:not(.n) { min-width: 6.5em; }
  .cards th:first-child { min-width: 7.5em; }
  .cards td.full { min-width: 11em; }
}
@media screen and (max-width: 719px) {
  body { font-size: 15px; }
  .page { padding: 18px 16px 48px; }
  .masthead { align-items: flex-start; }
  h1 { margin-top: 28px; font-size: 32px; }
  nav { margin-top: 20px; }
  nav ul { gap: 0 20px; }
  nav a { padding: 8px 0; }
  .summary { margin-top: 20px; font-size: 16.5px; }
  section.leads { margin-top: 48px; }
  .cards-row { grid-template-columns: 1fr 1fr; margin-top: 24px; }
  .figure, .figure:nth-child(n) { grid-column: span 1; padding: 14px 16px; }
  .figure:nth-child(-n+2) { grid-column: span 2; }
  .figure:last-child:nth-child(odd) { grid-column: span 2; }
  .figure .value, .figure:nth-child(-n+2) .value { font-size: 24px; }
  .figure:nth-child(-n+2) .value { font-size: 28px; }
  .figure .months { right: 16px; width: 100px; }
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  .empty { padding: 24px 20px; }
  .table-tools { padding-right: 0; }
  .table-tools input { flex: 1 1 100%; font-size: 16px; }
  label.more, .has-tools label.more { float: none; display: inline-block; margin: 0 0 8px; }
  .cards table, .cards tbody, .cards tfoot { display: block; }
  .cards .tail { display: none; }
  input.more:checked ~ .cards .tail { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .has-tools .cards thead, .cards thead:focus-within { display: block; position: static; width: auto; height: auto; clip-path: none; }
  .cards thead tr { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 4px 0 10px; border-bottom: 1px solid var(--strong); }
  .cards thead th { position: static; min-width: 0; box-shadow: none; }
  .cards thead .mark { display: none; }
  .cards tbody tr, .cards tfoot tr { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 20px; padding: 14px 0; }
  .cards th, .cards td, .cards th:first-child { padding: 0; }
  .cards tbody th, .cards tfoot th { grid-column: 1 / -1; font-size: 15px; }
  .cards td, .cards td.n { text-align: left; }
  .cards .n small { white-space: normal; }
  .cards td::before { content: attr(data-label); display: block; color: var(--muted); font-size: 12px; line-height: 1.4; font-weight: 400; }
  .cards td.full { grid-column: 1 / -1; }
  .cards td:not(.n), .cards td.full, .cards th:first-child { min-width: 0; }
  .cards td:empty { display: none; }
  .cards .n { white-space: normal; }
}
`;

const print = `
@page { margin: 14mm 13mm; }
@media print {
  html { color-scheme: light; }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  nav, .sources, .skip, label.more, .table-tools, .tip, .spots, .sort::after, details:not([open]) { display: none; }
  h1 { margin-top: 24px; }
  section.leads { margin-top: 34px; }
  section.follows { margin-top: 26px; }
  .chart .wide { display: block; }
  .chart .narrow { display: none; }
  .tail, input.more:checked ~ .table .tail { display: table-row-group; }
  .wide-table { max-height: none; overflow: visible; }
  .wide-table th, .wide-table td { white-space: normal; padding-left: 8px; }
  .wide-table td:last-child:not(.n) { min-width: 12em; }
  .sort { margin: 0; padding: 0; min-height: 0; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  thead th, .wide-table th:first-child, .wide-table tfoot th, .wide-table tfoot td { position: static; }
  tfoot { break-before: avoid; }
  tbody:last-of-type tr:last-child { break-after: avoid; }
  tr, figure, .figure, .notice, .chart, .empty { break-inside: avoid; }
  h2, .lead, .legend, summary { break-after: avoid; }
  details.data > summary { display: none; }
  table { font-size: 9pt; }
  a { color: inherit; text-decoration: none; }
  .cards-row { break-inside: avoid; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .figure .months { width: 88px; }
  .figure .months svg { width: 100%; height: auto; }
  .one-sheet { font-size: 8.5pt; line-height: 1.4; }
  .one-sheet h1 { margin-top: 8px; font-size: 20pt; }
  .one-sheet h2 { font-size: 11pt; }
  .one-sheet .summary { margin-top: 8px; max-width: none; font-size: 9.5pt; line-height: 1.4; }
  .one-sheet .cards-row { margin-top: 10px; }
  .one-sheet .figure { padding: 8px 12px; }
  .one-sheet .figure .value, .one-sheet .figure:nth-child(-n+2) .value { font-size: 14pt; }
  .one-sheet .figure .months, .one-sheet footer p, .one-sheet footer h2 { display: none; }
  .one-sheet section.leads, .one-sheet section.follows { margin-top: 12px; }
  .one-sheet .chart svg { max-height: 150px; }
  .one-sheet table { font-size: 8pt; }
  .one-sheet th, .one-sheet td { padding-block: 3px; }
  .one-sheet footer { margin-top: 10px; padding-top: 8px; }
  .badge, .mark, .severity, .notice { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

/** The one style sheet of every page: light and dark, wide and narrow, and on paper. */
export const stylesheet = `
:root { ${colourVariables("light")} }
@media screen and (prefers-color-scheme: dark) { :root { ${colourVariables("dark")} } }
${base}${head}${figures}${sections}${tables}${small}${print}`
  .replace(/\n+/g, "\n")
  .trim();
