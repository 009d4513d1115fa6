/// <reference lib="dom" />
import type { Page } from "playwright-core";

/**
 * Pairs of texts of the page that lie on each other, as a reader would see them: each line of each text that shows,
 * cut by what it is scrolled or clipped in.
 */
export function overlappingTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const boxes: {
      left: number;
      right: number;
      top: number;
      bottom: number;
      text: string;
      owner: Element;
    }[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const owner = node.parentElement;
      const text = node.textContent?.trim() ?? "";
      // What stands still while the rest scrolls lies over it by design.
      if (
        !owner ||
        text === "" ||
        owner.closest("script, style, title, .unseen, .skip, .wide-table, pre, .tip")
      )
        continue;
      let clip = { left: 0, right: Number.POSITIVE_INFINITY, top: 0, bottom: Number.POSITIVE_INFINITY };
      for (
        let parent: Element | null = owner;
        parent && parent !== document.body;
        parent = parent.parentElement
      ) {
        if (parent instanceof SVGElement || getComputedStyle(parent).overflow === "visible") continue;
        const box = parent.getBoundingClientRect();
        clip = {
          left: Math.max(clip.left, box.left),
          right: Math.min(clip.right, box.right),
          top: Math.max(clip.top, box.top + scrollY),
          bottom: Math.min(clip.bottom, box.bottom + scrollY),
        };
      }
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        // A line's box is taller than its letters.
        const inset = rect.height * 0.2;
        const box = {
          left: Math.max(rect.left, clip.left),
          right: Math.min(rect.right, clip.right),
          top: Math.max(rect.top + scrollY + inset, clip.top),
          bottom: Math.min(rect.bottom + scrollY - inset, clip.bottom),
        };
        if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push({ ...box, text, owner });
      }
    }
    boxes.sort((a, b) => a.top - b.top);
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        if (b.top >= a.bottom) break;
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        if (a.owner !== b.owner && across > 1.5 && Math.min(a.bottom, b.bottom) - b.top > 1.5) {
          found.push(`${a.text.slice(0, 60)} | ${b.text.slice(0, 60)}`);
        }
      }
    });
    return found.slice(0, 10);
  });
}
