/** The headline figures. */
export const figures = `
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
