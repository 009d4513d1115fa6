import { cp, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workspaceAt } from "../../src/workspace.ts";
import type { BuildTask } from "../build-task.ts";
import { inOwnProcess, type Measured, median } from "../measured.ts";
import type { OrganizationSize } from "../organization-data.ts";
import { atMost, megabytes, type Outcome, type SuiteOptions, seconds, timed, times } from "../outcome.ts";

const mostBesideBare = 1.1;
/** The times that a build is to take are said of five years of some 5,000 machines, and of no others. */
const mostFullMs = 15_000;
const mostNightMs = 2_000;
const isAimedAt = ({ vms, days }: OrganizationSize) => vms * days > 8.9e6 && vms * days < 9.2e6;
const mostAfterFiveYears = 1.3;
/** Of a warehouse of up to a gigabyte, and of each that a larger one has. */
const mostPublishMs = (warehouseMb: number) => 3000 * Math.max(1, warehouseMb / 1000);
const oneYear = 365;
const fiveYears = 1826;

/** An organisation with so many rows of usage by resource, over five years. */
export const organizationOf = (rows: number): OrganizationSize => {
  const vms = Math.max(2, Math.round(rows / fiveYears));
  return { vms, days: fiveYears, projects: Math.min(100, Math.max(2, Math.round(vms / 20))) };
};

export const runBuild = (
  kind: BuildTask["kind"],
  root: string,
  size: OrganizationSize,
  isNightLater = false,
): Promise<Measured> => {
  const task: BuildTask = { kind, root, size, threads: 2, isNightLater };
  return inOwnProcess(task, "./build-task.js");
};

/** Does work in a folder of its own that holds the raw tables of an organisation. */
export async function withOrganization<T>(
  size: OrganizationSize,
  work: (copyOf: () => Promise<string>) => Promise<T>,
): Promise<T> {
  const base = await mkdtemp(join(tmpdir(), "tally-bench-build-"));
  const read = join(base, "read");
  let copies = 0;
  try {
    await mkdir(read);
    await runBuild("prepare", read, size);
    return await work(async () => {
      const copy = join(base, `copy-${++copies}`);
      await cp(read, copy, { recursive: true });
      return copy;
    });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

interface Nights {
  full: Measured;
  bare: Measured;
  night: Measured;
  publish: Measured;
  warehouseMb: number;
}

async function buildOnce(
  copyOf: () => Promise<string>,
  size: OrganizationSize,
  isBareFirst: boolean,
): Promise<Nights> {
  const runBare = async () => {
    const root = await copyOf();
    const measured = await runBuild("bare", root, size);
    await rm(root, { recursive: true });
    return measured;
  };
  const bareFirst = isBareFirst ? await runBare() : null;
  const root = await copyOf();
  const full = await runBuild("build", root, size);
  const bare = bareFirst ?? (await runBare());
  if (full.rows !== bare.rows || full.quantity !== bare.quantity) {
    throw new Error("The runner and the bare SQL did not come to the same tables.");
  }
  await runBuild("publish", root, size);
  await runBuild("night", root, size);
  const night = await runBuild("build", root, size, true);
  const publish = await runBuild("publish", root, size, true);
  const { size: bytes } = await stat(workspaceAt(root).warehouse);
  await rm(root, { recursive: true });
  return { full, bare, night, publish, warehouseMb: bytes / 2 ** 20 };
}

/** The full build beside the same SQL bare, a night after it, and publishing what is there. */
export async function buildCase({ rows, pairs }: SuiteOptions): Promise<Outcome[]> {
  const size = organizationOf(rows);
  const what = `${(size.vms * size.days).toLocaleString("en-US")} rows by resource, ${size.projects} projects, 5 years`;
  return withOrganization(size, async (copyOf) => {
    const runs: Nights[] = [];
    for (let pair = 0; pair < pairs; pair++) runs.push(await buildOnce(copyOf, size, pair % 2 === 0));
    const [one] = runs;
    if (!one) return [];
    const full = median(runs.map(({ full, bare }) => full.elapsedMs / bare.elapsedMs));
    return [
      {
        name: "build",
        what: `full build and tests: ${what}`,
        tally: timed(one.full),
        rival: `${timed(one.bare)}, the same SQL bare`,
        judged: atMost(full, mostBesideBare, times),
      },
      {
        name: "build",
        what: `the same by the clock: ${what}`,
        tally: timed(one.full),
        rival: "",
        judged: isAimedAt(size)
          ? atMost(median(runs.map(({ full }) => full.elapsedMs)), mostFullMs, seconds)
          : null,
      },
      {
        name: "build",
        what: `build after a night: ${what}`,
        tally: timed(one.night),
        rival: `${timed(one.full)}, the full build`,
        judged: isAimedAt(size)
          ? atMost(median(runs.map(({ night }) => night.elapsedMs)), mostNightMs, seconds)
          : null,
      },
      {
        name: "build",
        what: `memory of the full build: ${what}`,
        tally: megabytes(one.full.peakMb),
        rival: `${megabytes(one.bare.peakMb)}, the same SQL bare`,
        judged: atMost(Math.max(...runs.map(({ full }) => full.peakMb)), 1536, megabytes),
      },
      {
        name: "publish",
        what: `publish after a night: a warehouse of ${megabytes(one.warehouseMb)}`,
        tally: timed(one.publish),
        rival: "",
        judged: atMost(
          median(runs.map(({ publish }) => publish.elapsedMs)),
          mostPublishMs(one.warehouseMb),
          seconds,
        ),
      },
    ];
  });
}

/** A night after five years of the same machines, beside one after a year of them. */
export async function historyCase({ rows, pairs }: SuiteOptions): Promise<Outcome[]> {
  const long = organizationOf(rows);
  const short = { ...long, days: oneYear };
  const nightOf = (size: OrganizationSize) =>
    withOrganization(size, async (copyOf) => {
      const nights: Measured[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        const root = await copyOf();
        await runBuild("build", root, size);
        await runBuild("night", root, size);
        nights.push(await runBuild("build", root, size, true));
        await rm(root, { recursive: true });
      }
      const byTime = nights.toSorted((a, b) => a.cpuMs - b.cpuMs);
      const middle = byTime[Math.floor(byTime.length / 2)];
      if (!middle) throw new Error("No night was measured.");
      return middle;
    });
  const [year, years] = [await nightOf(short), await nightOf(long)];
  return [
    {
      name: "history",
      what: `build after a night, ${long.vms.toLocaleString("en-US")} machines: after 5 years, beside after 1`,
      tally: timed(years),
      rival: `${timed(year)}, after a year`,
      judged: atMost(years.elapsedMs / year.elapsedMs, mostAfterFiveYears, times),
    },
  ];
}
