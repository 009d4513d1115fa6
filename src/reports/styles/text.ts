/** What the page is written in: type, links, focus, and what is there for screen readers alone. */
export const text = `
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
