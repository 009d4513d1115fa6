import type { RandomTools } from "./random-tools.ts";

/** A line of suppressions.csv; what it leaves out matches anything, and has no end. */
export interface SuppressionLine {
  rule: string | null;
  resource: string | null;
  until: number | null;
}

export function randomSuppressions(
  { int, oneOf, chance }: RandomTools,
  rules: readonly string[],
  resources: readonly string[],
  today: number,
): SuppressionLine[] {
  return Array.from({ length: int(0, 8) }, () => {
    const isOfRule = chance(50);
    return {
      rule: isOfRule ? oneOf(rules) : null,
      resource: isOfRule && chance(50) ? null : oneOf(resources),
      until: chance(30) ? null : today + int(-5, 20),
    };
  });
}
