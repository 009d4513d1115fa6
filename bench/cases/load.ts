import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareInserts } from "../bare-insert.ts";
import { landUsage } from "../landed-usage.ts";
import { inOwnProcess, measured, median } from "../measured.ts";
import { atLeast, atMost, megabytes, type Outcome, type SuiteOptions, timed, times } from "../outcome.ts";
import type { Task } from "../task.ts";

const leastSpeed = 0.9;
/** Ten million rows are to fit into 700 MB, and fifty into 2 GB. */
const mostMb = (rows: number) => (rows <= 1e7 ? 700 : 2048);

// What a workspace has where tally.toml says nothing.
const settings = { memoryLimit: "384MB", threads: undefined };

/** Lands and loads usage by resource, beside DuckDB's bare insert of the same files. */
export async function loadCase({ rows, pairs }: SuiteOptions): Promise<Outcome[]> {
  const root = await mkdtemp(join(tmpdir(), "tally-bench-landed-"));
  const data = { rows, months: rows > 1e6 ? 60 : 12 };
  const stream = "resource_usage";
  const what = `${rows.toLocaleString("en-US")} rows of usage by resource, ${data.months} months`;
  try {
    let files: Awaited<ReturnType<typeof landUsage>> = [];
    const landed = await measured(async () => {
      files = await landUsage(root, stream, data);
      return { rows, quantity: "" };
    });
    const bare = bareInserts(stream, root, files).find(({ isBare }) => isBare);
    if (!bare) throw new Error("There is no bare insert.");
    const shared = { root, data, settings };
    const tallyTask: Task = { ...shared, kind: "tally", streams: [{ name: stream, files }], isAgain: false };
    const bareTask: Task = { ...shared, kind: "bare", stream, sql: bare.sql };
    const runs = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Which comes first alternates, so that neither has the quieter half.
      const first = pair % 2 === 0 ? await inOwnProcess(tallyTask) : null;
      const rival = await inOwnProcess(bareTask);
      const tally = first ?? (await inOwnProcess(tallyTask));
      if (tally.rows !== rows || rival.rows !== rows || tally.quantity !== rival.quantity) {
        throw new Error(`They do not hold the same: ${tally.quantity} and ${rival.quantity}.`);
      }
      runs.push({ tally, rival });
    }
    const [one] = runs;
    if (!one) return [];
    const peak = Math.max(...runs.map(({ tally }) => tally.peakMb));
    const speed = median(runs.map(({ tally, rival }) => rival.elapsedMs / tally.elapsedMs));
    return [
      { name: "load", what: `land: ${what}`, tally: timed(landed), rival: "", judged: null },
      {
        name: "load",
        what: `load: ${what}`,
        tally: timed(one.tally),
        rival: `${timed(one.rival)}, bare DuckDB`,
        judged: atLeast(speed, leastSpeed, times),
      },
      {
        name: "load",
        what: `memory of the load: ${what}`,
        tally: megabytes(peak),
        rival: `${megabytes(Math.max(...runs.map(({ rival }) => rival.peakMb)))}, bare DuckDB`,
        judged: atMost(peak, mostMb(rows), megabytes),
      },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
