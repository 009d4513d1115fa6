import type { Config } from "../../config.ts";
import type { ReportFormat } from "../../report-settings.ts";
import type { Dataset } from "../dataset.ts";
import type { ReportFacts } from "../section.ts";

/** The rows of a section, under the name that their files have. */
export interface DataTable {
  id: string;
  title: string;
  dataset: Dataset;
}

/** The files of a report by their paths in its folder. */
export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

export interface FormatContext {
  facts: ReportFacts;
  config: Config;
}

/** A way to write the tables of a report as files for other programs: the same rows give the same bytes. */
export interface TableFormat {
  name: ReportFormat;
  filesOf: (tables: readonly DataTable[], context: FormatContext) => Promise<ReportFiles> | ReportFiles;
}
