import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { packageRoot } from "../package.ts";

/** The versions of FOCUS that can be written. */
export const focusVersions = ["1.0", "1.2"] as const;
export type FocusVersion = (typeof focusVersions)[number];

/** What the specification says of a column, by data/reference/focus-columns.csv. */
export interface FocusColumn {
  column_name: string;
  /** The version that has it first; 1.0 also for what is older. */
  since: string;
  feature_level: "Mandatory" | "Conditional" | "Recommended";
  data_type: "STRING" | "DECIMAL" | "DATETIME" | "JSON";
  allows_nulls: "true" | "false";
  /** Joined by |; empty where any value is allowed. */
  allowed_values: string;
  /** Why it is not written; empty where it is. */
  left_out_because: string;
  description: string;
}

/** The columns of a version, in the order of the specification, also those that are left out. */
export async function focusColumns(version: FocusVersion): Promise<FocusColumn[]> {
  const text = await readFile(join(packageRoot, "data", "reference", "focus-columns.csv"), "utf8");
  const rows = parse(text, { columns: true }) as FocusColumn[];
  return rows.filter(({ since }) => since <= version);
}
