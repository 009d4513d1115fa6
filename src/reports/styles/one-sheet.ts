/** A page that is printed on one sheet of A4 or Letter: smaller type, and the chart beside the outlook. */
export const oneSheet = `
@media print {
  .one-sheet { font-size: 8pt; line-height: 1.3; }
  .one-sheet small, .one-sheet thead th, .one-sheet .lead, .one-sheet .figure dt, .one-sheet .figure .note { font-size: 7.5pt; line-height: 1.35; }
  .one-sheet .masthead { font-size: 7.5pt; }
  .one-sheet .brand { font-size: 9pt; }
  .one-sheet h1 { margin-top: 4px; font-size: 17pt; }
  .one-sheet .kicker { display: inline; margin: 0 6px 0 0; font-size: 10pt; }
  .one-sheet h2 { font-size: 10pt; }
  .one-sheet .lead { margin-top: 1px; max-width: none; }
  .one-sheet .notice { margin-top: 6px; padding: 4px 10px; font-size: 7.5pt; }
  .one-sheet .summary { margin-top: 6px; max-width: none; font-size: 8.5pt; line-height: 1.36; }
  .one-sheet #gpu-hours-by-month:has(~ #outlook) { float: left; width: 47%; }
  .one-sheet #outlook { float: right; width: 49%; }
  .one-sheet #budgets, .one-sheet #what-to-do { clear: both; }
  .one-sheet .summary + .summary { margin-top: 2px; }
  .one-sheet .cards-row { grid-template-columns: repeat(5, 1fr); margin-top: 8px; }
  .one-sheet .figure, .one-sheet .figure:nth-child(n) { grid-column: span 1; padding: 6px 9px; }
  .one-sheet .figure .value, .one-sheet .figure:nth-child(-n+2) .value { margin-top: 0; font-size: 11.5pt; }
  .one-sheet .figure .note { margin-top: 1px; }
  .one-sheet .figure .months, .one-sheet footer p, .one-sheet footer h2 { display: none; }
  .one-sheet section.leads, .one-sheet section.follows { margin-top: 8px; }
  .one-sheet section#headline { margin-top: 0; }
  .one-sheet .chart { margin-top: 4px; }
  .one-sheet .chart .wide { display: none; }
  .one-sheet .chart .narrow { display: block; }
  .one-sheet .chart svg { max-height: 150px; }
  .one-sheet table { font-size: 8pt; line-height: 1.3; }
  .one-sheet th, .one-sheet td { padding: 2px 0 2px 8px; }
  .one-sheet th:first-child, .one-sheet td:first-child { padding-left: 0; }
  .one-sheet .table-block { margin-top: 2px; }
  .one-sheet thead th:first-child { width: 21%; }
  .one-sheet #budgets thead th:nth-child(2) { width: 17%; }
  .one-sheet #what-to-do thead th:nth-child(2) { width: 21%; }
  .one-sheet td.full { width: 44%; }
  .one-sheet #outlook tbody th small { display: none; }
  .one-sheet .cards td:not(.n), .one-sheet .cards th:first-child { min-width: 0; }
  .one-sheet #outlook td.full, .one-sheet #outlook thead th:last-child { display: none; }
  .one-sheet .mark { font-size: 6.5pt; line-height: 1.5; }
  .one-sheet .severity { font-size: 7pt; line-height: 1.4; }
  .one-sheet td bdi, .one-sheet th bdi { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 1; overflow-wrap: anywhere; overflow: hidden; }
  .one-sheet footer { margin-top: 8px; padding-top: 4px; }
  .one-sheet footer dl { margin-top: 0; gap: 2px 22px; font-size: 7.5pt; }
  .one-sheet footer dl div { display: flex; gap: 5px; }
  .one-sheet footer dt { font-size: 7.5pt; }
}
`;
