/** What changes on paper: light colours, every row, no control, nothing cut. */
export const paper = `
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
  .sort { display: contents; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  thead th, .wide-table th:first-child, .wide-table tfoot th, .wide-table tfoot td { position: static; }
  tfoot { break-before: avoid; }
  tbody:last-of-type tr:last-child { break-after: avoid; }
  tr, figure, .lead, .summary, .figure, .notice, .chart, .empty { break-inside: avoid; }
  h2, .lead, .legend, summary { break-after: avoid; }
  details.data > summary { display: none; }
  table { font-size: 9pt; }
  td small, th small { font-size: 7.5pt; line-height: 1.35; }
  small.id, .command { font-size: 7pt; }
  th, td { padding-block: 6px; }
  .cards td.full:has(~ td.full) { width: 33%; }
  .cards td.full ~ td.full { width: 23%; }
  thead, tbody:first-of-type tr:first-child { break-after: avoid; }
  tbody:first-of-type tr:first-child { break-before: avoid; }
  a { color: inherit; text-decoration: none; }
  .cards-row { break-inside: avoid; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .figure .months { width: 88px; }
  .figure .months svg { width: 100%; height: auto; }
  .badge, .mark, .severity, .notice { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
