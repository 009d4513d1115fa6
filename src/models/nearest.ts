/** The three names most like what was written. */
export function nearest(name: string, names: readonly string[]): string[] {
  const wanted = pairs(name);
  const likeness = (other: string) => {
    const found = pairs(other);
    const shared = [...wanted].filter((pair) => found.has(pair)).length;
    return shared / (wanted.size + found.size || 1);
  };
  return [...names].sort((a, b) => likeness(b) - likeness(a)).slice(0, 3);
}

function pairs(text: string): Set<string> {
  const lower = text.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, lower.length - 1) }, (_, at) => lower.slice(at, at + 2)));
}
