import { ConfigError } from "../errors/config-error.ts";
import type { SeedRow } from "./seeds.ts";

/** Rows that agree in some columns, and so may not hold on the same days: nothing would say which holds. */
export interface Exclusive {
  columns: readonly string[];
  /** What two such rows both say, such as "the cost centre of project alpha". */
  says(row: SeedRow): string;
}

/**
 * Refuses two rows of a CSV that say the same thing of the same days.
 *
 * @throws ConfigError that names both lines
 */
export function refuseOverlaps(path: string, { columns, says }: Exclusive, rows: readonly SeedRow[]): void {
  const byKey = new Map<string, SeedRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column) => row[column]));
    const others = byKey.get(key) ?? [];
    const other = others.find((candidate) => overlap(candidate, row));
    if (other) {
      const isDated = "effective_from" in row;
      throw new ConfigError(
        `${path}, lines ${other.source_line} and ${row.source_line}: both say ${says(row)}${isDated ? " on the same days" : ""}.`,
        {
          hint: isDated
            ? "Give the earlier one an effective_to before the later one's effective_from, or remove one."
            : "Remove one of the two.",
        },
      );
    }
    byKey.set(key, [...others, row]);
  }
}

function overlap(a: SeedRow, b: SeedRow): boolean {
  const starts = (row: SeedRow) => String(row.effective_from ?? "0000");
  const ends = (row: SeedRow) => String(row.effective_to ?? "9999-99");
  return starts(a) <= ends(b) && starts(b) <= ends(a);
}
