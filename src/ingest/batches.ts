import { formEscape } from "./sign.ts";

/** A URL is kept shorter than this, whatever is asked for. */
export const longestUrl = 8_000;

/** Room for the start, the end and a page token, which come on top of the lists. */
const reserve = 700;

export interface UsageFilters {
  projects: readonly string[];
  resourceTypes: readonly string[];
  regions: readonly string[];
}

/** One batch of projects, and the lists of types and regions that each take a request of their own. */
export interface UsageBatch {
  projects: string[];
  requests: { resourceTypes: string[]; regions: string[] }[];
}

/**
 * Splits what is asked for so that every URL stays below the limit. Projects are split first; types and
 * regions only where they alone take up most of a URL. Every combination is asked for exactly once.
 *
 * @param bareLength the length of the URL with its lists empty
 */
export function usageBatches(filters: UsageFilters, bareLength: number): UsageBatch[] {
  const room = longestUrl - reserve - bareLength;
  const typeChunks = chunks(filters.resourceTypes, room * 0.4);
  const regionChunks = chunks(filters.regions, room * 0.25);
  const taken = longestOf(typeChunks) + longestOf(regionChunks);
  const requests = typeChunks.flatMap((resourceTypes) =>
    regionChunks.map((regions) => ({ resourceTypes, regions })),
  );
  return chunks(filters.projects, room - taken).map((projects) => ({ projects, requests }));
}

/** With what a repeated key takes, which is more than a comma does. */
const escapedLength = (text: string) => "&resource_types=".length + formEscape(text).length;
const lengthOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + escapedLength(text), 0);
const longestOf = (lists: readonly string[][]) => Math.max(0, ...lists.map(lengthOf));

/** Lists of at most so many escaped characters each; one at least, and a text too long for any stands alone. */
function chunks(texts: readonly string[], room: number): string[][] {
  const lists: string[][] = [[]];
  let left = room;
  for (const text of texts) {
    const length = escapedLength(text);
    const last = lists.at(-1);
    if (last && (length <= left || last.length === 0)) {
      last.push(text);
      left -= length;
    } else {
      lists.push([text]);
      left = room - length;
    }
  }
  return lists;
}
