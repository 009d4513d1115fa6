import { csv } from "./formats/csv.ts";
import type { TableFormat } from "./formats/format.ts";
import { json } from "./formats/json.ts";
import { parquet } from "./formats/parquet.ts";
import { xlsx } from "./formats/xlsx.ts";

/** How the tables of a report can be written beside its pages. A new format is a new line here. */
export const tableFormats: readonly TableFormat[] = [csv, xlsx, json, parquet];
