import type { LandedFile } from "./land.ts";

/** One reading of a list through all of its pages. */
export interface PagedRead {
  files: readonly LandedFile[];
  ids: ReadonlySet<string>;
  /** Also for usage, whose rows have no id. */
  rows: number;
  /** Whether a row came twice: it moved from one page to a later one while they were read. */
  isShifted: boolean;
}

/** Whether the answer to one request came in several pages. */
export const hasPages = (files: readonly LandedFile[]): boolean =>
  files.some(({ nextPageToken }) => nextPageToken !== null);

export function pagesOf(files: readonly LandedFile[]): PagedRead {
  const all = files.flatMap(({ ids }) => ids);
  const ids = new Set(all);
  // Of usage, whose rows have no id, only how many there are tells.
  const rows = ids.size > 0 ? 0 : files.reduce((sum, file) => sum + file.rows, 0);
  return { files, ids, rows, isShifted: ids.size < all.length };
}

/** What is loaded of a list. */
export interface SettledPages {
  files: readonly LandedFile[];
  /** Whether it is known to hold all that there is. */
  isWhole: boolean;
  /** Whether what is missing from it is believed to be gone. */
  isSettled: boolean;
}

const mostReads = 4;

/**
 * Decides what to load of a list that was read through its pages, once or more: null where it has to be read
 * again, because a page shifted or two readings differ. A reading that agrees with one before is the list; where
 * none does, such as where the API gives an event only once, what any of them saw is, and nothing counts as gone.
 */
export function settlePages(reads: readonly PagedRead[]): SettledPages | null {
  const last = reads.at(-1);
  if (!last) return null;
  const before = reads.slice(0, -1);
  if (!last.isShifted && before.some((read) => !read.isShifted && isSame(read, last))) {
    return { files: last.files, isWhole: true, isSettled: true };
  }
  if (reads.length >= mostReads) {
    return { files: reads.flatMap(({ files }) => files), isWhole: false, isSettled: true };
  }
  return reads.length === 1 && !last.isShifted
    ? { files: last.files, isWhole: true, isSettled: false }
    : null;
}

const isSame = (a: PagedRead, b: PagedRead): boolean =>
  a.rows === b.rows && a.ids.size === b.ids.size && [...a.ids].every((id) => b.ids.has(id));
