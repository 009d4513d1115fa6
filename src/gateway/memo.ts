import type { Instant } from "./instant.ts";

/** Texts that were made of resources at one instant, until anything changes. */
export interface TextMemo {
  /** The text of that resource at that instant, made where it is not known. */
  textAt: (at: Instant, id: string, make: () => string) => string;
  /** Something changed: nothing that was made holds any longer. */
  forget: () => void;
}

const mostTexts = 5000;

/** Most requests of one second are for the same few resources, and to write them as JSON is most of their work. */
export function textMemo(): TextMemo {
  const texts = new Map<string, string>();
  let madeAt: Instant = Number.NaN;
  return {
    textAt(at, id, make) {
      if (at !== madeAt || texts.size >= mostTexts) texts.clear();
      madeAt = at;
      const known = texts.get(id);
      if (known !== undefined) return known;
      const text = make();
      texts.set(id, text);
      return text;
    },
    forget: () => texts.clear(),
  };
}
