import stringWidth from "string-width";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * A name short enough to stand in a chart, on one line, cut between characters as people see them.
 *
 * @param room how many characters of common width there is room for
 */
export function chartLabel(text: string, room: number): string {
  if (text.length * widest <= room && /^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.includes("  "))
    return text;
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/(?![\u200c\u200d])\p{Cf}/gu, "")
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .trim();
  let cut = "";
  let used = 0;
  let fits = "";
  for (const { segment } of segmenter.segment(line)) {
    used += widthOf(segment);
    if (used > room) return `${fits.trimEnd()}\u2026`;
    cut += segment;
    if (used <= room - 1) fits = cut;
  }
  return cut;
}

/** Of a character of ASCII. */
const widest = 1.45;

// No text is measured when a chart is drawn, so that it is the same on every machine; this errs on the wide side.
function widthOf(character: string): number {
  if (stringWidth(character) > 1) return 2;
  if (/[MWmw@%]/.test(character)) return widest;
  return /\p{Lu}/u.test(character) ? 1.2 : 1;
}

/** A name within a sentence: short, and isolated so that it can't turn the direction of the rest. */
export function inSentence(text: string, room = 40): string {
  return `\u2068${chartLabel(text, room)}\u2069`;
}
