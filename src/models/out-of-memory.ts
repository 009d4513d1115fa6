/**
 * Whether DuckDB failed for want of memory, which several queries at once share: what did so beside others may still
 * succeed by itself.
 */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && (/Out of Memory Error/.test(error.message) || isOutOfMemory(error.cause));
}
