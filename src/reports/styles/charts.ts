import { palette } from "../theme.ts";

const keys = [...palette("light").keys()]
  .map((name) => `.key.${name}{background:var(--${name.replace("_", "-")})}`)
  .join("\n");

/** Charts with their legends, and the tip that tells their figures. */
export const charts = `
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 16px; font-size: 13px; color: var(--muted); }
.legend li { display: inline-flex; align-items: center; min-width: 0; gap: 7px; }
.legend b { font-weight: 550; color: var(--ink); font-variant-numeric: tabular-nums; }
.key { display: inline-block; flex: none; width: 11px; height: 11px; border-radius: 3px; margin-right: 1px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
th .key { margin-right: 8px; }
.key.tick { width: 2px; height: 15px; border-radius: 0; background: var(--ink); }
.key.stroke { width: 16px; height: 3px; border-radius: 2px; }
.key.tick.alert { background: var(--alert); width: 3px; }
.key.accent.dashes { width: 16px; height: 3px; background: repeating-linear-gradient(90deg, var(--accent) 0 4px, transparent 4px 7px); }
.key.stroke.ink { height: 2px; }
.key.band { background: var(--accent); opacity: .22; }
.legend.at-edge, .legend li.at-edge { display: none; }
.key.ring { border-radius: 50%; border: 2px solid var(--alert); background: none; }
${keys}
.chart { margin-top: 14px; font-size: 12px; }
.chart svg { display: block; width: 100%; height: auto; overflow: visible; font-variant-numeric: tabular-nums; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.chart .compact { max-width: 520px; }
.chart .narrow { display: none; max-width: 480px; }
.spots rect { fill: transparent; }
.spots rect.pointed { fill: var(--ink); fill-opacity: .07; }
.tip { position: fixed; z-index: 4; max-width: min(320px, calc(100vw - 16px)); padding: 8px 12px; border-radius: 8px; background: var(--raised); color: var(--ink); box-shadow: 0 0 0 1px var(--strong), 0 4px 16px #0003; font-size: 12.5px; line-height: 1.5; white-space: pre-line; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; pointer-events: none; }
.tip::first-line { font-weight: 600; }
.tip[hidden] { display: none; }
`;
