import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { Column, ScopeColumn, Stream } from "./streams.ts";

/** Where the values of a row stand as they came, as expressions. */
export interface CellSql {
  text(column: Column): string;
  json(column: Column): string;
  /** Whether no value begins or ends with a quote. */
  isPlain?: boolean;
  /** Numbers as doubles, where they came as such: DuckDB takes long to make texts of them. */
  double?: ((column: Column) => string) | undefined;
}

/** What an answer does not repeat, as expressions. */
export type ScopeSql = Readonly<Record<ScopeColumn, string>>;

/** Makes the macros that the expressions below call; they last as long as the connection. */
export async function defineMacros(warehouse: Warehouse): Promise<void> {
  await warehouse.run(
    `create or replace temp macro unquoted(t) as
       nullif(
         case
           when starts_with(t, '"') and ends_with(t, '"') and length(t) > 1 then substr(t, 2, length(t) - 2)
           else t
         end,
         ''
       );
     -- The zero of a clock, such as 0001-01-01T00:00:00Z, is how many servers write that there is no time.
     create or replace temp macro unless_zero(t) as case when t >= timestamp '1970-01-02' then t end;
     -- A double as the decimal that its text reads as, to the last digit. Making and reading that text takes ten
     -- times as long as rounding does, which ends in the same unless what is cut off is within the error of a
     -- half: of a double and a product, by no more than 2^-52 of it, or 2.3e-4 * d in units of the last digit.
     create or replace temp macro decimal_of_double(d) as
       case
         when abs(d) < 1000 and abs(d * 1e12 - floor(d * 1e12) - 0.5) > abs(d) * 3e-4
           then d::decimal(18,12)::decimal(28,12)
         else d::varchar::decimal(28,12)
       end`,
  );
}

/** How a strict value that can't be read is met: the load fails, or the value is null. */
export type Cast = "cast" | "try_cast";

/** The columns of a stream as typed expressions over its cells, in order and named. */
export function columnSelects(stream: Stream, cells: CellSql, scope: ScopeSql, cast: Cast): string[] {
  return stream.columns.map(
    (column) => `${valueSql(stream, column, cells, scope, cast)} as ${sqlName(column.name)}`,
  );
}

function valueSql(stream: Stream, column: Column, cells: CellSql, scope: ScopeSql, cast: Cast): string {
  if (column.scope) return scope[column.scope];
  const text = cells.text(column);
  const number = () => (cells.double ? `decimal_of_double(${cells.double(column)})` : decimal(text, cast));
  const bare = (value: string) => (cells.isPlain ? `nullif(${value}, '')` : `unquoted(${value})`);
  switch (column.kind) {
    case "size":
    case "text": {
      const fallback = stream.columns.find((other) => other.name === column.orElse);
      return fallback ? `coalesce(${bare(text)}, ${bare(cells.text(fallback))})` : bare(text);
    }
    case "name": {
      // A name may rightly stand in quotes; only where the id does too are they the answer's own.
      const id = stream.columns.find((other) => other.isKey && !other.scope);
      return id && id !== column && !cells.isPlain
        ? `case when starts_with(${cells.text(id)}, '"') then unquoted(${text}) else nullif(${text}, '') end`
        : `nullif(${text}, '')`;
    }
    case "json":
      return cells.json(column);
    case "list":
      return `list_sort(list_distinct(list_filter(
        list_transform(coalesce(${cast}(${cells.json(column)} as varchar[]), []), lambda t: unquoted(t)),
        lambda t: t is not null
      )))`;
    case "count":
    case "integer":
      return `try_cast(unquoted(${text}) as bigint)`;
    case "boolean":
      return `try_cast(unquoted(${text}) as boolean)`;
    case "timestamp":
      // By way of a time with its zone, since a plain TIMESTAMP would leave an offset out of account.
      return `unless_zero(try_cast(unquoted(${text}) as timestamptz)::timestamp)`;
    case "date":
      return `unless_zero(try_cast(unquoted(${text}) as date))`;
    case "day":
      return `${cast}(${bare(text)} as date)`;
    case "quantity":
      // In JSON, a zero may be left out; in a table, a cell may not be empty. Read strictly, the table refuses both.
      return stream.format === "json" && cast === "try_cast"
        ? `case when ${text} is null then 0 else ${number()} end`
        : number();
    case "amount":
    case "rate":
      if (cells.double) return number();
      return `case when ${text} is null or trim(${text}, ' "') = '' then null else ${decimal(text, cast)} end`;
  }
}

