/** What changes where there is less room: tables of few columns become cards on a phone. */
export const smallScreens = `
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
  .legend.at-edge { display: flex; }
  .legend li.at-edge { display: inline-flex; }
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
