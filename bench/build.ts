/**
 * How long a build takes beside the same SQL run bare in DuckDB, and a night's beside a full one.
 *
 *     npm run bench:build -- [--vms 5000] [--days 1826] [--projects 100] [--pairs 3] [--threads 2]
 */
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BuildTask } from "./build-task.ts";
import { inOwnProcess, type Measured, machine, median } from "./measured.ts";

const targets = { fullMs: 15_000, nightMs: 2_000, peakMb: 1_536, ratio: 1.1 };

const { values } = parseArgs({
  options: {
    vms: { type: "string", default: "5000" },
    days: { type: "string", default: "1826" },
    projects: { type: "string", default: "100" },
    pairs: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
  },
});
const size = { vms: Number(values.vms), days: Number(values.days), projects: Number(values.projects) };
const pairs = Math.max(1, Number(values.pairs));

const line = (text = "") => void process.stdout.write(`${text}\n`);
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

const base = await mkdtemp(join(tmpdir(), "tally-bench-build-"));
const run = (kind: BuildTask["kind"], root: string, isNightLater = false): Promise<Measured> => {
  const task: BuildTask = { kind, root, size, threads: Number(values.threads), isNightLater };
  return inOwnProcess(task, "./build-task.js");
};

/** Does work in a copy of the organisation as it was read, of which nothing was built. */
async function inCopy<T>(work: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), "tally-bench-build-"));
  try {
    await cp(join(base, "read"), root, { recursive: true });
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Pair {
  full: Measured;
  bare: Measured;
  unchanged: Measured;
  night: Measured;
  nightInFull: Measured;
  publish: Measured;
}

async function runPair(isBareFirst: boolean): Promise<Pair> {
  const bareFirst = isBareFirst ? await inCopy((root) => run("bare", root)) : null;
  const ours = await inCopy(async (root) => {
    const full = await run("build", root);
    const unchanged = await run("build", root);
    await run("night", root);
    return {
      full,
      unchanged,
      night: await run("build", root, true),
      publish: await run("publish", root, true),
    };
  });
  const bare = bareFirst ?? (await inCopy((root) => run("bare", root)));
  const nightInFull = await inCopy(async (root) => {
    await run("night", root);
    return run("bare", root, true);
  });
  const isSame = (a: Measured, b: Measured) => a.rows === b.rows && a.quantity === b.quantity;
  if (!isSame(ours.full, bare) || !isSame(ours.night, nightInFull)) {
    throw new Error("The runner and the bare SQL did not come to the same tables.");
  }
  return { ...ours, bare, nightInFull };
}

try {
  line(machine());
  line(
    `${size.vms} VMs, ${size.days} days, ${size.projects} projects; ${values.threads} threads, memory_limit 384MB`,
  );
  line();
  await mkdir(join(base, "read"));
  await run("prepare", join(base, "read"));
  const results: Pair[] = [];
  for (let pair = 0; pair < pairs; pair++) results.push(await runPair(pair % 2 === 1));

  line(`${"".padEnd(38)}${"elapsed".padStart(10)}${"processor".padStart(11)}${"peak".padStart(10)}`);
  const row = (name: string, of: keyof Pair) => {
    const runs = results.map((pair) => pair[of]);
    const peak = `${Math.round(Math.max(...runs.map(({ peakMb }) => peakMb)))} MB`;
    line(
      `${name.padEnd(38)}${seconds(median(runs.map(({ elapsedMs }) => elapsedMs))).padStart(10)}${seconds(median(runs.map(({ cpuMs }) => cpuMs))).padStart(11)}${peak.padStart(10)}`,
    );
  };
  row("full build", "full");
  row("the same SQL bare", "bare");
  row("build with nothing new", "unchanged");
  row("build after a night", "night");
  row("the same SQL bare after a night", "nightInFull");
  row("publishing it", "publish");
  line();

  const elapsed = (of: keyof Pair) => median(results.map((pair) => pair[of].elapsedMs));
  const ratioOf = (a: keyof Pair, b: keyof Pair) =>
    median(results.map((pair) => pair[a].elapsedMs / pair[b].elapsedMs));
  const judged: { name: string; is: number; most: number | null; shown: (value: number) => string }[] = [
    { name: "full build", is: elapsed("full"), most: targets.fullMs, shown: seconds },
    { name: "build after a night", is: elapsed("night"), most: targets.nightMs, shown: seconds },
    {
      name: "memory",
      is: Math.max(...results.flatMap(({ full, night }) => [full.peakMb, night.peakMb])),
      most: targets.peakMb,
      shown: (mb) => `${Math.round(mb)} MB`,
    },
    {
      name: "full build / bare",
      is: ratioOf("full", "bare"),
      most: targets.ratio,
      shown: (x) => x.toFixed(2),
    },
    { name: "night / full build", is: ratioOf("night", "full"), most: null, shown: (x) => x.toFixed(2) },
  ];
  for (const { name, is, most, shown } of judged) {
    const verdict = most === null ? "" : `, target ${shown(most)}: ${is <= most ? "met" : "MISSED"}`;
    line(`${name}: ${shown(is)}${verdict}`);
  }
  process.exitCode = judged.every(({ is, most }) => most === null || is <= most) ? 0 : 1;
} finally {
  await rm(base, { recursive: true, force: true });
}
