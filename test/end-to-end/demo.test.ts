/// <reference lib="dom" />
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/package.ts";
import { openReadOnly } from "../../src/warehouse.ts";
import { launchBrowser } from "../browser.ts";
import { offences, readFocusCsv, scaled, total } from "../exports/focus-rules.ts";
import { tallyCalls } from "../guide/command-lines.ts";
import { snippets } from "../guide/snippets.ts";
import { type Ended, tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

let root: string;
let demo: Ended;

beforeAll(async () => {
  root = join(mkdtempSync(join(tmpdir(), "tally-demo-")), "demo");
  demo = await tally(["demo", root]);
}, 120_000);

afterAll(() => rmSync(join(root, ".."), { recursive: true, force: true }));

describe("`tally demo`", () => {
  it("ends well, and prints one line: the path of the page", () => {
    expect(demo.code, demo.stderr).toBe(0);
    expect(demo.stdout).toBe(`${join(root, "reports", "2026-10", "index.html")}\n`);
    expect(statSync(demo.stdout.trimEnd()).size).toBeGreaterThan(50_000);
  });

  it("finds each sin that the sample organisation commits", async () => {
    const findings = await rows<{ rule_id: string; resource_name: string }>(
      "select rule_id, resource_name from fct_idle_findings where status = 'open' order by all",
    );
    const names = (rule: string) => findings.filter((f) => f.rule_id === rule).map((f) => f.resource_name);
    expect(names("stopped_vm_with_disks")).toEqual([
      "ckpt-convert",
      "lora-sandbox",
      "notebook-yuki",
      "spark-driver-old",
    ]);
    expect(names("unattached_disk")).toContain("atlas-ckpt-scratch");
    expect(names("orphaned_snapshot")).toContain("tokenizer-v1-final");
    expect(names("underused_reservation")).toEqual(["mi300x-192gb-ib.8x"]);
    expect(names("gpu_vm_without_usage")).toEqual(["bench-l40s-8x"]);
    expect(names("vm_without_usage")).toEqual(["metrics-relay"]);
    expect(names("disk_on_stopped_vms")).toHaveLength(8);
    expect(names("static_address_on_stopped_vm")).toEqual(["spark-driver-old"]);
    expect(names("oversized_os_disk")).toEqual(["reward-sweep-3-os"]);
    expect(names("old_snapshot")).toEqual(["control-db-before-migration"]);
    expect(names("unused_image")).toEqual(["serving-base"]);
    expect(names("long_lived_vm")).toContain("login-01-8f6d");
    expect(names("gpu_vm_low_utilization")).toEqual(["reward-sweep-3"]);
    expect(names("weekend_only_waste")).toEqual(["distill-a100"]);
    expect(names("smaller_type_candidate")).toEqual(["eval-l40s"]);
    expect(names("on_demand_beside_unused_reservation")).toEqual(["h100-80gb-sxm-ib"]);
    expect(names("instance_group_above_desired")).toEqual(["router"]);
    expect(names("empty_instance_group")).toEqual(["dedup-l40s"]);
    expect(names("load_balancer_without_backends")).toEqual(["chat-beta"]);
    expect(names("load_balancer_dead_backends")).toEqual(["lora-playground", "spark-ui"]);
    expect(names("unused_network")).toEqual(["pilot-network"]);
    expect(names("unused_subnet")).toEqual(["pilot"]);
    expect(names("old_token")).toEqual(["old-dashboard", "terraform"]);
    expect(names("old_ssh_key")).toHaveLength(2);
  });

  it("says on every page that its prices are sample prices", () => {
    for (const page of files(join(root, "reports", "2026-10")).filter((file) => file.endsWith(".html"))) {
      expect(readFileSync(page, "utf8")).toContain("sample prices");
    }
  });

  it("shows its page in a browser quietly, with every chart drawn, and nothing to scroll sideways on a phone", async () => {
    const browser = await launchBrowser();
    try {
      for (const width of [390, 1440]) {
        const page = await browser.newPage({ viewport: { width, height: 900 } });
        const url = pathToFileURL(demo.stdout.trimEnd()).href;
        const noted: string[] = [];
        page.on("console", (message) => noted.push(message.text()));
        page.on("pageerror", (error) => noted.push(error.message));
        page.on("request", (request) => request.url() !== url && noted.push(request.url()));
        await page.goto(url);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        const charts = await page.evaluate(() =>
          [...document.querySelectorAll("figure svg")]
            .filter((svg) => svg.checkVisibility())
            .map((svg) => ({
              height: svg.getBoundingClientRect().height,
              marks: svg.querySelectorAll("path, rect, circle").length,
            })),
        );
        expect(charts.length).toBeGreaterThanOrEqual(5);
        for (const { height, marks } of charts) expect(height > 40 && marks > 1).toBe(true);
        expect(noted).toEqual([]);
      }
    } finally {
      await browser.close();
    }
  });

  it("lets no credential of the gateway into the workspace", () => {
    const secret = "aXQtb3BlbnMtb25seS10aGUtbG9jYWwtZGVtby1nYXRld2F5";
    for (const file of files(root)) expect(readFileSync(file).includes(secret), file).toBe(false);
    expect(demo.stderr).not.toContain(secret);
  });

  it("writes the same report again, byte for byte", async () => {
    const before = digests(join(root, "reports"));
    const again = await tally(["report", "--workspace", root], { TALLY_NOW: "2026-11-03T06:00:00Z" });
    expect(again.code, again.stderr).toBe(0);
    expect(digests(join(root, "reports"))).toEqual(before);
  });

  it("can be asked for another month, which the index then lists", async () => {
    const { code, stdout, stderr } = await tally(["report", "--workspace", root, "--month", "2026-03"], {
      TALLY_NOW: "2026-11-03T06:00:00Z",
    });
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${join(root, "reports", "2026-03", "index.html")}\n`);
    const index = readFileSync(join(root, "reports", "index.html"), "utf8");
    expect(index).toContain("2026-03/");
    expect(index).toContain("2026-10/");
  });

  it("exports its charges as FOCUS rows that add up to the published costs, and every table as Parquet", async () => {
    const october = ["--month", "2026-10"];
    const days = "where usage_date between '2026-10-01' and '2026-10-31'";
    for (const version of ["1.0", "1.2"] as const) {
      const { code, stdout, stderr } = await tally([
        "export",
        "--focus",
        version,
        ...october,
        "--workspace",
        root,
      ]);
      expect(code, stderr).toBe(0);
      const [csv = "", parquet = "", metadata = ""] = stdout.trimEnd().split("\n");
      expect(dirname(csv)).toBe(join(root, "exports", `focus-${version}`, "2026-10"));
      expect([csv, parquet, metadata].every((file) => existsSync(file))).toBe(true);
      expect(stderr).toContain("instance-hours of s1a.40x");
      const focus = readFocusCsv(csv);
      expect(await offences(version, focus)).toEqual([]);
      const [sums] = await rows<{ spent: string; committed: string; unused: string }>(`
        select
          (select sum(cost) from fct_cost_daily ${days}) as spent,
          (select sum(committed_cost) from fct_reservation_daily ${days}) as committed,
          (select sum(unused_cost) from fct_reservation_daily ${days}) as unused
      `);
      const bought = focus.rows.filter((row) => row.ChargeCategory === "Purchase");
      const unused = focus.rows.filter((row) => row.CommitmentDiscountStatus === "Unused");
      expect(total(focus.rows, "EffectiveCost") - total(unused, "EffectiveCost")).toBe(
        scaled(sums?.spent ?? "", 10),
      );
      expect(total(bought, "BilledCost")).toBe(scaled(sums?.committed ?? "", 10));
      expect(total(unused, "EffectiveCost")).toBe(scaled(sums?.unused ?? "", 10));
    }
    const copied = await tally(["export", "--parquet", "--workspace", root, "--json"]);
    expect(copied.code, copied.stderr).toBe(0);
    expect(JSON.parse(copied.stdout).folder).toBe(join(root, "exports", "parquet"));
    expect(readdirSync(join(root, "exports", "parquet", "fct_cost_daily"))).toContain("month=2026-10");
    expect(readdirSync(join(root, "exports", "parquet", "dim_vm"))).toEqual(["dim_vm.parquet"]);
  }, 120_000);

  it("says what an export can't be of", async () => {
    const wrong: [string[], string][] = [
      [["--focus", "0.5"], '--focus takes 1.0 and 1.2, not "0.5"'],
      [[], "--focus, of --parquet or of --copies"],
      [["--focus", "1.2", "--month", "2024-01"], "There are no data for 2024-01-01 to 2024-01-31"],
      [["--focus", "1.2", "--month", "2026-13"], "--month takes a month"],
      [["--focus", "1.2", "--format", "xlsx"], '--format takes csv and parquet, not "xlsx"'],
      [["--parquet", "--month", "2026-10"], "--month does not go with --parquet"],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await tally(["export", "--workspace", root, ...args]);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });

  it("answers every query that ships", async () => {
    const names = readdirSync(join(packageRoot, "sql", "queries")).map((file) => basename(file, ".sql"));
    expect(names.length).toBeGreaterThanOrEqual(10);
    for (const name of names) {
      const { code, stdout, stderr } = await tally([
        "sql",
        `@${name}`,
        "--workspace",
        root,
        "--format",
        "csv",
      ]);
      expect(code, stderr).toBe(0);
      // A line beside the head, save that the sample organisation restates nothing.
      if (name !== "restatements") expect(stdout.split("\r\n").length, name).toBeGreaterThan(2);
    }
  });

  it("answers every query of the guide", async () => {
    // What a page asks of tables that it tells how to make has a test of its own.
    const asked = snippets().filter(({ at }) => !at.startsWith("docs/guide/models.md"));
    const queries = asked.flatMap(({ at, language, text }) =>
      language === "sql"
        ? [{ at, query: text }]
        : language === "sh"
          ? tallyCalls(text)
              // What is asked of the shared warehouse has a column more, and its own tests.
              .filter(([command, ...words]) => command === "sql" && !words.includes("--shared"))
              .map((words) => ({ at, query: words.findLast((word) => /^(select|from) /.test(word)) ?? "" }))
              .filter(({ query }) => query !== "")
          : [],
    );
    expect(queries.length).toBeGreaterThan(10);
    const analytics = await openReadOnly(join(root, "data", "analytics.duckdb"), {
      memoryLimit: "256MB",
      threads: 1,
    });
    try {
      for (const { at, query } of queries) {
        const failure = await analytics.all(query).then(
          () => undefined,
          (error: unknown) => String(error),
        );
        expect(failure, at).toBeUndefined();
      }
    } finally {
      analytics.close();
    }
  });

  it("has a data dictionary of every table, which a browser shows quietly, and which the repository keeps", async () => {
    const { code, stdout, stderr } = await tally(["docs", "--workspace", root]);
    expect(code, stderr).toBe(0);
    const page = stdout.trimEnd();
    expect(page).toBe(join(root, "docs", "index.html"));
    const kept = readFileSync(join(packageRoot, "docs", "data-dictionary.md"), "utf8");
    // Where it is not, `npm run docs` writes it.
    expect(readFileSync(join(root, "docs", "data-dictionary.md"), "utf8")).toBe(kept);
    const browser = await launchBrowser();
    try {
      const context = await browser.newContext({ viewport: { width: 390, height: 800 }, bypassCSP: false });
      const shown = await context.newPage();
      const said: string[] = [];
      shown.on("console", (message) => void said.push(message.text()));
      shown.on("request", (request) => void (request.url().startsWith("file:") || said.push(request.url())));
      await shown.goto(pathToFileURL(page).href);
      const tables = await rows<{ table_name: string }>("select table_name from duckdb_tables()");
      for (const { table_name: table } of tables) {
        expect(await shown.locator(`section#${table} h2`).textContent()).toBe(table);
      }
      expect(await shown.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(said).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it("is served to a browser until SIGTERM, which also ends the query that runs", async () => {
    const child = spawn(
      process.execPath,
      [join(packageRoot, "dist", "cli.js"), "serve", "--workspace", root, "--port", "0"],
      { env: { PATH: process.env.PATH, HOME: "/nowhere" }, stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      const url = String(line).trim();
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      const dictionary = await (await fetch(`${url}dictionary`)).text();
      expect(dictionary).toContain('<section id="fct_cost_daily">');
      expect(dictionary).toContain('<a href="/sql">SQL</a>');
      const formToken = /name="form_token" value="([^"]+)"/.exec(
        await (await fetch(`${url}sql`)).text(),
      )?.[1];
      const endless = fetch(`${url}sql`, {
        method: "POST",
        body: new URLSearchParams({
          form_token: formToken ?? "",
          sql: "select count(*) from range(1000000000000) a (i), range(1000000) b (j) where i % 7 = j",
        }),
      }).then((answer) => answer.text());
      await new Promise((resolve) => setTimeout(resolve, 1000));
      child.kill("SIGTERM");
      const [code] = await once(child, "close");
      expect(code).toBe(0);
      expect(await endless).toContain("The query was ended");
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("describes every published table and column in the file itself", async () => {
    const silent = await rows(
      `select table_name, column_name from duckdb_columns() where schema_name = 'main' and not internal and comment is null
       union all select table_name, '' from duckdb_tables() where schema_name = 'main' and not internal and comment is null`,
    );
    expect(silent).toEqual([]);
  });

  it("does not write over a folder that holds something else", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "thesis.txt"), "the only copy");
    const { code, stderr } = await tally(["demo", folder]);
    expect(code).toBe(2);
    expect(stderr).toContain(basename(folder));
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
    expect(existsSync(join(folder, "reports"))).toBe(false);
  });
});

async function rows<T>(query: string): Promise<T[]> {
  const { code, stdout, stderr } = await tally(["sql", "--workspace", root, "--format", "json", query]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T[];
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digests(folder: string): Record<string, string> {
  return Object.fromEntries(
    files(folder).map((file) => [
      relative(folder, file),
      createHash("sha256").update(readFileSync(file)).digest("hex"),
    ]),
  );
}
