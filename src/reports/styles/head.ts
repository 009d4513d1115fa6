/** The head of a page: its title, contents, summary and notices, and the small marks beside words. */
export const head = `
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
.summary + .summary { margin-top: 14px; }
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
