import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { RowSource } from "./row-source.ts";
import type { Column, Stream, StreamScope } from "./streams.ts";

/** Makes the macro that the expressions below call; it lasts as long as the connection. */
export async function defineMacros(warehouse: Warehouse): Promise<void> {
  await warehouse.run(
    `create or replace temp macro unquoted(t) as
       nullif(
         case
           when starts_with(t, '"') and ends_with(t, '"') and length(t) > 1 then substr(t, 2, length(t) - 2)
           else t
         end,
         ''
       )`,
  );
}

/** The columns of a stream as typed expressions over a source, in order and named. */
export function columnSelects(stream: Stream, source: RowSource, scope: StreamScope): string[] {
  const id = stream.columns.find((column) => column.isKey && !column.scope);
  return stream.columns.map(
    (column) => `${valueSql(stream, column, source, scope, id)} as ${sqlName(column.name)}`,
  );
}

function valueSql(
  stream: Stream,
  column: Column,
  source: RowSource,
  scope: StreamScope,
  id: Column | undefined,
): string {
  if (column.scope) {
    const value = column.scope === "organization" ? scope.organizationId : scope.projectId;
    return value === null ? "null::varchar" : `${sqlText(value)}::varchar`;
  }
  const text = source.text(column);
  switch (column.kind) {
    case "text": {
      const fallback = stream.columns.find((other) => other.name === column.orElse);
      return fallback
        ? `coalesce(unquoted(${text}), unquoted(${source.text(fallback)}))`
        : `unquoted(${text})`;
    }
    case "name":
      // A name may rightly stand in quotes; only where the id does too are they the answer's own.
      return id
        ? `case when starts_with(${source.text(id)}, '"') then unquoted(${text}) else nullif(${text}, '') end`
        : `nullif(${text}, '')`;
    case "json":
      return source.json(column);
    case "list":
      return `list_sort(list_distinct(list_filter(
        list_transform(coalesce(cast(${source.json(column)} as varchar[]), []), lambda t: unquoted(t)),
        lambda t: t is not null
      )))`;
    case "integer":
      return `try_cast(unquoted(${text}) as bigint)`;
    case "boolean":
      return `try_cast(unquoted(${text}) as boolean)`;
    case "timestamp":
      // By way of a time with its zone, since a plain TIMESTAMP would leave an offset out of account.
      return `try_cast(unquoted(${text}) as timestamptz)::timestamp`;
    case "date":
      return `try_cast(unquoted(${text}) as date)`;
    case "day":
      return dayText(text, "cast");
    case "quantity":
      return quantityText(stream, text, "cast");
  }
}

type Cast = "cast" | "try_cast";

const dayText = (text: string, cast: Cast): string => `${cast}(unquoted(${text}) as date)`;

const quantityText = (stream: Stream, text: string, cast: Cast): string => {
  const number = `${cast}(trim(${text}, ' "') as decimal(28,12))`;
  // In JSON, a zero may be left out; in a table, a cell may not be empty.
  return stream.format === "json" ? `case when ${text} is null then 0 else ${number} end` : number;
};

/** For each strict column of a stream, an expression that is null where the value can't be read. */
export function strictChecks(
  stream: Stream,
  source: RowSource,
): { column: Column; text: string; readable: string }[] {
  return stream.columns.flatMap((column) => {
    const text = () => source.text(column);
    if (column.kind === "day") return [{ column, text: text(), readable: dayText(text(), "try_cast") }];
    if (column.kind === "quantity") {
      return [{ column, text: text(), readable: quantityText(stream, text(), "try_cast") }];
    }
    return [];
  });
}

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
