import type { Warehouse } from "../warehouse.ts";
import { type Dataset, readDataset } from "./dataset.ts";

/** What stands beside the reports of all periods: how fresh the data are, and what is to be acted on. */
export interface Overview {
  freshness: Freshness;
  openFindings: Dataset;
}

/** The one row of sql/reports/freshness.sql. */
export interface Freshness {
  last_read_at: string | null;
  last_whole_date: string | null;
  last_usage_date: string | null;
  days_behind: string | null;
  project_days: string;
  missing_project_days: string;
}

/** @param today the UTC day on which the report is made */
export async function readOverview(analytics: Warehouse, today: string): Promise<Overview> {
  const { rows } = await readDataset(analytics, "freshness", { today });
  return {
    freshness: rows[0] as unknown as Freshness,
    openFindings: await readDataset(analytics, "open_findings", {}),
  };
}
