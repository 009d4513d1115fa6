/**
 * How fast tally loads landed files, beside DuckDB's own bare insert of the same bytes: see bench/README.md.
 *
 *     npm run bench:load -- [--rows 1000000] [--months 12] [--pairs 5]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BareInsert, bareInserts } from "./bare-insert.ts";
import { landUsage, type UsageStream, usageStreams } from "./landed-usage.ts";
import { inOwnProcess, type Measured, machine, median } from "./measured.ts";
import type { Task } from "./task.ts";

const target = 0.9;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    months: { type: "string", default: "12" },
    pairs: { type: "string", default: "5" },
  },
});
const data = { rows: Number(values.rows), months: Number(values.months) };
const pairs = Math.max(1, Number(values.pairs));
// What a workspace has where tally.toml says nothing.
const settings = { memoryLimit: "384MB", threads: undefined };

const line = (text = "") => void process.stdout.write(`${text}\n`);
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const mb = (size: number) => `${Math.round(size)} MB`;

async function measureStream(root: string, stream: UsageStream): Promise<boolean> {
  const files = await landUsage(root, stream, data);
  const bytes = files.reduce((sum, file) => sum + file.bodyBytes, 0);
  const shared = { root, data, settings };
  line(
    `${stream}: ${data.rows} rows in ${files.length} landed ${stream === "usage" ? "JSON" : "CSV"} files, ${mb(bytes / 1e6)} unpacked`,
  );

  const inserts = bareInserts(stream, root, files);
  const bare = inserts.find(({ isBare }) => isBare);
  if (!bare) throw new Error("There is no bare insert.");
  const bareTask: Task = { ...shared, kind: "bare", stream, sql: bare.sql };
  const tuned = await bestOf(
    inserts.filter(({ isBare }) => !isBare),
    ({ sql }) => ({ ...shared, kind: "bare", stream, sql }),
  );

  const load = (isAgain: boolean): Task => ({
    ...shared,
    kind: "tally",
    streams: [{ name: stream, files }],
    isAgain,
  });
  const runs: { tally: Measured; again: Measured; bare: Measured; tuned: Measured }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // Which of the two comes first alternates, so that neither has the quieter half of the run.
    const first = pair % 2 === 0 ? await inOwnProcess(load(false)) : null;
    const rival = await inOwnProcess(bareTask);
    const tally = first ?? (await inOwnProcess(load(false)));
    runs.push({
      tally,
      bare: rival,
      tuned: await inOwnProcess(tuned.task),
      again: await inOwnProcess(load(true)),
    });
    if (tally.rows !== data.rows || rival.rows !== data.rows || tally.quantity !== rival.quantity) {
      throw new Error(
        `They do not hold the same: ${tally.rows} rows of ${tally.quantity}, ${rival.rows} of ${rival.quantity}.`,
      );
    }
  }
  const speedBeside = (rival: "bare" | "tuned") =>
    runs.map((run) => run[rival].elapsedMs / run.tally.elapsedMs);
  const isMet = (rival: "bare" | "tuned") => median(speedBeside(rival)) >= target;
  const row = (name: string, each: readonly Measured[]) =>
    line(
      `  ${name.padEnd(34)}${seconds(median(each.map((run) => run.elapsedMs))).padStart(9)}${seconds(median(each.map((run) => run.cpuMs))).padStart(11)}${mb(Math.max(...each.map((run) => run.peakMb))).padStart(10)}`,
    );
  line(`  ${"".padEnd(34)}${"elapsed".padStart(9)}${"processor".padStart(11)}${"peak".padStart(10)}`);
  row(
    "tally, first load",
    runs.map(({ tally }) => tally),
  );
  row(
    "tally, nothing new",
    runs.map(({ again }) => again),
  );
  row(
    "DuckDB, bare insert",
    runs.map((run) => run.bare),
  );
  row(
    "DuckDB, insert tuned by hand",
    runs.map((run) => run.tuned),
  );
  const pairByPair = (rival: "bare" | "tuned") =>
    speedBeside(rival)
      .map((each) => each.toFixed(2))
      .join(" ");
  for (const [rival, name] of [
    ["bare", `the bare insert (${bare.name})`],
    ["tuned", `the best that is tuned (${tuned.name})`],
  ] as const) {
    const verdict = isMet(rival) ? "met" : "MISSED";
    line(
      `  speed beside ${name}: ${median(speedBeside(rival)).toFixed(2)} (pair by pair ${pairByPair(rival)}), target ${target}: ${verdict}`,
    );
  }
  line();
  return isMet("bare") && isMet("tuned");
}

/** The fastest of some inserts, each tried twice, so that a moment's work of something else does not choose. */
async function bestOf(
  inserts: readonly BareInsert[],
  taskOf: (insert: BareInsert) => Task,
): Promise<{ name: string; task: Task }> {
  const tries = [];
  for (const insert of inserts) {
    const task = taskOf(insert);
    try {
      const runs = [await inOwnProcess(task), await inOwnProcess(task)];
      const elapsedMs = Math.min(...runs.map((run) => run.elapsedMs));
      tries.push({ name: insert.name, task, elapsedMs });
      line(`  tried: ${insert.name}: ${seconds(elapsedMs)}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      line(`  tried: ${insert.name}: ${reason.replace(/\s+/g, " ").slice(0, 90)}`);
    }
  }
  const [best] = tries.sort((a, b) => a.elapsedMs - b.elapsedMs);
  if (!best) throw new Error("No insert that is tuned by hand could load the files.");
  return best;
}

const root = await mkdtemp(join(tmpdir(), "tally-bench-landed-"));
try {
  line(machine());
  line();
  const results: boolean[] = [];
  for (const stream of usageStreams) results.push(await measureStream(root, stream));
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  await rm(root, { recursive: true, force: true });
}
