import { expect, test } from "vitest";
import { refusal, tallyCalls } from "./command-lines.ts";

test("a call is what the shell would give to tally", () => {
  const shell = `
    mkdir costs && npx tally sql --format csv 'select 1 -- "one"' > out.csv   # tally nothing
    30 2 * * *  /usr/local/bin/tally run \\
      --quiet | tee log; echo "tally demo"
    useradd --groups staff tally; docker compose exec tally tally status`;
  expect(tallyCalls(shell)).toEqual([
    ["sql", "--format", "csv", 'select 1 -- "one"'],
    ["run", "--quiet"],
    ["status"],
  ]);
});

test("what the commands don't know is refused, and what they know is not done", () => {
  expect(refusal(["run", "--quiet", "--workspace", "/nowhere"])).toBeUndefined();
  expect(refusal(["--help"])).toBeUndefined();
  expect(refusal(["runs"])).toMatch(/unknown command/);
  expect(refusal(["run", "--fast"])).toMatch(/unknown option '--fast'/);
  expect(refusal(["sql", "--format", "yaml"])).toMatch(/Allowed choices/);
  expect(refusal(["run", "costs"])).toMatch(/too many arguments/);
  expect(refusal(["report", "--month"])).toMatch(/argument missing/);
});
