/** What the pages of the app have beyond those of reports: forms. */
export const styles = `
.app h1 { margin-top: 28px; font-size: 30px; }
.app section { margin-top: 36px; }
nav a[aria-current] { color: var(--ink); font-weight: 600; }
form { margin-top: 20px; }
label { display: block; font-size: 13px; color: var(--muted); }
textarea, form input:not([type="hidden"]) {
  width: 100%; margin-top: 4px; padding: 9px 12px; border: 1px solid var(--strong); border-radius: 8px;
  background: var(--page); color: var(--ink); font: inherit;
}
textarea { min-height: 9em; resize: vertical; font: 13.5px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; tab-size: 4; }
textarea:focus-visible, form input:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.fields { display: flex; flex-wrap: wrap; gap: 12px 20px; margin-top: 12px; }
.fields label { flex: 1 1 180px; max-width: 320px; }
.fields label.long { flex: 3 1 320px; max-width: none; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 14px; margin-top: 14px; font-size: 12.5px; color: var(--muted); }
form button, a.button {
  padding: 8px 18px; border: 1px solid var(--strong); border-radius: 8px; background: var(--raised); color: var(--ink);
  font: inherit; font-size: 14px; text-decoration: none; cursor: pointer;
}
form button.run { border-color: var(--accent); background: var(--accent); color: var(--page); font-weight: 600; }
form button:disabled { opacity: .6; cursor: default; }
.count { margin-top: 6px; font-size: 13px; color: var(--muted); }
.saved li { padding: 7px 0; border-bottom: 1px solid var(--line); font-size: 13.5px; }
.saved a { font-weight: 550; text-decoration: none; }
.saved span { color: var(--muted); }
thead th .type { display: block; font-size: 11px; font-weight: 400; }
.result td, .result th { max-width: 40em; white-space: pre; overflow: hidden; text-overflow: ellipsis; }
.notice pre { background: none; padding: 4px 0 0; }
@media screen and (max-width: 719px) {
  .app h1 { margin-top: 18px; font-size: 26px; }
  textarea, form input:not([type="hidden"]) { font-size: 16px; }
}
`;
