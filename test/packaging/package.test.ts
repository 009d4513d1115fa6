import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/package.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { temporaryFolder } from "../temporary-folder.ts";

interface Manifest {
  version: string;
  license: string;
  bin: Record<string, string>;
  man: string;
  engines: { node: string };
  repository: { url: string };
  homepage: string;
  bugs: string;
  publishConfig: unknown;
  dependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as Manifest;

function pack(...options: string[]): { filename: string; unpackedSize: number; files: { path: string }[] } {
  const out = execFileSync("npm", ["pack", "--json", "--ignore-scripts", ...options], {
    cwd: packageRoot,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(out);
  return packed;
}

describe("the npm package", () => {
  let files: string[];
  let unpackedSize: number;
  beforeAll(() => {
    const packed = pack("--dry-run");
    files = packed.files.map(({ path }) => path);
    unpackedSize = packed.unpackedSize;
  });

  it("holds what a user needs", () => {
    expect(files).toEqual(
      expect.arrayContaining([
        "package.json",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "man/tally.1",
        "dist/cli.js",
        "dist/licences.txt",
        "client/tables.js",
        "sql/staging/stg_usage.sql",
        "sql/marts/fct_cost_daily.sql",
        "sql/queries/top-spenders.sql",
        "data/workspace/tally.toml",
        "data/reference/idle-rules.csv",
        "data/demo/organization.yaml",
      ]),
    );
  });

  it("holds nothing else: no tests, no sources, no settings of tools, nothing that a run leaves", () => {
    const wanted = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|man\/tally\.1)$/,
      /^dist\/([\w.-]+\.js|sql-headers\.json|licences\.txt)$/,
      /^client\/\w+\.js$/,
      /^sql\/(staging|intermediate|marts|tests|reports|exports|queries)\/\w[\w-]*\.sql$/,
      /^data\/(workspace|reference|demo)\/[\w-]+\.(csv|toml|yaml)$/,
    ];
    expect(files.filter((file) => !wanted.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(unpackedSize).toBeLessThan(8 * 2 ** 20);
  });

  it("brings the licence of each library that is part of it", () => {
    const licences = readFileSync(join(packageRoot, "dist", "licences.txt"), "utf8");
    for (const library of [
      "zod",
      "commander",
      "vega",
      "vega-lite",
      "d3-scale",
      "arquero",
      "@duckdb/node-api",
    ])
      expect(licences).toMatch(
        new RegExp(`^${library} \\d+\\.\\d+\\.\\S+ \\((MIT|ISC|BSD-3-Clause)\\)$`, "m"),
      );
  });

  it("says whence it comes, as a signed statement of its build (provenance) needs", () => {
    expect(manifest.repository.url).toMatch(/^git\+https:\/\/github\.com\/[\w-]+\/[\w-]+\.git$/);
    const home = manifest.repository.url.slice("git+".length, -".git".length);
    expect(manifest.homepage).toBe(`${home}#readme`);
    expect(manifest.bugs).toBe(`${home}/issues`);
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
    expect(manifest.license).toBe("Apache-2.0");
    expect(manifest.engines.node).toBe(">=20.3");
    for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("is published by its tag alone, tested, with rights for the signed statement and no others", () => {
    const { on, permissions, jobs } = parse(
      readFileSync(join(packageRoot, ".github", "workflows", "release.yml"), "utf8"),
    );
    expect(on).toEqual({ push: { tags: ["v*"] } });
    expect(permissions).toEqual({ contents: "read" });
    expect(jobs.publish.permissions).toEqual({ contents: "read", "id-token": "write" });
    const steps: { run?: string; env?: Record<string, string> }[] = jobs.publish.steps;
    const runs = steps.flatMap(({ run }) => run ?? []);
    expect(runs.slice(1)).toEqual(["npm ci", "npm test", "npm publish"]);
    for (const [tag, status] of [
      [`v${manifest.version}`, 0],
      ["v99.0.0", 1],
    ] as const) {
      const env = { PATH: process.env.PATH, GITHUB_REF_NAME: tag };
      expect(spawnSync("bash", ["-c", runs[0] ?? ""], { cwd: packageRoot, env }).status).toBe(status);
    }
  });

  it("works where it is unpacked, beside what it depends on and nothing of a checkout", async () => {
    const folder = temporaryFolder();
    const { filename } = pack("--pack-destination", folder);
    execFileSync("tar", ["-xzf", join(folder, filename), "-C", folder]);
    const installed = join(folder, "package");
    for (const name of Object.keys(manifest.dependencies)) {
      const place = join(installed, "node_modules", name);
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(join(packageRoot, "node_modules", name), place, "dir");
    }
    const bin = join(installed, manifest.bin.tally ?? "");
    expect(readFileSync(bin, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(existsSync(join(installed, manifest.man))).toBe(true);
    const tally = (...args: string[]) =>
      spawnSync(process.execPath, [bin, ...args], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: folder },
      });
    expect(tally("--version").stdout).toBe(`${manifest.version}\n`);
    expect(tally("init", "costs")).toMatchObject({ status: 0 });
    expect(readFileSync(join(folder, "costs", "tally.toml"))).toEqual(
      readFileSync(join(packageRoot, "data", "workspace", "tally.toml")),
    );
    const { analytics } = workspaceAt(join(folder, "costs"));
    (await openWarehouse(analytics, { memoryLimit: "128MB", threads: 1 })).close();
    const answer = tally("sql", "--workspace", "costs", "--format", "csv", "select 42 as answer");
    expect(answer).toMatchObject({ status: 0, stdout: "answer\r\n42\r\n" });
    const { status, stderr } = tally("run", "--workspace", "costs");
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining("No Crusoe credential was found"),
    });
  });
});
