import { z } from "zod";

/** What `tally report` can write. */
export const reportFormats = ["html", "csv"] as const;

export type ReportFormat = (typeof reportFormats)[number];

/** [reports] of tally.toml. */
export const reportsTable = z.strictObject({
  formats: z.array(z.enum(reportFormats)).min(1).default(["html", "csv"]),
  csv_bom: z.boolean().default(false),
});

export interface ReportSettings {
  /** What is written where a command names nothing else. */
  formats: readonly ReportFormat[];
  /** Whether CSVs begin with a byte order mark, by which some spreadsheets tell UTF-8. */
  hasCsvBom: boolean;
}

export function readReportSettings(table: z.infer<typeof reportsTable>): ReportSettings {
  return { formats: table.formats, hasCsvBom: table.csv_bom };
}
