import { Command } from "commander";
import { TestsFailedError } from "../errors/tests-failed-error.ts";
import { UsageError } from "../errors/usage-error.ts";

interface TestFlags {
  select?: string;
  rows: string;
  json?: boolean;
}

export const testCommand = () =>
  new Command("test")
    .description(
      "Test what was built: each table's grain and what its file claims, and the queries of sql/tests.",
    )
    .option("--select <names>", "run only these tests, or those of these models, joined by commas")
    .option("--rows <number>", "how many of the rows that fail a test are shown", "5")
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ tally test --workspace costs
  $ tally test --select dim_vm,fct_cost_daily.grain --rows 100
  $ tally test --json

Exit codes: 0 no test of severity error failed, 4 one or more did; a failed test of severity warn is only said.`,
    )
    .action(async ({ select, rows, json }: TestFlags, command: Command) => {
      const { withWarehouse, workspaceContext } = await import("./context.ts");
      const { withLock } = await import("../workspace.ts");
      const { testModels } = await import("../models/test.ts");
      const { printTests } = await import("./print-tests.ts");
      const context = workspaceContext(command);
      if (!/^\d{1,6}$/.test(rows)) {
        throw new UsageError(`--rows takes a number such as 5, not ${JSON.stringify(rows)}.`);
      }
      const names = select?.split(",").map((name) => name.trim());
      const results = await withLock(context.workspace, context.effects, "test", () =>
        withWarehouse(context, async (warehouse) => {
          const tested = await testModels(
            { ...context, warehouse },
            names === undefined ? {} : { select: names },
          );
          await printTests({ ...context, warehouse }, tested, {
            format: json ? "json" : "text",
            rows: Number(rows),
          });
          return tested;
        }),
      );
      const errors = results.filter(({ severity, failingRows }) => severity === "error" && failingRows > 0);
      if (errors.length === 0) return;
      throw new TestsFailedError(
        `${errors.length} of ${results.length} data tests failed: ${errors.map(({ name }) => name).join(", ")}.`,
        { hint: "The rows that fail are shown above; --rows shows more of them, --select fewer tests." },
      );
    });
