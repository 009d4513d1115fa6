import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../src/errors/config-error.ts";
import { LockError } from "../src/errors/lock-error.ts";
import { openWorkspace, type Workspace, withLock, workspaceAt } from "../src/workspace.ts";
import { writeWorkspace } from "../src/workspace-template.ts";
import { testEffects } from "./effects.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("a new workspace", () => {
  it("has every file that the user keeps, and ignores in git what tally makes", async () => {
    const root = join(temporaryFolder(), "costs");
    await writeWorkspace(root);
    expect(readdirSync(root).sort()).toEqual([
      ".gitignore",
      "budgets.csv",
      "cost-centres.csv",
      "exchange-rates.csv",
      "prices.csv",
      "shared-costs.csv",
      "suppressions.csv",
      "tally.toml",
    ]);
    expect(readFileSync(join(root, "prices.csv"), "utf8")).toBe(
      "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to\n",
    );
  });

  it("keeps what is there already", async () => {
    const root = temporaryFolder();
    writeFileSync(join(root, "prices.csv"), "mine");
    const { kept, written } = await writeWorkspace(root);
    expect(kept).toEqual(["prices.csv"]);
    expect(written).not.toContain("prices.csv");
    expect(readFileSync(join(root, "prices.csv"), "utf8")).toBe("mine");
  });
});

describe("the workspace of a command", () => {
  it("is --workspace, else TALLY_WORKSPACE, else the current folder", async () => {
    const [one, two, three] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    for (const root of [one, two, three]) await writeWorkspace(root);
    expect(openWorkspace(testEffects({ env: { TALLY_WORKSPACE: two }, cwd: three }), one).root).toBe(one);
    expect(openWorkspace(testEffects({ env: { TALLY_WORKSPACE: two }, cwd: three }), undefined).root).toBe(
      two,
    );
    expect(openWorkspace(testEffects({ cwd: three }), undefined).root).toBe(three);
  });

  it("is said to be missing with the command that writes one", () => {
    const root = join(temporaryFolder(), "gone");
    expect(() => openWorkspace(testEffects(), root)).toThrow(`There is no workspace at ${root}.`);
  });
});

describe("a workspace with a link in it", () => {
  async function withLink(name: string, target: string): Promise<() => unknown> {
    const root = join(temporaryFolder(), "costs");
    await writeWorkspace(root);
    rmSync(join(root, name), { force: true });
    mkdirSync(join(root, name, ".."), { recursive: true });
    symlinkSync(target, join(root, name));
    return () => openWorkspace(testEffects(), root);
  }

  it.each([
    "data",
    "data/raw",
    "data/raw/usage",
    "data/warehouse.duckdb",
    "data/analytics.duckdb",
    "reports",
    "reports/2026-10",
    "exports",
    "logs",
    "logs/runs.ndjson",
    "prices.csv",
    "tally.toml",
    "sql",
    "sql/tests",
    "sql/marts/mine.sql",
  ])("is refused where %s leads out of it, whether or not something is there", async (name) => {
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, "file"), "");
    for (const target of name.includes(".") ? [join(elsewhere, "file")] : [elsewhere]) {
      expect(await withLink(name, target)).toThrow(`${name} in `);
      expect(await withLink(name, target)).toThrow(target);
    }
    // A link to nothing is one to whatever will be there; tally.toml must be there to be a workspace at all.
    expect(await withLink(name, join(elsewhere, "gone"))).toThrow(ConfigError);
  });

  it("is not written to where one deep among what was read leads out of it", async () => {
    for (const name of ["data/raw/usage/2026-10-01", "data/raw/usage/2026-10-01/00001.json.gz"]) {
      const open = await withLink(name, temporaryFolder());
      const workspace = open() as Workspace;
      await expect(withLock(workspace, testEffects(), "ingest", async () => "in")).rejects.toThrow(
        `${name} in ${workspace.root} is a link that leads out`,
      );
    }
  });

  it("is taken where the link stays within it, or leads to the workspace as a whole", async () => {
    const root = join(temporaryFolder(), "costs");
    await writeWorkspace(root);
    mkdirSync(join(root, "reports", "2026-10"), { recursive: true });
    symlinkSync("2026-10", join(root, "reports", "latest"));
    mkdirSync(join(root, "logs"));
    symlinkSync("/dev/null", join(root, "logs", "runs.ndjson"));
    const alias = join(temporaryFolder(), "alias");
    symlinkSync(root, alias);
    expect(openWorkspace(testEffects(), alias).root).toBe(alias);
  });
});

