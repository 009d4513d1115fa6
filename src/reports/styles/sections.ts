/** Sections with their sources, and the foot of the page. */
export const sections = `
section.leads { margin-top: 64px; }
section.leads#headline { margin-top: 0; }
section.follows { margin-top: 40px; }
section { scroll-margin-top: 16px; }
h2 { font-size: 22px; line-height: 1.3; font-weight: 650; letter-spacing: -.017em; }
.follows h2 { font-size: 16px; letter-spacing: -.008em; }
.lead { margin-top: 6px; max-width: 50em; color: var(--muted); text-wrap: pretty; }
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
