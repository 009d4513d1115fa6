import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { packageRoot } from "../../src/package.ts";
import { readReportSelections } from "../../src/report-selections.ts";
import { actionsOf, commands, shellWord } from "../../src/reports/action.ts";
import { projectSlug } from "../../src/reports/project-pages.ts";
import { renderReport } from "../../src/reports/report.ts";
import { lastWeek, weekOf, weekPeriod } from "../../src/reports/week.ts";
import { testEffects } from "../effects.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Fixture, twoProjects, workspaceWith } from "./analytics.ts";

const hostile = `../<b>"'=cmd|' /C calc'!A0 \u202eevil`;

function textOf(html: string): string {
  return html
    .replace(
      /<style>[\s\S]*?<\/style>|<script[\s\S]*?<\/script>|<pre[\s\S]*?<\/pre>|<svg[\s\S]*?<\/svg>/g,
      "",
    )
    .replace(/<[^>]+>/g, " ")
    .replace(/[\u2068\u2069]/g, "")
    .replace(/\s+/g, " ");
}

describe("the pages of a report", () => {
  let fixture: Fixture;
  let read: (path: string) => string;
  const folder = mkdtempSync(join(tmpdir(), "tally-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(async () => {
    fixture = await workspaceWith(folder, async (analytics) => {
      await twoProjects(analytics);
      const name = hostile.replaceAll("'", "''");
      await analytics.run(`
        update dim_project set project_name = '${name}' where project_id = 'p-borealis';
        insert into fct_gpu_hours_forecast values
          ('all', 'all', 'All projects', 'month_end', '2026-11-01', '2026-11-30', 2, 20, 0, 28, 300, 250.04, 350.06, 'm', 5, 6, null);
        insert into fct_budget_status values
          ('cost_centre', 'CC-100', '2026-10-01', 'USD', 700, 775.31, 775.31, -75.31, -75.31, 1.1075857, 'over', null);
        insert into fct_budget_burn_down
          select 'cost_centre', 'CC-100', 'USD', day::date, '2026-10-01', 700, false, 25, 25 * day(day), 700 - 25 * day(day), 0
          from range(date '2026-10-01', date '2026-11-01', interval 1 day) days (day);
        insert into fct_reservation_daily
          select 'org', 'res-1', day::date, 'h100', 'H100', day <> '2026-10-31', 12, case when day <> '2026-10-31' then 10 end,
            case when day <> '2026-10-31' then 3 end, case when day <> '2026-10-31' then 1 end
          from range(date '2026-09-01', date '2026-11-03', interval 1 day) days (day);
        insert into fct_gpu_hours_trend (usage_date, scope, scope_value, scope_name, is_anomaly, is_forecast, forecast, forecast_low, forecast_high) values
          ('2026-11-03', 'all', 'all', 'all', false, true, 10.04, 8, 12.5), ('2026-11-04', 'all', 'all', 'all', false, true, 12.06, 9, 14);
        insert into fct_inventory values
          ('vm', 'vm-1', 'idle node', 'org', 'p-atlas', 'Atlas', 'us-east1-a', 'us-east1', 'running', 'h100-80gb-sxm-ib.1x', 'H100', 1, null, '2026-10-20', 14, 1825, 'USD'),
          ('vm', 'vm-2', 'other', 'org', 'p-atlas', 'Atlas', 'us-east1-a', 'us-east1', 'running', 'x', null, 0, null, '2026-10-20', 14, null, null);
        insert into fct_idle_episodes values
          ('unattached_disk', 'disk', 'disk-9', '2026-09-02', '2026-10-27', '2026-10-28', 'resolved', 'old scratch', 'org', 'p-atlas', 'Atlas', '2026-08-01', 'e', 40, 40, 40, 'USD');
        insert into fct_reservation_scenarios values
          ('org', 'h100', 'H100', null, 0, 'none, current', null, '2026-08-05', '2026-11-02', 90, null, 1000, 1000, 'USD', false),
          ('org', 'h100', 'H100', 'p:1', 8, 'p50', 2, '2026-08-05', '2026-11-02', 90, 0.875, 899.5, 1000, 'USD', true);
      `);
    });
    await renderReport(fixture);
    read = (path) => readFileSync(join(fixture.workspace.reports, path), "utf8");
  }, 120_000);

  it("say what is to come, what is over budget and how to save", () => {
    const text = textOf(read("2026-10/index.html"));
    for (const sentence of [
      "November 2026 is expected to come to 300.0 GPU-hours, between 250.0 and 350.1 in four of five cases; 20.0 are known.",
      "Over budget: CC-100 (October 2026).",
      "budget $700.00",
      // 1000 − 899.50
      "With 8 GPUs of h100 reserved in place of 0, the 90 days up to 2 November 2026 that were read would have cost $100.50 less.",
      "0 idle resources were found for the first time in October 2026, and 1 was mended, which saves $40.00 a month.",
      "87.5%",
      // 31 × 25, and 28 × 25 is all of it.
      "Up to 31 Oct, $775.00 of a budget of $700.00 was spent, 110.7%. It was used up on 29 Oct.",
      // 30 days of 12, of which 9 are used and 1 is drawn beyond; the last was not read whole.
      "270.0 of 360.0 reserved GPU-hours were used in October 2026, 75.0%. 30.0 were drawn beyond them. Days that were not read whole are left out.",
      "From 3 Nov to 4 Nov, 11.1 a day are forecast.",
    ]) {
      expect(text).toContain(sentence);
    }
  });

  it("draw what is reserved, budgeted and forecast beside what it is held against", () => {
    const page = read("2026-10/index.html");
    const textsOf = (id: string) => {
      const section = new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(page)?.[0] ?? "";
      const wide = /<div class="wide">[\s\S]*?<\/svg>/.exec(section)?.[0] ?? "";
      return {
        labels: [...wide.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text),
        titles: [...wide.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text]) => text),
      };
    };
    expect(textsOf("gpu-hours-by-day").labels).toEqual(expect.arrayContaining(["reserved", "H100 88.6%"]));
    expect(textsOf("gpu-hours-by-day").titles[0]).toMatch(
      /^1 Oct\n14\.0 GPU-hours\n[\s\S]*\nreserved: 12\.0$/,
    );
    expect(textsOf("gpu-hours-trend").labels).toEqual(expect.arrayContaining(["reserved", "forecast"]));
    expect(textsOf("gpu-hours-trend").titles.at(-1)).toBe("4 Nov\n12.1 forecast, 9.0 to 14.0");
    expect(textsOf("budget-days").labels).toEqual(expect.arrayContaining(["budget $700", "cost $775"]));
    expect(textsOf("budget-days").titles.at(-1)).toBe(
      "31 Oct\n$775.00 since the month began\nbudget: $700.00",
    );
    const sparklines = [...page.matchAll(/<div class="sparkline"[\s\S]*?<\/svg>/g)].map(([svg]) => svg);
    expect(sparklines).toHaveLength(2);
    expect(sparklines[0]).toContain("<title>October 2026\n350.0</title>");
    expect(sparklines[1]).toContain("<title>October 2026\n$775.31</title>");
  });

  it("have one for each project, with its own figures, whatever it is called", () => {
    const files = readdirSync(join(fixture.workspace.reports, "2026-10", "projects")).sort();
    expect(files).toHaveLength(2);
    expect(files.every((file) => /^[a-z0-9-]+\.html$/.test(file))).toBe(true);
    const atlas = read(`2026-10/projects/${files.find((file) => file.startsWith("atlas-"))}`);
    expect(textOf(atlas)).toContain("310.0");
    expect(textOf(atlas)).toContain("$775.31");
    expect(textOf(atlas)).not.toContain("40.0 ");
    const other = read(`2026-10/projects/${files.find((file) => !file.startsWith("atlas-"))}`);
    expect(other).not.toContain("<b>&quot;");
    expect(other).toContain("&lt;b&gt;");
    expect(other).toContain('href="../project-figures.csv"');
    for (const file of files) expect(read("2026-10/index.html")).toContain(`projects/${file}`);
  });

  it("have the inventory of now, with its cost where there is a price", () => {
    const text = textOf(read("2026-10/inventory.html"));
    expect(text).toContain(
      "2 VMs, at $1,825.00 a month of 730 hours at today's prices. For 1 no price applies.".replace(
        "'",
        "&#39;",
      ),
    );
    expect(text).toContain("There is no disk.");
  });

  it("have the week that ended last, reckoned by its own days", () => {
    const text = textOf(read("2026-W44/index.html"));
    // 7 × 10 GPU-hours from 26 October to 1 November; usage ends on 31 October, so 6 × 10.
    expect(text).toContain("In week 44 of 2026, 1 project used 60.0 GPU-hours, 14.3% less than in week 43.");
    // November has no report yet, so there is no link to it.
    const links = [...read("2026-W44/index.html").matchAll(/<nav class="pages".*?<\/nav>/gs)].join();
    expect([...links.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
      "../2026-10/index.html",
      "../index.html",
    ]);
  });

  it("are all found from the list of months and weeks", () => {
    const index = read("index.html");
    for (const page of [
      "2026-10/index.html",
      "2026-10/executive.html",
      "2026-10/inventory.html",
      "2026-W44/index.html",
    ]) {
      expect(index).toContain(`href="${page}"`);
      expect(existsSync(join(fixture.workspace.reports, page))).toBe(true);
    }
  });

  it("can be confined to projects, into a folder of its own, and say so", async () => {
    const selection = readReportSelections(
      [
        {
          name: "Team Atlas",
          pages: ["monthly"],
          organizations: [],
          projects: ["Atlas"],
          cost_centres: [],
          gpu_types: [],
          regions: [],
        },
      ],
      "tally.toml",
    );
    const config = { ...fixture.config, reportSelections: selection };
    const { page } = await renderReport({ ...fixture, config });
    expect(page).toBe(join(fixture.workspace.root, "reports", "team-atlas", "2026-10", "index.html"));
    const text = textOf(readFileSync(page, "utf8"));
    expect(text).toContain("This report is of a part only: projects Atlas");
    expect(text).toContain("1 project used 310.0 GPU-hours");
    expect(text).not.toContain("is expected to come to");
    expect(text).not.toContain("evil");
  });

  it.each([
    ["cost_centres", ["CC-100"], "cost centres CC-100", "1 project used 310.0 GPU-hours", "$775.31"],
    ["gpu_types", ["a100"], "GPU types a100", "1 project used 40.0 GPU-hours", "no cost"],
    ["regions", ["us-east1"], "regions us-east1", "2 projects used 350.0 GPU-hours", "$775.31"],
  ])("can be confined to %s", async (key, values, words, usage, cost) => {
    const text = await confinedTo({ [key]: values });
    expect(text).toContain(`This report is of a part only: ${words}`);
    expect(text).toContain(usage);
    if (cost === "no cost") expect(text).toContain("its cost is not known");
    else expect(text).toContain(cost);
  });

  it("are of what all filters have in common", async () => {
    // H100 is used by Atlas alone, and A100 by the other project.
    const text = await confinedTo({ cost_centres: ["CC-100"], gpu_types: ["A100"] });
    expect(text).toContain("no usage was found of what this report is confined to: cost centres CC-100");
  });

  /** The monthly report as a reader sees it, confined by the keys of `[[report]]`. */
  async function confinedTo(filter: object): Promise<string> {
    const table = {
      name: "x",
      pages: ["monthly" as const],
      organizations: [],
      projects: [],
      cost_centres: [],
      gpu_types: [],
      regions: [],
      ...filter,
    };
    const config = { ...fixture.config, reportSelections: readReportSelections([table], "tally.toml") };
    const { page } = await renderReport({ ...fixture, config }, { month: "2026-10", formats: ["html"] });
    return textOf(readFileSync(page, "utf8"));
  }

  it("can't be confined to what nothing is known of", async () => {
    const selection = readReportSelections(
      [{ name: "x", organizations: [], projects: ["Altas"], cost_centres: [], gpu_types: [], regions: [] }],
      "tally.toml",
    );
    const config = { ...fixture.config, reportSelections: selection };
    await expect(renderReport({ ...fixture, config })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('projects: nothing is known of "Altas"'),
      hint: expect.stringContaining('"Atlas"'),
    });
  });
});

