import { createHash } from "node:crypto";
import { isNumeric } from "../../result-cells.ts";
import { isoInstant } from "../dataset.ts";
import type { DataTable, FormatContext } from "./format.ts";

const profiles = "https://datapackage.org/profiles/2.0";

/** A CSV that is written, with the table that it holds. */
export interface DataResource {
  table: DataTable;
  path: string;
  text: string;
}

/**
 * What the CSVs of a folder hold, as datapackage.json: the meaning and the type of each column.
 *
 * @see https://datapackage.org
 */
export function dataPackage(resources: readonly DataResource[], { facts }: FormatContext): string {
  const { period, build } = facts;
  const described = {
    $schema: `${profiles}/datapackage.json`,
    name: `gpu-usage-and-cost-${period.key.toLowerCase()}`,
    title: `GPU usage and cost, ${period.name}`,
    description:
      "Days and times are UTC. A text that a spreadsheet would run as a formula begins with an apostrophe that is no part of it.",
    created: isoInstant(build.built_at),
    version: build.tally_version,
    resources: resources.map(({ table: { id, title, dataset }, path, text }) => ({
      $schema: `${profiles}/dataresource.json`,
      name: id,
      type: "table",
      path,
      title,
      description: dataset.description,
      format: "csv",
      mediatype: "text/csv",
      encoding: "utf-8",
      bytes: Buffer.byteLength(text),
      hash: `sha256:${createHash("sha256").update(text).digest("hex")}`,
      dialect: {
        delimiter: ",",
        lineTerminator: "\r\n",
        quoteChar: '"',
        doubleQuote: true,
        header: true,
      },
      schema: {
        $schema: `${profiles}/tableschema.json`,
        fields: dataset.columns.map(({ name, type, description }) => ({
          name,
          type: fieldType(type),
          description,
        })),
        missingValues: [""],
      },
    })),
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

function fieldType(type: string): string {
  if (type === "DATE") return "date";
  if (type === "TIMESTAMP") return "datetime";
  if (type === "BOOLEAN") return "boolean";
  if (type === "VARCHAR") return "string";
  if (!isNumeric(type)) return "any";
  return type.endsWith("INT") || type.endsWith("INTEGER") ? "integer" : "number";
}
