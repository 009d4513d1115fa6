import type { LandedFile } from "./land.ts";
import type { Unit } from "./units.ts";

/** One reading of a list through all of its pages. */
export interface PagedRead {
  files: readonly LandedFile[];
  ids: ReadonlySet<string>;
  /** Whether a row came twice: it moved from one page to a later one while they were read. */
  isShifted: boolean;
}

/** Whether the answer to one request came in several pages. */
export const hasPages = ({ queries }: Unit, files: readonly LandedFile[]): boolean =>
  files.length > queries.length;

export function pagesOf(files: readonly LandedFile[]): PagedRead {
  const all = files.flatMap(({ ids }) => ids);
  const ids = new Set(all);
  return { files, ids, isShifted: ids.size < all.length };
}

const mostReads = 3;

/** What is loaded of a list. */
export interface SettledPages {
  files: readonly LandedFile[];
  /** Whether it is known to hold all that there is. */
  isWhole: boolean;
  /** Whether what is missing from it is believed to be gone. */
  isSettled: boolean;
}

/**
 * Decides what to load of a list that was read through its pages, once or more: null where it has to be read
 * again, because a page shifted or two readings differ. A reading that agrees with one before is the list; where
 * none does, what any of them saw is, and nothing counts as gone.
 */
export function settlePages(reads: readonly PagedRead[]): SettledPages | null {
  const last = reads.at(-1);
  if (!last) return null;
  const before = reads.slice(0, -1);
  if (!last.isShifted && before.some((read) => !read.isShifted && isSame(read.ids, last.ids))) {
    return { files: last.files, isWhole: true, isSettled: true };
  }
  if (reads.length >= mostReads) {
    return { files: reads.flatMap(({ files }) => files), isWhole: false, isSettled: true };
  }
  return reads.length === 1 && !last.isShifted
    ? { files: last.files, isWhole: true, isSettled: false }
    : null;
}

const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((id) => b.has(id));
