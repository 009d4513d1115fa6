import { sqlName, sqlText } from "../warehouse.ts";
import { csvOptions, headerIndex } from "./csv-rows.ts";
import type { LandedFile, Landing } from "./land.ts";
import { fieldOf, type RowSource } from "./row-source.ts";
import type { Column, Stream } from "./streams.ts";
import { unpackRows } from "./unpack.ts";

/** The rows of landed files of one form, in which no value needs a second look. */
export interface PlainRowSource extends RowSource {
  /** What names a row's file in the relation, as an expression. */
  file: string;
  /** By what that names a landed file. */
  nameOf(landed: LandedFile): string;
}

const unpackedBytes = 2 ** 20;
const longestPlainRow = 2 ** 20;

/** Whether the files can be read as plain rows, and are worth it: small answers are sooner read as they lie. */
export const arePlain = (landed: readonly LandedFile[]): boolean =>
  landed.some(({ bodyBytes }) => bodyBytes > unpackedBytes) &&
  landed.every(({ plainRows }) => plainRows) &&
  new Set(landed.map(formOf)).size === 1;

/** What files must have in common to be read together: of CSV, the header. */
export const formOf = ({ header }: LandedFile): string => JSON.stringify(header);

/**
 * Opens plain files, all of one form, in one go: DuckDB reads many files in one scan much faster than in a scan
 * each.
 */
export async function openPlain(
  stream: Stream,
  landed: readonly LandedFile[],
  landing: Landing,
): Promise<PlainRowSource> {
  const { paths, release } = await unpackRows(landed, landing);
  const list = `[${[...paths.values()].map(sqlText).join(", ")}]`;
  const columns = stream.columns.filter((column) => !column.scope);
  const hasDoubles = landed.every(({ plainRows }) => plainRows?.hasBareNumbers);
  try {
    const [file] = landed;
    const read =
      stream.format === "csv"
        ? readCsv(columns, list, file?.header ?? [])
        : readList(columns, list, hasDoubles);
    const cell = (column: Column) => `answer.${sqlName(column.name)}`;
    return {
      relation: `${read} as answer`,
      text: cell,
      json: cell,
      isPlain: true,
      double: hasDoubles ? cell : undefined,
      file: `answer."_unpacked"`,
      nameOf: ({ path }) => paths.get(path) ?? "",
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

const isNumber = ({ kind }: Column): boolean => kind === "quantity" || kind === "amount" || kind === "rate";

/** Lists, one a file. */
function readList(columns: readonly Column[], paths: string, hasDoubles: boolean): string {
  const types = new Map(
    columns.map((column) => [fieldOf(column), hasDoubles && isNumber(column) ? "double" : "varchar"]),
  );
  const fields = [...types].map(([field, type]) => `${sqlName(field)}: '${type}'`);
  const selects = columns.map((column) => `${sqlName(fieldOf(column))} as ${sqlName(column.name)}`);
  return `(
    select ${selects.join(", ")}, "_unpacked"
    from read_json(${paths}, columns = {${fields.join(", ")}}, records = true, format = 'array',
      compression = 'uncompressed', maximum_object_size = ${longestPlainRow}, filename = '_unpacked')
  )`;
}

function readCsv(columns: readonly Column[], paths: string, header: readonly string[]): string {
  const selects = columns.map((column) => {
    const index = headerIndex(column, header);
    return `${index === -1 ? "null::varchar" : `c${index}`} as ${sqlName(column.name)}`;
  });
  return `(
    select ${selects.join(", ")}, "_unpacked"
    from read_csv(${paths}, ${csvOptions(header)}, compression = 'none', filename = '_unpacked')
  )`;
}
