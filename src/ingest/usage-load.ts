import { sqlText } from "../warehouse.ts";
import type { ScopeSql } from "./column-sql.ts";
import { noCounts } from "./diff.ts";
import type { Load, Loaded } from "./load.ts";
import type { UsageScope } from "./units.ts";

export interface UsageLoad extends Load {
  usage: UsageScope;
}

export interface LoadedUsage extends Loaded {
  /** How many rows were read of each project. */
  rowsOf: RowsOf;
}

export type RowsOf = ReadonlyMap<string | null, number>;

/** The rows have to be read with more care: a key came twice, or something can't be read. */
export class NeedsCare extends Error {}

export const nothingLoaded = (): LoadedUsage => ({
  counts: { ...noCounts },
  doubt: null,
  isOdd: false,
  quarantined: 0,
  first: null,
  rowsOf: new Map(),
});

/** What the rows of a load do not repeat. */
export const scopeOf = ({ unit }: UsageLoad): ScopeSql => ({
  account: "null::varchar",
  organization: unit.organizationId === null ? "null::varchar" : `${sqlText(unit.organizationId)}::varchar`,
  project: "null::varchar",
  from: "null::date",
  to: "null::date",
});

/** What was read, clipped to the unit's days and projects. A day that can't be read is refused by the table. */
export function clippedSql({ usage }: UsageLoad, rowsSql: string): string {
  const { from, to } = usage.window;
  return `
    select *
    from (${rowsSql})
    where coalesce(usage_date between ${sqlText(from)}::date and ${sqlText(to)}::date, true)
      and ${isOwnProject("project_id", usage)}`;
}

export const inList = (expression: string, texts: readonly string[]): string =>
  texts.length > 0 ? `coalesce(${expression}, '') in (${texts.map(sqlText).join(", ")})` : "false";

/** Whether a row is not of a project that another unit of the same days reads. */
export const isOwnProject = (expression: string, { otherProjects }: UsageScope): string =>
  `not ${inList(expression, otherProjects)}`;

/** Which known rows, as `known`, are of the load's days and projects. */
export function knownSql({ unit, usage }: UsageLoad): string {
  return [
    `known.organization_id is not distinct from ${unit.organizationId === null ? "null" : sqlText(unit.organizationId)}`,
    `known.usage_date between ${sqlText(usage.window.from)}::date and ${sqlText(usage.window.to)}::date`,
    isOwnProject("known.project_id", usage),
  ].join(" and ");
}