/** DuckDB reads a text as a wide decimal a hundred times slower than as a narrow one, which nearly all fit. */
const decimal = (text: string, cast: Cast): string =>
  `coalesce(try_cast(${text} as decimal(18,12))::decimal(28,12), ${cast}(trim(${text}, ' "') as decimal(28,12)))`;

/** Whether a row must have this value to be of use. */
const isNeeded = (stream: Stream, column: Column): boolean =>
  column.kind === "day" ||
  (stream.history !== "usage" && column.isKey === true && column.isRequired !== false && !column.scope);

/**
 * For each row the first thing about it that can't be read, as a struct of the field, the reason, and whether
 * the row is of no use for it; null where all of it can. What is merely odd, such as a size that is a word, is
 * read again and then taken as null. The reason never quotes the value, which may be anything.
 */
export function misreadSql(stream: Stream, cells: CellSql, rowKind: string | null): string {
  const fields = stream.columns.filter((each) => !each.scope);
  const branches = [
    ...(rowKind === null
      ? []
      : [
          {
            when: `coalesce(${rowKind}, 'NULL') <> 'OBJECT'`,
            field: "",
            reason: "is no object",
            isFatal: true,
          },
        ]),
    ...fields.flatMap((column) => fatalBranches(stream, column, cells, rowKind !== null)),
    ...fields.flatMap((column) => oddBranches(stream, column, cells)),
  ];
  const cases = branches.map(
    ({ when, field, reason, isFatal }) =>
      `when ${when} then {'field': ${sqlText(field)}, 'reason': ${sqlText(reason)}, 'is_fatal': ${isFatal}}`,
  );
  return `case ${cases.join(" ")} end`;
}

interface Branch {
  when: string;
  field: string;
  reason: string;
  isFatal: boolean;
}

function fatalBranches(stream: Stream, column: Column, cells: CellSql, isJson: boolean): Branch[] {
  const field = column.from ?? column.name;
  const text = cells.text(column);
  const value = valueSql(stream, column, cells, noScope, "try_cast");
  const found: [when: string, reason: string][] = [];
  if (isJson && (column.isKey || column.isRequired) && column.kind !== "json") {
    const kind = `json_type(${cells.json(column)})`;
    found.push([`coalesce(${kind} in ('OBJECT', 'ARRAY'), false)`, "is an object or a list"]);
  }
  if (column.kind === "list") {
    found.push([`coalesce(json_type(${cells.json(column)}) <> 'ARRAY', false)`, "is no list"]);
  }
  if (column.kind === "quantity" || column.kind === "amount" || column.kind === "rate") {
    const isLeftOut = `coalesce(trim(${text}, ' "'), '') = ''`;
    if (stream.format === "csv") found.push([isLeftOut, "is missing"]);
    found.push([`${text} is not null and ${value} is null and not ${isLeftOut}`, "is no number"]);
    if (column.kind === "quantity") found.push([`${value} is null`, "is no number"]);
  }
  if (isNeeded(stream, column)) {
    found.push([`unquoted(${text}) is null`, "is missing"]);
    found.push([`${value} is null`, column.kind === "day" ? "is no date" : "can't be read"]);
  }
  return found.map(([when, reason]) => ({ when, field, reason, isFatal: true }));
}

function oddBranches(stream: Stream, column: Column, cells: CellSql): Branch[] {
  const field = column.from ?? column.name;
  const text = cells.text(column);
  const found: [when: string, reason: string][] = [];
  if (column.isPromised || (column.kind === "quantity" && stream.format === "json")) {
    found.push([`${text} is null`, "is missing"]);
  }
  if (column.kind === "integer" || column.kind === "count") {
    const value = valueSql(stream, column, cells, noScope, "try_cast");
    found.push([`unquoted(${text}) is not null and ${value} is null`, "is no number"]);
  }
  if (column.kind === "size") {
    found.push([`unquoted(${text}) is not null and not regexp_matches(${text}, '[0-9]')`, "is no size"]);
  }
  return found.map(([when, reason]) => ({ when, field, reason, isFatal: false }));
}

const noScope: ScopeSql = {
  account: "null",
  organization: "null",
  project: "null",
  from: "null",
  to: "null",
};

/** The value by which two versions of a row are told apart. */
export function comparedSql(column: Column, table: string): string {
  const value = `${table}.${sqlName(column.name)}`;
  if (column.kind !== "json") return value;
  // The order of a list, and when a part of it was last touched, are no change.
  const parts = `list_sort(json_extract(${value}, '$[*]'))::varchar`;
  return `case json_type(${value})
    when 'ARRAY' then regexp_replace(${parts}, '"updated_at":"[^"]*"', '', 'g')
    else ${value}::varchar
  end`;
}
