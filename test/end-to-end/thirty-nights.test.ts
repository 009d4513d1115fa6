import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { soleAccount } from "../../src/accounts.ts";
import { loadConfig } from "../../src/config.ts";
import { StoppedError } from "../../src/errors/stopped-error.ts";
import { exitCodes, TallyError } from "../../src/errors/tally-error.ts";
import type { FaultInput } from "../../src/gateway/faults/rule.ts";
import { run } from "../../src/run.ts";
import { openReadOnly } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { start } from "../gateway/acme.ts";
import { key } from "../gateway/signed-client.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import {
  dayMs,
  expectedBefore,
  firstNight,
  nightsOrganization,
  nightsPrices,
} from "./nights-organization.ts";

const nights = 30;

type Night = {
  faults?: FaultInput[];
  /** What else goes wrong, or is set right again. */
  before?: (night: Nightly) => void;
  /** What the run ends with; default 0. */
  code?: number;
  /** Whose totals are published: those of so many days ago. */
  daysBehind?: number;
  /** Usage is refused, so that yesterday is not known in full. */
  isRefused?: boolean;
  /** The run is asked to stop as this request goes out, and then done once more. */
  stopAt?: number;
  isUnreachable?: boolean;
};

interface Nightly {
  root: string;
}

const failingTest = ({ root }: Nightly) => join(root, "sql", "tests", "never_so.sql");

/** One night for each kind of fault, and for what goes wrong beside the API; the rest pass with any fault now and then. */
const plan: readonly Night[] = [
  {},
  { faults: [{ kind: "rate-limit", times: 3, retry_after: 0.01 }] },
  { faults: [{ kind: "server-error", times: 2, after: 3 }] },
  { faults: [{ kind: "bad-gateway", times: 2, path: "**/usage" }] },
  { faults: [{ kind: "reset", times: 2, after: 5 }] },
  { faults: [{ kind: "truncate", times: 2, path: "**/usage/export" }] },
  { faults: [{ kind: "slow", times: 1, every_ms: 5 }] },
  { faults: [{ kind: "endless", times: 1, form: "silence", after: 4 }] },
  { faults: [{ kind: "wrong-type", times: 2 }] },
  { faults: [{ kind: "wrong-shape", times: 2 }] },
  { faults: [{ kind: "duplicate", times: 2 }] },
  { faults: [{ kind: "token-loop", times: 1 }] },
  { faults: [{ kind: "shifting-page", times: 1 }] },
  { faults: [{ kind: "clock-skew", times: 1 }] },
  { faults: [{ kind: "redirect", times: 1 }] },
  { faults: [{ kind: "unauthorized", times: 1, path: "**/storage/disks" }], code: exitCodes.incomplete },
  { faults: [{ kind: "forbidden", path: "**/reservations" }] },
  // Usage is refused all night: what is published is what was known, and yesterday is missing.
  {
    faults: [{ kind: "not-found", path: "/organizations/{id}/usage" }],
    code: exitCodes.incomplete,
    daysBehind: 1,
    isRefused: true,
  },
  { faults: [{ kind: "not-implemented", path: "**/billing/costs" }] },
  // A data test fails: the tables of the night before stay.
  {
    before: (night) => {
      mkdirSync(join(failingTest(night), ".."), { recursive: true });
      writeFileSync(failingTest(night), "/*\ndescription: Never.\nseverity: error\n*/\nselect 1 as x");
    },
    code: exitCodes.testsFailed,
    daysBehind: 1,
  },
  { before: (night) => rmSync(failingTest(night)) },
  { isUnreachable: true, code: exitCodes.failed, daysBehind: 1 },
  { stopAt: 9 },
  {
    before: ({ root }) => {
      const { pid } = spawnSync("true");
      const lock = { pid, command: "run", started_at: "2026-03-01T00:00:00Z" };
      writeFileSync(join(root, "data", "lock.json"), JSON.stringify(lock));
    },
  },
];

const usual: Night = { faults: [{ kind: "any", rate: 0.05 }] };

