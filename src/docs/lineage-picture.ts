import { type Html, html } from "../reports/html.ts";
import type { DocumentedTable } from "./dictionary.ts";

const rowHeight = 26;
const boxHeight = 20;
const columnWidth = 300;
const boxWidth = 236;

/** What a table is made of, the table, and what is made of it, from left to right, with a line for each. */
export function lineagePicture({ name, lineage }: DocumentedTable): Html | null {
  if (!lineage) return null;
  const left = [...lineage.reads, ...lineage.sources];
  const right = lineage.readBy;
  const rows = Math.max(1, left.length, right.length);
  const height = rows * rowHeight;
  const top = (at: number, of: number) => (height - of * rowHeight) / 2 + at * rowHeight;
  const box = (text: string, column: number, y: number, className: string) => {
    const x = column * columnWidth;
    const label = html`<g class="${className}"><title>${text}</title><rect x="${x}" y="${y + 3}" width="${boxWidth}" height="${boxHeight}" rx="4"/><text x="${x + 8}" y="${y + 17}">${text.length > 36 ? `${text.slice(0, 35)}…` : text}</text></g>`;
    return className === "public" ? html`<a href="#${text}">${label}</a>` : label;
  };
  const line = (fromColumn: number, fromY: number, toY: number) => {
    const x1 = fromColumn * columnWidth + boxWidth;
    const x2 = (fromColumn + 1) * columnWidth;
    const [y1, y2, middle] = [fromY + 13, toY + 13, (x1 + x2) / 2];
    return html`<path d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/>`;
  };
  const own = top(0, 1);
  const isPublic = new Set(lineage.reads);
  return html`<svg class="lineage" viewBox="0 0 ${2 * columnWidth + boxWidth} ${height}" role="group" aria-label="${`What ${name} is made of, and what is made of it`}">
${left.map((_, at) => line(0, top(at, left.length), own))}${right.map((_, at) => line(1, own, top(at, right.length)))}
${left.map((text, at) => box(text, 0, top(at, left.length), isPublic.has(text) ? "public" : "source"))}
${box(name, 1, own, "own")}
${right.map((text, at) => box(text, 2, top(at, right.length), "public"))}
</svg>`;
}
