/** Tables, and what a script adds to them. */
export const tables = `
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
.n small.wraps { white-space: normal; max-width: 13em; margin-left: auto; }
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
