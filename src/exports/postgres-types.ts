/** How a value of a DuckDB type is kept in PostgreSQL: its type there, as format_type() writes it, and its expression. */
export interface PostgresColumn {
  type: string;
  /** The value of the column, given its quoted name. */
  from(column: string): string;
}

const asItIs = (column: string) => column;

const types: Readonly<Record<string, string>> = {
  VARCHAR: "text",
  BOOLEAN: "boolean",
  TINYINT: "smallint",
  SMALLINT: "smallint",
  UTINYINT: "smallint",
  INTEGER: "integer",
  USMALLINT: "integer",
  BIGINT: "bigint",
  UINTEGER: "bigint",
  FLOAT: "real",
  DOUBLE: "double precision",
  DATE: "date",
  UUID: "uuid",
  "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
};

/**
 * The column in PostgreSQL of a column of the published tables. Decimals stay decimals of the same digits; a time, which
 * is UTC there without saying so, becomes a timestamptz, which says so; what PostgreSQL has no like of is JSON as text.
 */
export function postgresColumn(duckdbType: string): PostgresColumn {
  const simple = types[duckdbType];
  if (simple !== undefined) return { type: simple, from: asItIs };
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(duckdbType);
  if (decimal) return { type: `numeric(${decimal[1]},${decimal[2]})`, from: asItIs };
  if (duckdbType === "UBIGINT")
    return { type: "numeric(20,0)", from: (column) => `${column}::decimal(20, 0)` };
  if (duckdbType === "HUGEINT")
    return { type: "numeric(38,0)", from: (column) => `${column}::decimal(38, 0)` };
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(duckdbType)) {
    return {
      type: "timestamp with time zone",
      from: (column) => `${column}::timestamp at time zone 'UTC'`,
    };
  }
  const element = duckdbType.endsWith("[]") ? types[duckdbType.slice(0, -2)] : undefined;
  if (element !== undefined) return { type: `${element}[]`, from: asItIs };
  return { type: "text", from: (column) => `to_json(${column})::varchar` };
}
