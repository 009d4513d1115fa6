import { isoInstant } from "./dataset.ts";
import { jsonRows } from "./formats/json.ts";
import type { Overview } from "./overview.ts";
import type { BuildFacts } from "./section.ts";

/**
 * What is idle, as findings.json: a feed for other tools, whose keys are an interface. A key may be added; where one
 * changes its meaning or goes, the version rises. Amounts are numerals with all their decimals.
 */
export function findingsFeed({ openFindings }: Overview, build: BuildFacts): string {
  const head = JSON.stringify(
    {
      schema_version: 1,
      generated_at: isoInstant(build.built_at),
      generated_by: `tally ${build.tally_version}`,
      prices: build.price_label,
    },
    null,
    2,
  );
  return `${head.slice(0, -2)},\n  "findings": ${jsonRows(openFindings)}\n}\n`;
}
