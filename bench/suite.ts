/**
 * Every case beside its rival, in one run: prints a table, and writes bench/results.md. See bench/README.md.
 *
 *     npm run bench -- [--rows 1e6,1e7,5e7] [--cases load,build:1e6,history,commands,dlt,dbt] [--pairs 1] [--no-write] [--add]
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildCase, historyCase } from "./cases/build.ts";
import { commandsCase } from "./cases/commands.ts";
import { dbtCase } from "./cases/dbt.ts";
import { dltCase } from "./cases/dlt.ts";
import { loadCase } from "./cases/load.ts";
import { machine } from "./measured.ts";
import type { Outcome, Skipped, SuiteOptions } from "./outcome.ts";
import { repository } from "./repository.ts";
import { Skip } from "./skip.ts";

interface Case {
  run: (options: SuiteOptions) => Promise<Outcome[]>;
  /** Whether it says more when there is more of it; the others are run once. */
  grows: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  load: { run: loadCase, grows: true },
  build: { run: buildCase, grows: true },
  history: { run: historyCase, grows: true },
  commands: { run: commandsCase, grows: false },
  dlt: { run: dltCase, grows: false },
  dbt: { run: dbtCase, grows: true },
};

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1e6,1e7,5e7" },
    cases: { type: "string", default: Object.keys(cases).join(",") },
    pairs: { type: "string", default: "1" },
    "no-write": { type: "boolean", default: false },
    // Keeps what results.md holds of other runs.
    add: { type: "boolean", default: false },
  },
});
const sizes = values.rows.split(",").map(Number);
/** What is run: each case with its own size, where it names one such as load:1e7, else with those of --rows. */
const runs = values.cases.split(",").flatMap((text) => {
  const [name = "", own] = text.trim().split(":");
  const found = cases[name];
  const wanted = own === undefined ? (found?.grows ? sizes : sizes.slice(0, 1)) : [Number(own)];
  if (!found || wanted.some((size) => !(size >= 1000))) {
    throw new Error(`--cases are of ${Object.keys(cases).join(", ")}, and rows are numbers such as 1e6.`);
  }
  return wanted.map((rows) => ({ name, rows, ...found }));
});

const outcomes: Outcome[] = [];
const skipped: Skipped[] = [];
const results = join(repository, "bench", "results.md");
// As the machine is before anything is measured on it.
const begun = `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, ${machine()}`;
const before = values.add
  ? await readFile(results, "utf8")
  : "# What was measured\n\n`npm run bench` writes this file; README.md beside it says what is measured, and how.\n";
for (const { name, rows, grows, run } of runs) {
  const size = grows ? `, ${rows.toLocaleString("en-US")} rows` : "";
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${name}${size}\n`);
  try {
    outcomes.push(...(await run({ rows, pairs: Math.max(1, Number(values.pairs)) })));
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    skipped.push({ name, reason: error.message });
  }
  // After each, since all of them take hours: what was measured is not lost with what comes after it.
  if (!values["no-write"]) await writeFile(results, `${before}\n${shown()}`);
}
process.stdout.write(shown());
process.exitCode = outcomes.every(({ judged }) => judged === null || judged.isMet) ? 0 : 1;

/** What was measured, as a part of results.md. */
function shown(): string {
  const heads = ["case", "what", "tally", "rival", "figure", "target", ""];
  const rows = outcomes.map(({ name, what, tally, rival, judged }) => [
    ...[name, what, tally, rival, judged?.shown ?? "", judged?.target ?? ""],
    !judged?.target ? "" : judged.isMet ? "met" : "MISSED",
  ]);
  const lines = [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [
    `## ${begun}`,
    "",
    ...lines,
    ...(skipped.length > 0
      ? ["", ...skipped.map(({ name, reason }) => `- ${name} was not run: ${reason}`)]
      : []),
    "",
  ].join("\n");
}
