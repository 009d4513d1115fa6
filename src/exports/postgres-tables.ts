import { sqlName } from "../warehouse.ts";
import { postgresColumn } from "./postgres-types.ts";
import type { PublishedTable } from "./published-tables.ts";

/** A column that a table of the target has. */
export interface TargetColumn {
  name: string;
  type: string;
}

/** @param name the quoted name, with its schema */
export function createTable(name: string, { columns, hasDays }: PublishedTable): string[] {
  const list = columns.map((column) => `${sqlName(column.name)} ${postgresColumn(column.type).type}`);
  return [
    `create table ${name} (${list.join(", ")})`,
    ...(hasDays ? [`create index on ${name} (usage_date)`] : []),
  ];
}

/**
 * What makes a table of the target into one of other columns; nothing where it is one. A column more is added, so that
 * what rests on the table stays; a column less or one of another type takes a new table.
 */
export function reshape(name: string, table: PublishedTable, there: readonly TargetColumn[]): string[] {
  const wanted = new Map(table.columns.map((column) => [column.name, postgresColumn(column.type).type]));
  const isNarrower = there.some((column) => wanted.get(column.name) !== column.type);
  if (isNarrower) return [`drop table ${name}`, ...createTable(name, table)];
  const has = new Set(there.map((column) => column.name));
  return [...wanted]
    .filter(([column]) => !has.has(column))
    .map(([column, type]) => `alter table ${name} add column ${sqlName(column)} ${type}`);
}
