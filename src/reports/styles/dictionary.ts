/** The data dictionary: its sections, what can be opened, and the pictures of lineage. */
export const dictionary = `
.dictionary nav ul { gap: 0 18px; font-size: 12.5px; }
.dictionary nav a { padding: 5px 0; }
.dictionary section { margin-top: 48px; scroll-margin-top: 12px; }
.dictionary section p { max-width: 46em; margin-top: 8px; }
.dictionary td { width: 72%; }
.dictionary #tests td { width: auto; }
.dictionary h3 { margin: 22px 0 4px; font-size: 14px; }
.dictionary details { margin-top: 14px; font-size: 13.5px; }
.dictionary summary { color: var(--muted); cursor: pointer; }
.dictionary details li { padding: 2px 0 2px 14px; }
.dictionary pre { margin: 8px 0 0; padding: 12px 16px; overflow: auto; border-radius: 6px; background: var(--raised); font-size: 12.5px; line-height: 1.5; }
.dictionary pre code { overflow-wrap: normal; }
.lineage-block { overflow: auto; }
.lineage { display: block; width: 100%; min-width: 720px; max-width: 836px; margin-top: 8px; font-size: 11.5px; }
.lineage rect { fill: var(--raised); stroke: var(--line); }
.lineage text { fill: var(--muted); }
.lineage .public text { fill: var(--accent); }
.lineage .own rect { fill: var(--wash); stroke: var(--accent); }
.lineage .own text { fill: var(--ink); font-weight: 600; }
.lineage path { fill: none; stroke: var(--strong); }
@media (max-width: 640px) { .dictionary td { width: 62%; padding-left: 12px; } }
`;
