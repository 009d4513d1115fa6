import { z } from "zod";
import { ConfigError } from "../errors/config-error.ts";
import { type HeaderColumn, headerColumns, oneLine, parseHeader, splitSqlFile } from "../sql-header.ts";

const severity = z.enum(["error", "warn"]).default("error");
const names = z.array(z.string().min(1)).min(1);

const column = z.string().min(1);
const bound = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)]).transform(String);

const modelTest = z.union([
  z.strictObject({ not_null: names, severity }),
  z.strictObject({
    accepted_values: z.strictObject({ column, values: z.array(z.string()).min(1) }),
    severity,
  }),
  /** Every value of the column is one of `to` in another model. */
  z.strictObject({
    relationship: z.strictObject({ column, model: z.string().min(1), to: column }),
    severity,
  }),
  /** Every value of the column is within the bounds, which are part of the range. */
  z.strictObject({
    range: z
      .strictObject({ column, min: bound.optional(), max: bound.optional() })
      .refine(({ min, max }) => min !== undefined || max !== undefined, "a range has min, max or both"),
    severity,
  }),
  /** The latest value of the column, a time, is not older than that; a table without rows has no age. */
  z.strictObject({
    freshness: z.strictObject({ column, within: z.string().regex(/^\d+ (hours?|days?)$/) }),
    severity,
  }),
]);

/** A table to follow: by its column of the same name, or by two that hold the first and the last of a row's days. */
const followed = z.union([
  z
    .string()
    .min(1)
    .transform((name) => ({ name, span: null })),
  z
    .record(z.string(), z.tuple([column, column]))
    .refine((spans) => Object.keys(spans).length === 1, "name one table, with its two columns")
    .transform((spans) => {
      const [[name, span] = ["", null]] = Object.entries(spans);
      return { name, span };
    }),
]);

/**
 * That the rows of a day follow from the rows of that day in the tables named, or of so many days up to it, and from
 * all of every other table.
 */
const incremental = z.strictObject({
  by: column,
  /** Of what the column holds the first day. */
  each: z.enum(["day", "month"]).default("day"),
  follows: z.array(followed).min(1),
  looks_back: z
    .string()
    .regex(/^\d+ days?$/)
    .transform((text) => Number.parseInt(text, 10))
    .optional(),
});

const modelHeader = z.strictObject({
  description: z.string().min(1),
  grain: names,
  columns: z.record(z.string(), z.string().min(1)),
  tests: z.array(modelTest).default([]),
  materialized: z.enum(["view", "table"]).optional(),
  incremental: incremental.optional(),
});

/** Of a test: that a day's rows fail or pass whatever the tables named, which are all that it reads, hold of others. */
const testedByDay = z.strictObject({ by: column, follows: names });

const testHeader = z.strictObject({
  description: z.string().min(1),
  severity,
  incremental: testedByDay.optional(),
});

/** What a test in a model's header claims of the table. */
export type HeaderTest = z.infer<typeof modelTest>;

/** A table that a model follows by day. */
export interface Followed {
  name: string;
  /** Its columns with the first and the last day of each row; null where it has one column, called as the model's. */
  span: readonly [from: string, to: string] | null;
}

/** How a model's rows are bound to days. */
export interface Incremental {
  /** The column that holds the day. */
  by: string;
  /** The tables whose rows of a day are all of theirs that the day rests on. */
  follows: readonly Followed[];
  /** Whether a row is of a day, or of the month that begins with it. */
  each: "day" | "month";
  /** How many of the days before it the day rests on, too. */
  looksBackDays: number;
  /** The line of the file that declares it. */
  line: number;
}

export interface ModelHeader {
  description: string;
  grain: string[];
  /** Each with the line of the file that declares it. */
  columns: HeaderColumn[];
  /** The line of `columns:`, where a missing one belongs. */
  columnsLine: number;
  tests: HeaderTest[];
  materialized: "view" | "table" | undefined;
  /** Null where the model is always made as a whole. */
  incremental: Incremental | null;
}

export interface TestHeader {
  description: string;
  severity: "error" | "warn";
  /** Null where every row is always looked at. */
  incremental: Incremental | null;
}

const modelTakes =
  "A header has description, grain, columns and, if wanted, tests, materialized and incremental.";
const testTakes = "The header of a test has a description and, if wanted, severity and incremental.";

/**
 * Reads the comment that leads a model's file: YAML that says what the table means.
 *
 * @throws ConfigError that names the file and the line
 */
export function parseModelFile(text: string, file: string): { header: ModelHeader; sql: string } {
  const { yaml, sql } = splitSqlFile(text, file);
  const parsed = parseHeader(yaml, file, modelHeader, modelTakes);
  const { data, lineOf } = parsed;
  const header: ModelHeader = {
    ...data,
    columns: headerColumns(parsed),
    description: oneLine(data.description),
    columnsLine: lineOf(["columns"]),
    materialized: data.materialized,
    incremental: data.incremental
      ? {
          by: data.incremental.by,
          each: data.incremental.each,
          follows: data.incremental.follows,
          looksBackDays: data.incremental.looks_back ?? 0,
          line: lineOf(["incremental"]),
        }
      : null,
  };
  const declared = new Set(header.columns.map(({ name }) => name));
  const used = [
    ...header.grain,
    ...header.tests.flatMap(testColumns),
    ...(data.incremental ? [data.incremental.by] : []),
  ];
  const unknown = used.find((name) => !declared.has(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `${file}:${header.columnsLine}: the grain or a test names ${unknown}, which is no column.`,
      {
        hint: "Describe that column under columns, or mend its spelling.",
      },
    );
  }
  return { header, sql };
}

/**
 * Reads a file of sql/tests: a header with description and severity, then a query for the offending rows.
 *
 * @throws ConfigError that names the file and the line
 */
export function parseTestFile(text: string, file: string): { header: TestHeader; sql: string } {
  const { yaml, sql } = splitSqlFile(text, file);
  const { data, lineOf } = parseHeader(yaml, file, testHeader, testTakes);
  const incremental = data.incremental
    ? {
        by: data.incremental.by,
        each: "day" as const,
        follows: data.incremental.follows.map((name) => ({ name, span: null })),
        looksBackDays: 0,
        line: lineOf(["incremental"]),
      }
    : null;
  return { header: { ...data, description: oneLine(data.description), incremental }, sql };
}

/** The columns that a header's test speaks of. */
export function testColumns(test: HeaderTest): string[] {
  if ("not_null" in test) return test.not_null;
  if ("accepted_values" in test) return [test.accepted_values.column];
  if ("relationship" in test) return [test.relationship.column];
  return ["range" in test ? test.range.column : test.freshness.column];
}
