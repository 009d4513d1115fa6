import type { ModelContext } from "../models/context.ts";
import { readFailingRows } from "../models/test.ts";
import type { TestResult } from "../models/test-results.ts";
import { printable } from "../printable.ts";
import { printRows } from "../query/format.ts";

export interface PrintOptions {
  format: "text" | "json";
  /** How many of the rows that fail each test are shown. */
  rows: number;
}

/** Prints what failed, how many rows, the first of them, and the query that shows them all. */
export async function printTests(
  context: Pick<ModelContext, "effects" | "warehouse">,
  results: readonly TestResult[],
  options: PrintOptions,
): Promise<void> {
  if (options.format === "json") await printJson(context, results, options.rows);
  else await printText(context, results, options.rows);
}

async function printText(
  context: Pick<ModelContext, "effects" | "warehouse">,
  results: readonly TestResult[],
  limit: number,
): Promise<void> {
  const { stdout } = context.effects;
  const failed = results.filter(({ failingRows }) => failingRows > 0);
  for (const result of failed) {
    const { name, severity, failingRows, query } = result;
    stdout.write(`${severity}  ${printable(name)}: ${counted(failingRows, "row")}\n\n`);
    if (limit > 0) {
      await readFailingRows(context, result, limit, (rows) => printRows(rows, "table", stdout));
      stdout.write("\n");
    }
    const shown = limit < failingRows ? `The other ${counted(failingRows - limit, "row")}` : "The same";
    stdout.write(`${shown} by:\n${indented(printable(query))}\n\n`);
  }
  stdout.write(`${counted(results.length, "test")}: ${results.length - failed.length} passed`);
  for (const severity of ["error", "warn"] as const) {
    const count = failed.filter((result) => result.severity === severity).length;
    if (count > 0) stdout.write(`, ${count} failed (${severity})`);
  }
  stdout.write("\n");
}

async function printJson(
  context: Pick<ModelContext, "effects" | "warehouse">,
  results: readonly TestResult[],
  limit: number,
): Promise<void> {
  const tests = [];
  for (const result of results) {
    const { name, model, severity, failingRows, query } = result;
    const rows =
      failingRows === 0 || limit === 0
        ? []
        : await readFailingRows(context, result, limit, (found) => found.getRowObjectsJson());
    const status = failingRows === 0 ? "passed" : "failed";
    tests.push({ name, model, severity, status, failing_rows: failingRows, rows, query });
  }
  context.effects.stdout.write(`${JSON.stringify({ tests }, null, 2)}\n`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
