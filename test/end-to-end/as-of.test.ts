import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { soleAccount } from "../../src/accounts.ts";
import { loadConfig } from "../../src/config.ts";
import { demoFolder, demoScenario } from "../../src/demo.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { renderReport } from "../../src/reports/report.ts";
import { run } from "../../src/run.ts";
import { openReadOnly, openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { type Ended, tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

// The sample organisation restates the last days, and its inventory changes, from one night to the next.
const earlier = new Date("2026-11-01T04:00:00Z");
const between = "2026-11-01T17:30:00Z";
const later = new Date("2026-11-03T06:00:00Z");

interface Nights {
  root: string;
  /** The published file of the first night, kept aside. */
  first: string;
  /** Its report of October, by the files' paths in its folder. */
  october: Record<string, string>;
}

async function twoNights(): Promise<Nights> {
  const root = temporaryFolder();
  const workspace = workspaceAt(root);
  for (const name of ["tally.toml", "prices.csv", "cost-centres.csv", "suppressions.csv"]) {
    cpSync(join(demoFolder, name), join(root, name));
  }
  appendFileSync(join(root, "tally.toml"), "\n[warehouse]\nthreads = 1\n");
  const organization = await loadScenario(demoScenario);
  let clock = earlier;
  const accessKeys = organization.accessKeys;
  const gateway = await startGateway({ organization, clock: () => clock, accessKeys });
  onTestFinished(() => gateway.close());
  const [credentials] = accessKeys;
  if (!credentials) throw new Error("the sample organisation has no access key");
  const first = join(temporaryFolder(), "first.duckdb");
  const october: Record<string, string> = {};
  for (const night of [earlier, later]) {
    clock = night;
    const effects = testEffects({
      cwd: root,
      now: night.toISOString(),
      env: { CRUSOE_API_ENDPOINT: gateway.endpoint },
    });
    const config = loadConfig(effects, workspace.tallyToml);
    await run({ effects, workspace, config, accounts: [soleAccount(config, credentials)] });
    if (night === earlier) {
      cpSync(workspace.analytics, first);
      Object.assign(october, filesOf(join(workspace.reports, "2026-10")));
    }
  }
  return { root, first, october };
}

const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path, "utf8")]),
  );

/** Beside the links to the list of all periods, in which a report of what was known then is not. */
const withoutList = (files: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text
        .replace(/<nav class="pages".*?<\/nav>/s, "")
        .replace(/<(a|span) class="brand".*?<\/svg><span>tally<\/span><\/\1>/s, ""),
    ]),
  );

/** Of each public table but those that tell of the build, how many rows are not the same at the same place in two files. */
async function differences(one: string, other: string): Promise<Record<string, number>> {
  const reader = await openWarehouse(":memory:", { memoryLimit: "512MB", threads: 1 });
  try {
    await reader.run(`attach '${one}' as one (read_only); attach '${other}' as other (read_only);`);
    const names = await reader.all<{ name: string }>(
      "select distinct table_name as name from duckdb_tables() where table_name not like 'meta\\_%' escape '\\' order by 1",
    );
    const found: Record<string, number> = {};
    for (const { name } of names) {
      const differing = await reader.first<{ rows: number }>(
        `select count(*)::integer as rows from one.${name} as a positional join other.${name} as b where a is distinct from b`,
      );
      found[name] = differing?.rows ?? -1;
    }
    return found;
  } finally {
    reader.close();
  }
}

async function countOf(path: string, table: string): Promise<number> {
  const reader = await openReadOnly(path, { memoryLimit: "512MB", threads: 1 });
  try {
    return (
      (await reader.first<{ rows: number }>(`select count(*)::integer as rows from ${table}`))?.rows ?? -1
    );
  } finally {
    reader.close();
  }
}

const digests = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );

it("`--as-of` shows what a run of an earlier night had shown, and leaves what is known now alone", async () => {
  const { root, first, october } = await twoNights();
  const { analytics, reports } = workspaceAt(root);
  expect(await countOf(analytics, "fct_usage_revisions")).toBeGreaterThan(
    await countOf(first, "fct_usage_revisions"),
  );
  expect((await differences(analytics, first)).dim_vm).toBeGreaterThan(0);
  const before = { ...digests(reports), [analytics]: digests(join(root, "data"))[analytics] };

  const env = { TALLY_NOW: later.toISOString() };
  const built: Ended = await tally(["build", "--workspace", root, "--as-of", earlier.toISOString()], env);
  expect(built.code, built.stderr).toBe(0);
  const file = join(root, "data", "analytics@2026-11-01T040000Z.duckdb");
  expect(built.stderr).toContain(basename(file));
  const differing = await differences(file, first);
  expect(Object.keys(differing).length).toBeGreaterThan(30);
  expect(Object.entries(differing).filter(([, rows]) => rows !== 0)).toEqual([]);

  // Every page and table of that night's report, to the byte.
  const effects = testEffects({ cwd: root, now: earlier.toISOString() });
  const workspace = workspaceAt(root);
  const config = loadConfig(effects, workspace.tallyToml);
  const again = await renderReport(
    { effects, workspace, config },
    { month: "2026-10", analytics: file, suffix: "@again" },
  );
  const folderAgain = join(again.page, "..");
  expect(Object.keys(october)).toEqual(
    expect.arrayContaining(["index.html", "executive.html", "inventory.html", "headline.csv"]),
  );
  expect(Object.keys(october).filter((path) => path.startsWith("projects/")).length).toBeGreaterThan(3);
  expect(withoutList(filesOf(folderAgain))).toEqual(withoutList(october));
  rmSync(folderAgain, { recursive: true });

  const args = ["report", "--workspace", root, "--month", "2026-10", "--as-of", between];
  const reported = await tally(args, env);
  expect(reported.code, reported.stderr).toBe(0);
  const folder = join(reports, "2026-10@2026-11-01T173000Z");
  expect(reported.stdout).toBe(`${join(folder, "index.html")}\n`);
  expect(existsSync(join(folder, "headline.csv"))).toBe(true);
  expect(readFileSync(join(folder, "index.html"), "utf8")).toContain("1 November 2026");

  const after = digests(reports);
  for (const path of Object.keys(after).filter((each) => each.startsWith(`${folder}/`))) delete after[path];
  expect({ ...after, [analytics]: digests(join(root, "data"))[analytics] }).toEqual(before);
}, 180_000);

describe("an instant that can't be", () => {
  let root: string;
  beforeAll(() => {
    root = demoFolder;
  });

  it.each([
    ["2026-10-05", "with its zone"],
    ["2026-10-05T06:00:00", "with its zone"],
    ["2026-02-30T06:00:00Z", "with its zone"],
    ["yesterday", "with its zone"],
  ])("%s is refused with how to write one", async (text, hint) => {
    const { code, stderr } = await tally(["build", "--workspace", root, "--as-of", text]);
    expect(code).toBe(2);
    expect(stderr).toContain(JSON.stringify(text));
    expect(stderr).toContain(hint);
  });
});