describe("[[report]] in tally.toml", () => {
  const load = (toml: string) => {
    const root = temporaryFolder();
    const path = join(root, "tally.toml");
    writeFileSync(path, toml);
    return () => loadConfig(testEffects({ cwd: root }), path);
  };

  it("is read with what it leaves out filled in", () => {
    const { reportSelections } = load(
      '[[report]]\nname = "Team Ä"\npages = ["weekly"]\nregions = ["us-east1"]',
    )();
    expect(reportSelections).toEqual([
      {
        name: "Team Ä",
        pages: new Set(["weekly"]),
        filter: { organizations: [], projects: [], costCentres: [], gpuTypes: [], regions: ["us-east1"] },
        folder: expect.stringMatching(/^reports\/team-/),
        formats: undefined,
      },
    ]);
  });

  it.each([
    ["an unknown page", 'name = "x"\npages = ["monthly", "yearly"]', "report.0.pages.1"],
    ["no page", 'name = "x"\npages = []', "report.0.pages"],
    ["an unknown format", 'name = "x"\nformats = ["docx"]', "report.0.formats.0"],
    ["an unknown key", 'name = "x"\nproject = ["a"]', "project"],
    ["no name", 'pages = ["monthly"]', "report.0.name"],
    ["a folder that is no text", 'name = "x"\nfolder = 3', "report.0.folder"],
    [
      "a folder that leads out",
      'name = "x"\nfolder = "reports/../../elsewhere"',
      'folder: "reports/../../elsewhere" leads out',
    ],
    [
      "the folder of the data",
      'name = "x"\nfolder = "./data/raw"',
      'folder: "./data/raw" is where tally keeps',
    ],
    ["the workspace itself", 'name = "x"\nfolder = "."', 'folder: "." is where tally keeps'],
    ["a folder with a line break", 'name = "x"\nfolder = "a\\nb"', "holds a control character"],
    [
      "two of one folder",
      'name = "x"\nfolder = "out"\n[[report]]\nname = "y"\nfolder = "OUT/"',
      "both written to",
    ],
  ])("is refused with %s, by the name of the file and the key", (_, toml, key) => {
    let refusal: unknown;
    try {
      load(`[[report]]\n${toml}`)();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ exitCode: 2 });
    expect((refusal as Error).message).toContain("tally.toml");
    expect((refusal as Error).message).toContain(key);
  });
});

