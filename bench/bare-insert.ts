import type { LandedFile } from "../src/ingest/land.ts";
import { sqlText } from "../src/warehouse.ts";
import { landedPath, type UsageStream } from "./landed-usage.ts";
import { organizationId } from "./usage-data.ts";

/** A plain way to write what DuckDB alone would do with the same files. */
export interface BareInsert {
  name: string;
  /** Whether it says nothing of the files but where they are; the others are tuned to these files by hand. */
  isBare: boolean;
  /** The statements that load all of the files into `bare_usage`, which has the columns of the raw table. */
  sql: string;
}

const table = "bare_usage";

/** What tally adds to each row costs a bare insert a constant. */
const history = "timestamp '2026-11-03 06:00:00', null, 'bench'";

/**
 * The bare insert, which leaves everything to DuckDB, and others that are tuned to these files by hand. All
 * check nothing, keep neither quotes nor days apart, and read quantities by way of a double.
 */
export function bareInserts(stream: UsageStream, root: string, files: readonly LandedFile[]): BareInsert[] {
  const paths = files.map((file) => sqlText(landedPath(root, file)));
  const inserts =
    stream === "usage" ? jsonInserts(Math.max(...files.map(({ bodyBytes }) => bodyBytes))) : csvInserts;
  return inserts.flatMap(({ name, isBare = false, sql }) => [
    { name, isBare: false, sql: sql(`[${paths.join(", ")}]`) },
    // All files at once, with columns inferred, does not fit into the memory that a workspace has by default.
    { name: `${name}, a statement a file`, isBare, sql: paths.map(sql).join(";\n") },
  ]);
}

interface InsertForm {
  name: string;
  isBare?: boolean;
  sql(paths: string): string;
}

function jsonInserts(longest: number): InsertForm[] {
  const size = `maximum_object_size = ${longest + 1024}`;
  const insert = (from: string) => `
    insert into ${table}
    select '${organizationId}', project_id, date, region, resource_type, billable_metric, reservation_id, quantity,
      ${history}
    from (select unnest(items, max_depth := 2) from ${from})`;
  const row = [
    "billable_metric varchar",
    "date date",
    "project_id varchar",
    "quantity decimal(28,12)",
    "region varchar",
    "reservation_id varchar",
    "resource_type varchar",
  ];
  return [
    {
      name: "read_json with its columns typed",
      sql: (paths) =>
        insert(
          `read_json(${paths}, columns = {items: 'struct(${row.join(", ")})[]'}, records = true,
             format = 'unstructured', compression = 'gzip', ${size})`,
        ),
    },
    {
      name: "read_json with its columns inferred",
      isBare: true,
      sql: (paths) => insert(`read_json(${paths}, ${size})`),
    },
  ];
}

const csvInsert = (from: string): string => `
  insert into ${table}
  select '${organizationId}', "Project ID", "Date", "Region", "Resource Type", "Billable Metric", "Reservation ID",
    "Quantity", "Resource ID", "Resource Name", ${history}
  from ${from}`;

const csvTypes = (quantity: string): string =>
  [
    "'Date': 'date'",
    "'Project ID': 'varchar'",
    "'Region': 'varchar'",
    "'Resource Type': 'varchar'",
    "'Billable Metric': 'varchar'",
    "'Reservation ID': 'varchar'",
    "'Resource ID': 'varchar'",
    "'Resource Name': 'varchar'",
    `'Quantity': '${quantity}'`,
  ].join(", ");

const csvInserts: readonly InsertForm[] = [
  ...["double", "decimal(28,12)"].map((quantity) => ({
    name: `read_csv with its columns typed, the quantity as ${quantity}`,
    sql: (paths: string) =>
      csvInsert(
        `read_csv(${paths}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
           compression = 'gzip', columns = {${csvTypes(quantity)}})`,
      ),
  })),
  {
    name: "read_csv with its columns inferred",
    isBare: true,
    sql: (paths) => csvInsert(`read_csv(${paths})`),
  },
];
