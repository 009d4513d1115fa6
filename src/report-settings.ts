import { z } from "zod";

/** What `tally report` can write. */
export const reportFormats = ["html", "csv", "xlsx", "json", "parquet", "pdf"] as const;

export type ReportFormat = (typeof reportFormats)[number];

export const papers = ["A4", "Letter"] as const;

export type Paper = (typeof papers)[number];

/** [reports] of tally.toml. */
export const reportsTable = z.strictObject({
  formats: z.array(z.enum(reportFormats)).min(1).default(["html", "csv"]),
  csv_bom: z.boolean().default(false),
  paper: z.enum(papers).default("A4"),
  locale: z.string().refine(isLocale, "the tag of a locale such as en-US or de-DE").default("en-US"),
});

export interface ReportSettings {
  /** What is written where a command names nothing else. */
  formats: readonly ReportFormat[];
  /** Whether CSVs begin with a byte order mark, by which some spreadsheets tell UTF-8. */
  hasCsvBom: boolean;
  /** What PDFs are printed on. */
  paper: Paper;
  /** Whose numbers the pages are written with; the words are English. */
  locale: string;
}

export function readReportSettings(table: z.infer<typeof reportsTable>): ReportSettings {
  return {
    formats: table.formats,
    hasCsvBom: table.csv_bom,
    paper: table.paper,
    locale: table.locale,
  };
}

function isLocale(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length === 1;
  } catch {
    return false;
  }
}