describe("the lock", () => {
  it("lets one writer in, and says who holds it to the next", async () => {
    const workspace = workspaceAt(temporaryFolder());
    const effects = testEffects();
    await withLock(workspace, effects, "run", async () => {
      const second = withLock(workspace, effects, "build", async () => "in");
      await expect(second).rejects.toThrow(LockError);
      await expect(second).rejects.toThrow(`pid ${process.pid}`);
    });
    expect(await withLock(workspace, effects, "build", async () => "in")).toBe("in");
  });

  it("is given back where the work fails", async () => {
    const workspace = workspaceAt(temporaryFolder());
    const fails = withLock(workspace, testEffects(), "run", async () => {
      throw new Error("no luck");
    });
    await expect(fails).rejects.toThrow("no luck");
    expect(existsSync(workspace.lock)).toBe(false);
  });

  it("is taken over from an owner that no longer lives", async () => {
    const workspace = workspaceAt(temporaryFolder());
    const { pid } = spawnSync("true");
    mkdirSync(join(workspace.root, "data"));
    writeFileSync(
      workspace.lock,
      JSON.stringify({ pid, command: "run", started_at: "2026-01-01T00:00:00Z" }),
    );
    expect(await withLock(workspace, testEffects(), "run", async () => "in")).toBe("in");
  });

  it("is taken over where the owner's number was given to another process", async () => {
    const workspace = workspaceAt(temporaryFolder());
    const lock = await lockOf(workspace);
    // This process lives and has the number, but began at another time.
    writeFileSync(workspace.lock, JSON.stringify({ ...lock, born: "an-earlier-boot/1" }));
    expect(await withLock(workspace, testEffects(), "run", async () => "in")).toBe("in");
    writeFileSync(workspace.lock, JSON.stringify(lock));
    await expect(withLock(workspace, testEffects(), "run", async () => "in")).rejects.toThrow(LockError);
  });

  it("of another machine is respected while it is touched, and taken over ten minutes later", async () => {
    const workspace = workspaceAt(temporaryFolder());
    const lock = { ...(await lockOf(workspace)), host: "another-host", pid: 1 };
    writeFileSync(workspace.lock, JSON.stringify(lock));
    await expect(withLock(workspace, testEffects(), "run", async () => "in")).rejects.toThrow(
      "pid 1 on another-host, since ",
    );
    const longAgo = new Date(Date.now() - 11 * 60_000);
    utimesSync(workspace.lock, longAgo, longAgo);
    expect(await withLock(workspace, testEffects(), "run", async () => "in")).toBe("in");
  });

  it("lets in one of many that find a dead owner's at once", async () => {
    const workspace = workspaceAt(temporaryFolder());
    const { pid } = spawnSync("true");
    mkdirSync(join(workspace.root, "data"));
    writeFileSync(
      workspace.lock,
      JSON.stringify({ pid, command: "run", started_at: "2026-01-01T00:00:00Z" }),
    );
    let inside = 0;
    let most = 0;
    const effects = testEffects();
    const all = Array.from({ length: 8 }, (_, i) =>
      withLock(workspace, effects, `run ${i}`, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 300));
        inside--;
      }),
    );
    const ended = await Promise.allSettled(all);
    expect(most).toBe(1);
    expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(existsSync(workspace.lock)).toBe(false);
    expect(readdirSync(join(workspace.root, "data"))).toEqual([]);
  });
});

/** What the lock says while this process holds it. */
async function lockOf(workspace: ReturnType<typeof workspaceAt>): Promise<Record<string, unknown>> {
  return withLock(workspace, testEffects(), "run", async () =>
    JSON.parse(readFileSync(workspace.lock, "utf8")),
  );
}