describe("how to act on a finding", () => {
  const rules = parse(readFileSync(join(packageRoot, "data", "reference", "idle-rules.csv"), "utf8"), {
    columns: true,
  }) as { rule_id: string; resource_kind: string }[];

  it.each(rules.map(({ rule_id, resource_kind }) => [rule_id, resource_kind] as const))(
    "is known for the rule %s, of a %s",
    (rule_id, resource_kind) => {
      const finding = { rule_id, resource_kind, resource_id: "r-1", resource_name: "one", project_id: "p-1" };
      const action = actionsOf([finding]).get(finding);
      // "Resources" is what an unknown kind gets.
      expect(action?.page).not.toBe("Resources");
      // A command is for what it names: a VM is not deleted as a disk.
      const nouns: Record<string, string> = { vm: "compute vms", disk: "storage disks" };
      if (action?.command) expect(action.command).toContain(`crusoe ${nouns[resource_kind]} `);
    },
  );

  it("has no command for a rule that there is none of", () => {
    expect(rules.length).toBeGreaterThan(20);
    const known = new Set(rules.map(({ rule_id }) => rule_id));
    expect(Object.keys(commands).filter((rule) => !known.has(rule))).toEqual([]);
  });
});

describe("the command for a finding", () => {
  const disk = (name: string | null, more: object = {}) => ({
    rule_id: "unattached_disk",
    resource_kind: "disk",
    resource_id: `id of ${name}`,
    resource_name: name,
    project_id: "5d3f1c0e-0001",
    ...more,
  });
  const commandOf = (...findings: ReturnType<typeof disk>[]) =>
    [...actionsOf(findings).values()].map(({ command }) => command);

  it("can be pasted as it stands, whatever the resource is called", () => {
    expect(commandOf(disk("scratch"), disk("a'; rm -rf ~ #"), disk("-f"))).toEqual([
      "crusoe storage disks delete --project-id 5d3f1c0e-0001 scratch",
      "crusoe storage disks delete --project-id 5d3f1c0e-0001 'a'\\''; rm -rf ~ #'",
      "crusoe storage disks delete --project-id 5d3f1c0e-0001 -- -f",
    ]);
    expect(shellWord("$(x)`y`")).toBe("'$(x)`y`'");
  });

  it("is left out where it could do the wrong thing, and the page is named", () => {
    const twice = [disk("same"), disk("same", { resource_id: "another" })];
    expect(commandOf(...twice, disk("a\nb"), disk("\u202ex"), disk(null))).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect([...actionsOf([disk("a\nb")]).values()][0]?.page).toBe("Storage, Disks");
  });
});

describe("a week", () => {
  it("is that of ISO 8601, also where years meet", () => {
    expect(["2026-11-01", "2026-11-02", "2027-01-03", "2026-12-31", "2024-12-30"].map(weekOf)).toEqual([
      "2026-W44",
      "2026-W45",
      "2026-W53",
      "2026-W53",
      "2025-W01",
    ]);
    expect(lastWeek(new Date("2026-11-03T06:00:00Z"))).toBe("2026-W44");
    expect(weekPeriod("2026-W44", new Date("2026-11-03T06:00:00Z"))).toMatchObject({
      start: "2026-10-26",
      end: "2026-11-02",
      previousStart: "2026-10-19",
      previousWhen: "in week 43",
      isRunning: false,
    });
    expect(() => weekPeriod("2025-W53", new Date("2026-11-03T06:00:00Z"))).toThrow("no ISO week");
  });
});

it("projects of one name, or of none that can be written, have pages of their own", () => {
  const slugs = [
    projectSlug("a", "Team"),
    projectSlug("b", "Team"),
    projectSlug("c", "日本"),
    projectSlug("d", "../.."),
  ];
  expect(new Set(slugs).size).toBe(4);
  for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});
