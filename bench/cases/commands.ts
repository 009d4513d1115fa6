import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../measured.ts";
import { atMost, type Outcome, type SuiteOptions, seconds, timed } from "../outcome.ts";
import { repository } from "../repository.ts";
import { type Spawned, spawned } from "../spawned.ts";

const mostDemoMs = 10_000;
const mostVersionMs = 80;

const cli = join(repository, "dist", "cli.js");
const tally = (...args: string[]): Promise<Spawned> => spawned(process.execPath, [cli, ...args]);

/** The median of several runs of each, one after the other in turn. */
async function inTurn(
  times: number,
  ours: () => Promise<Spawned>,
  theirs: () => Promise<Spawned>,
): Promise<{ tally: Spawned; rival: Spawned; differenceMs: number }> {
  const runs: { tally: Spawned; rival: Spawned }[] = [];
  for (let run = 0; run < times; run++) runs.push({ rival: await theirs(), tally: await ours() });
  const [first] = runs.toSorted((a, b) => a.tally.elapsedMs - b.tally.elapsedMs).slice(Math.floor(times / 2));
  if (!first) throw new Error("Nothing was run.");
  return {
    ...first,
    differenceMs: median(runs.map((run) => run.tally.elapsedMs - run.rival.elapsedMs)),
  };
}

const milliseconds = (ms: number): string => `${Math.round(ms)} ms`;

/** The demo, and what commands cost on what it leaves. */
export async function commandsCase(_options: SuiteOptions): Promise<Outcome[]> {
  const root = await mkdtemp(join(tmpdir(), "tally-bench-commands-"));
  const workspace = join(root, "demo");
  try {
    const demo = await tally("demo", workspace);
    const report = await tally("report", "--workspace", workspace);
    const bare = () => spawned(process.execPath, ["-e", "0"]);
    const version = await inTurn(9, () => tally("--version"), bare);
    const analytics = JSON.stringify(join(workspace, "data", "analytics.duckdb"));
    const query = "select count(*) from dim_project";
    const script = `
      const { DuckDBInstance } = require("@duckdb/node-api");
      DuckDBInstance.create(${analytics}, { access_mode: "READ_ONLY" })
        .then((instance) => instance.connect())
        .then((connection) => connection.runAndReadAll(${JSON.stringify(query)}))
        .then((rows) => console.log(rows.getRowsJson()));`;
    const sql = await inTurn(
      5,
      () => tally("sql", "--workspace", workspace, query),
      () => spawned(process.execPath, ["-e", script], { cwd: repository }),
    );
    return [
      {
        name: "commands",
        what: "tally demo, from the command to the path of the page",
        tally: timed(demo),
        rival: "",
        judged: atMost(demo.elapsedMs, mostDemoMs, seconds),
      },
      { name: "commands", what: "tally report, on the demo", tally: timed(report), rival: "", judged: null },
      {
        name: "commands",
        what: "tally --version, above bare node",
        tally: milliseconds(version.tally.elapsedMs),
        rival: `${milliseconds(version.rival.elapsedMs)}, node -e 0`,
        judged: atMost(version.differenceMs, mostVersionMs, milliseconds),
      },
      {
        name: "commands",
        what: "tally sql, one query in its sandbox",
        tally: milliseconds(sql.tally.elapsedMs),
        rival: `${milliseconds(sql.rival.elapsedMs)}, DuckDB's client alone`,
        judged: null,
      },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