/** What the workspace has beside what the API answered, by name and size. */
function filesOf(root: string): Map<string, number> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => !path.includes(join("data", "raw")))
      .map((path) => [path.slice(root.length + 1), statSync(path).size]),
  );
}

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test("thirty nights, with a fault of each kind, end in the right totals each, and in no more files and memory than their data need", async () => {
  const gateway = await start({
    organization: nightsOrganization(),
    // So that there are pages which can shift and go round.
    quirks: { pageSizeOfOtherLists: 1 },
    clock: () => new Date(clockMs),
  });
  let clockMs = firstNight;
  const root = join(temporaryFolder(), "costs");
  await writeWorkspace(root);
  const workspace = workspaceAt(root);
  writeFileSync(
    workspace.tallyToml,
    '[api]\ntimeout_seconds = 1\n[warehouse]\nthreads = 1\n[[report]]\nname = "brief"\nfolder = "reports"\npages = ["executive"]\nformats = ["csv"]\n',
  );
  writeFileSync(workspace.csv.prices, nightsPrices);
  const sizes: { files: Map<string, number>; heap: number }[] = [];
  try {
    for (let night = 0; night < nights; night++) {
      clockMs = firstNight + night * dayMs;
      const what = plan[night] ?? usual;
      const label = `night ${night + 1}`;
      gateway.faults.clear();
      for (const fault of what.faults ?? []) gateway.faults.add(fault);
      what.before?.({ root });
      const ran = await runNight(what);
      expect({
        label,
        code: ran.code,
        said:
          ran.code === (what.code ?? 0)
            ? ""
            : ran.said
                .split("\n")
                .filter((line) => !line.startsWith("built "))
                .join("\n"),
      }).toEqual({
        label,
        code: what.code ?? 0,
        said: "",
      });
      for (const { fault, struck } of gateway.faults.list()) {
        if (fault.kind !== "any") expect(struck, `${label}: ${fault.kind}`).toBeGreaterThan(0);
      }
      expect(await publishedBefore(new Date(clockMs)), label).toEqual(
        totals(night + 9, what.daysBehind ?? 0, what.isRefused === true),
      );
      if (night % 5 === 4) sizes.push({ files: filesOf(root), heap: heapBytes() });
    }
  } finally {
    await gateway.close();
  }
  expectNoGrowth(sizes);

  async function runNight(what: Night): Promise<{ code: number; said: string }> {
    const stop = new AbortController();
    let requests = 0;
    const asked: typeof fetch = async (input, init) => {
      if (++requests === what.stopAt) stop.abort(new StoppedError("Stopped."));
      if (what.isUnreachable) throw new TypeError("fetch failed", { cause: { code: "ENOTFOUND" } });
      return fetch(input, init);
    };
    const effects = {
      ...testEffects({
        cwd: root,
        now: new Date(clockMs).toISOString(),
        env: { CRUSOE_API_ENDPOINT: gateway.endpoint },
      }),
      fetch: asked,
    };
    const config = loadConfig(effects, workspace.tallyToml);
    const context = {
      effects,
      workspace,
      config,
      accounts: [soleAccount(config, key)],
      pace: { sleep: async () => undefined, random: () => 0.5 },
    };
    try {
      await run({ ...context, stop: { signal: stop.signal, onGiveUp: () => undefined } });
      return { code: 0, said: effects.said() };
    } catch (error) {
      if (!(error instanceof TallyError)) throw error;
      if (error instanceof StoppedError && what.stopAt !== undefined)
        return runNight({ ...what, stopAt: -1 });
      return { code: error.exitCode, said: `${error.message}\n${effects.said()}` };
    }
  }

  function totals(days: number, daysBehind: number, isRefused: boolean) {
    const { gpuHours, cost } = expectedBefore(days - daysBehind);
    // Of a day whose reading is refused the 2.5 hours are known that were over when it was last read.
    const known = isRefused ? { gpuHours: 25, cost: 50_250 } : { gpuHours: 0, cost: 0 };
    return {
      gpu_hours: `${gpuHours + known.gpuHours}.0000`,
      cost: ((cost + known.cost) / 1000).toFixed(4),
      unpriced: days - daysBehind >= 15 ? ["l40s-48gb.2x"] : null,
      // That day, of both projects.
      gaps: isRefused ? 2 : 0,
    };
  }

  async function publishedBefore(today: Date): Promise<object | undefined> {
    const analytics = await openReadOnly(workspace.analytics, { memoryLimit: "256MB", threads: 1 });
    try {
      const day = today.toISOString().slice(0, 10);
      return await analytics.first(`
        select
          (select sum(gpu_hours)::decimal(18, 4)::varchar from fct_gpu_hours_daily where usage_date < least(date '${day}', (select today from meta_build))) as gpu_hours,
          (select sum(cost)::decimal(18, 4)::varchar from fct_cost_daily where usage_date < least(date '${day}', (select today from meta_build))) as cost,
          (
            select list(distinct resource_type)
            from fct_cost_daily
            where cost is null and usage_date < least(date '${day}', (select today from meta_build))
          ) as unpriced,
          (
            select count(*)::integer
            from fct_usage_coverage
            where stream = 'usage' and status <> 'complete' and usage_date < least(date '${day}', (select today from meta_build))
          ) as gaps
      `);
    } finally {
      analytics.close();
    }
  }
}, 420_000);

/** From the tenth night to the thirtieth: no file more but those of a new month, and no size that grows by the night. */
function expectNoGrowth(sizes: readonly { files: Map<string, number>; heap: number }[]): void {
  const [, early, ...later] = sizes;
  const last = later.at(-1);
  if (!early || !last) throw new Error("There were too few nights.");
  const isOfPeriod = (path: string) => /^reports\/2026-/.test(path);
  const others = ({ files }: { files: Map<string, number> }) =>
    [...files.keys()].filter((path) => !isOfPeriod(path));
  expect(others(last).filter((path) => !early.files.has(path))).toEqual([]);
  const sizeOf = (path: string, { files }: typeof early) => files.get(path) ?? 0;
  for (const path of ["data/analytics.duckdb", "data/warehouse.duckdb"]) {
    expect(sizeOf(path, last), path).toBeLessThan(sizeOf(path, early) * 1.5 + 4 * 2 ** 20);
  }
  // Six lines a night, and those of the nights that failed.
  expect(sizeOf("logs/runs.ndjson", last)).toBeLessThan(nights * 4096);
  expect(last.heap - early.heap).toBeLessThan(16 * 2 ** 20);
}
