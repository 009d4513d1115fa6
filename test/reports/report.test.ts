import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { renderReport } from "../../src/reports/report.ts";
import { replaceFolder } from "../../src/reports/write.ts";
import type { Warehouse } from "../../src/warehouse.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { emptyOrganization, twoProjects, workspaceWith } from "./analytics.ts";
import { believable } from "./believable.ts";

type Fill = (analytics: Warehouse) => Promise<void>;

const and =
  (fill: Fill, sql: string): Fill =>
  async (analytics) => {
    await fill(analytics);
    await analytics.run(sql);
  };

async function rendered(fill: Fill, options: Parameters<typeof renderReport>[1] = {}, now?: string) {
  const fixture = await workspaceWith(temporaryFolder(), fill, now);
  const result = await renderReport(fixture, options);
  const folder = join(fixture.workspace.reports, result.month);
  return {
    ...result,
    fixture,
    folder,
    html: result.page.endsWith(".html") ? readFileSync(result.page, "utf8") : "",
    text: result.page.endsWith(".html") ? textOf(readFileSync(result.page, "utf8")) : "",
    csv: (name: string) => readFileSync(join(folder, name), "utf8").split("\r\n"),
    index: readFileSync(join(fixture.workspace.reports, "index.html"), "utf8"),
  };
}

/** What a reader sees of the page, near enough: no tags, one blank between words. */
function textOf(html: string): string {
  return html
    .replace(
      /<style>[\s\S]*?<\/style>|<pre[\s\S]*?<\/pre>|<script[\s\S]*?<\/script>|<svg[\s\S]*?<\/svg>/g,
      "",
    )
    .replace(/<[^>]+>/g, " ")
    .replace(/&quot;/g, '"')
    .replace(/[\u2068\u2069]/g, "")
    .replace(/\s+/g, " ")
    .replace(/ ([,.;:])/g, "$1");
}

function filesOf(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path), readFileSync(path, "utf8")];
      }),
  );
}

describe("the report of a month", () => {
  it("is of the last complete month, with a CSV for each of its tables", async () => {
    const { month, page, folder } = await rendered(twoProjects);
    expect(month).toBe("2026-10");
    expect(page).toBe(join(folder, "index.html"));
    expect(readdirSync(folder).sort()).toEqual([
      "anomalies.csv",
      "budget-days.csv",
      "budgets.csv",
      "cost-by-cost-centre.csv",
      "cost-by-gpu-type.csv",
      "cost-by-organization.csv",
      "cost-by-project.csv",
      "cost-by-region.csv",
      "coverage.csv",
      "datapackage.json",
      "executive.html",
      "gpu-hours-by-day.csv",
      "gpu-hours-by-project.csv",
      "gpu-hours-by-type.csv",
      "gpu-hours-trend.csv",
      "headline.csv",
      "idle-changes.csv",
      "idle-findings.csv",
      "idle-savings.csv",
      "index.html",
      "inventory.csv",
      "inventory.html",
      "months.csv",
      "outlook.csv",
      "project-days.csv",
      "project-figures.csv",
      "project-types.csv",
      "projects",
      "reconciliation.csv",
      "reservation-days.csv",
      "reservation-sizes.csv",
      "reservations.csv",
      "top-movers.csv",
      "top-resources.csv",
      "unpriced-usage.csv",
    ]);
  });

  it("has the figures that a hand reckons, each with its change", async () => {
    const { csv, text } = await rendered(twoProjects);
    expect(csv("headline.csv").slice(0, 10)).toEqual([
      "figure,unit,value,previous_value,change",
      "gpu_hours,GPU-hours,350.00,300.00,50.00",
      "cost,USD,775.31,750.00,25.31",
      "unpriced_gpu_hours,GPU-hours,40.00,0.00,40.00",
      "unpriced_resource_types,resource types,1.00,0.00,1.00",
      "active_projects,projects,2.00,1.00,1.00",
      "idle_waste_per_month,USD,1234.565,,",
      "idle_findings,resources,2.00,,",
      "new_idle_findings,resources,1.00,,",
      "unpriced_idle_findings,resources,1.00,,",
    ]);
    // (350 − 300) / 300 and (775.31 − 750) / 750; 1234.565 rounds half away from zero.
    for (const figure of [
      "350.0",
      "+16.7%",
      "$775.31",
      "+3.4%",
      "$1,234.57",
      "11.4% of all; 1 resource type without a price",
    ]) {
      expect(text).toContain(figure);
    }
  });

  it("sums up in sentences computed from the data", async () => {
    const { text } = await rendered(twoProjects);
    expect(text).toContain(
      "In October 2026, 2 projects used 350.0 GPU-hours, 16.7% more than in September. " +
        "Of the projects, Borealis rose most, by 40.0 GPU-hours. " +
        "In October 2026, 5 Oct stands out, driven by Borealis +4.00 GPU-hours (100 %). " +
        "The usage that has a price cost $775.31 (sample prices), 3.4% more than in September; " +
        "40.0 GPU-hours have no price and are not in it. " +
        "Acting on 2 idle resources would save up to $1,234.57 a month (sample prices). " +
        "Every day of every project was read, so the figures are whole.",
    );
  });

  it("agrees with itself: by day, type and project, and by resource", async () => {
    const { csv } = await rendered(twoProjects);
    expect(csv("gpu-hours-by-type.csv")).toEqual([
      "gpu_type,gpu_hours,previous_gpu_hours,change_gpu_hours,active_days",
      "H100,310.00,300.00,10.00,31",
      "A100,40.00,0.00,40.00,10",
      "",
    ]);
    expect(csv("gpu-hours-by-project.csv")).toEqual([
      "project_id,project_name,gpu_hours,reserved_gpu_hours,previous_gpu_hours,change_gpu_hours,active_days,organization_id",
      "p-atlas,Atlas,310.00,0.00,300.00,10.00,31,org",
      "p-borealis,Borealis,40.00,0.00,0.00,40.00,10,org",
      "",
    ]);
    const days = csv("gpu-hours-by-day.csv");
    expect(days.slice(0, 3)).toEqual([
      "usage_date,gpu_type,gpu_hours",
      "2026-10-01,A100,4.00",
      "2026-10-01,H100,10.00",
    ]);
    expect(days).toHaveLength(1 + 10 + 31 + 1);
    expect(csv("top-resources.csv").slice(1, -1)).toEqual([
      "r-h100-80gb-sxm-ib.1x,node h100-80gb-sxm-ib.1x,p-atlas,Atlas,us-east1,h100-80gb-sxm-ib.1x,H100,gpu-hours,310.00,310.00,USD,775.00,31",
      // 2 instance-hours of two GPUs on 10 days.
      "r-a100-80gb.2x,node a100-80gb.2x,p-borealis,Borealis,us-east1,a100-80gb.2x,A100,instance-hours,20.00,40.00,,,10",
      "r-persistent-ssd,node persistent-ssd,p-atlas,Atlas,us-east1,persistent-ssd,,gib-hours,3100.00,,USD,0.31,31",
    ]);
  });

  it("shows cost where there is a price, and hours by name where there is none", async () => {
    const { csv, text } = await rendered(twoProjects);
    expect(csv("cost-by-project.csv").slice(1)).toEqual([
      "p-atlas,Atlas,CC-100,USD,775.31,750.00,25.31,310.00,0.00,org",
      "p-borealis,Borealis,,USD,,,,40.00,40.00,org",
      "",
    ]);
    expect(csv("cost-by-cost-centre.csv").slice(1)).toEqual([
      "CC-100,1,USD,775.31,750.00,25.31,310.00,0.00",
      ",1,USD,,,,40.00,40.00",
      "",
    ]);
    expect(csv("unpriced-usage.csv").slice(1)).toEqual([
      "a100-80gb.2x,instance-hours,A100,20.00,40.00,1,2026-10-01,2026-10-10",
      "",
    ]);
    expect(text).toContain("No price applies to usage of a100-80gb.2x: 40.0 GPU-hours.");
    expect(text).not.toContain("Borealis $0.00");
  });

  it("names idle resources with their evidence and waste, suppressed ones apart", async () => {
    const { html, text, csv } = await rendered(twoProjects);
    expect(text).toContain(
      "2 resources were idle as of 3 November 2026, 05:30 UTC, and waste $1,234.57 a month.",
    );
    expect(text).toContain("Running for 14 days while no H100 usage was metered.");
    expect(html.indexOf("kept on purpose")).toBeGreaterThan(html.indexOf("1 suppressed finding"));
    expect(text).toContain("Suppressed until 31 Dec 2026: Kept for the audit");
    expect(csv("idle-findings.csv")).toHaveLength(1 + 3 + 1);
  });

  it("counts a cost once that two findings speak of, and says which one does", async () => {
    const overlap = `
      update fct_idle_findings
      set monthly_waste = 1200, counted_monthly_waste = 0, currency = 'USD', overlaps_rule_id = 'gpu_vm_without_usage'
      where resource_id = 'disk-1'`;
    const { text, csv } = await rendered(and(twoProjects, overlap));
    expect(csv("headline.csv")).toContain("idle_waste_per_month,USD,1234.565,,");
    expect(text).toContain("waste $1,234.57 a month.");
    expect(text).toContain("$1,200.00 not in the sum: counted by gpu_vm_without_usage");
    expect(text).not.toContain("2,434.57");
  });

  it("marks the days that stand out, with the reason", async () => {
    const { text, csv } = await rendered(twoProjects);
    expect(text).toContain("14.0 GPU-hours, 40% above the mean of 28 days");
    expect(csv("anomalies.csv")).toHaveLength(3);
  });

  it("says how it was made, from which data, and by which version", async () => {
    const { text } = await rendered(twoProjects);
    expect(text).toContain("Data built at 3 November 2026, 05:30 UTC");
    expect(text).toContain("Made by tally 0.1.0");
    expect(text).not.toMatch(/\bnull\b|undefined|NaN|Infinity/);
    expect(text).toContain("Period 1 October 2026 to 31 October 2026");
  });

  it("shows the label of the prices wherever a cost shows, unless they are the user's own file", async () => {
    const { html } = await rendered(twoProjects);
    for (const section of [
      "headline",
      "cost-by-project",
      "cost-by-cost-centre",
      "top-resources",
      "idle-findings",
    ]) {
      expect(html.split(`<section id="${section}"`)[1]?.split("</section>")[0], section).toContain(
        '<span class="mark">sample prices</span>',
      );
    }
    const own = await rendered(and(twoProjects, "update meta_build set price_label = 'prices.csv'"));
    expect(own.html).not.toContain('class="mark"');
    expect(own.text).toContain("cost $775.31, 3.4% more");
  });

  it("is one page whose only scripts are ours, which may ask for nothing", async () => {
    const { html: whole } = await rendered(twoProjects);
    const scripts = [...whole.matchAll(/<script type="module">(.*?)<\/script>/gs)].map(
      ([, script]) => script,
    );
    const hashes = scripts.map((script) =>
      createHash("sha256")
        .update(script ?? "")
        .digest("base64"),
    );
    expect(scripts.length).toBeGreaterThan(0);
    expect(whole).toContain(
      `default-src 'none'; script-src ${hashes.map((hash) => `'sha256-${hash}'`).join(" ")}; style-src`,
    );
    for (const script of scripts) {
      expect(script).not.toMatch(/\b(eval|Function|fetch|XMLHttpRequest|WebSocket|import|innerHTML)\b/);
    }
    const html = whole.replace(/<script type="module">.*?<\/script>/gs, "");
    expect(html).not.toMatch(/<script|<link rel="stylesheet"|<img|<iframe|\son[a-z]+=|style="/);
    expect(
      html.match(
        /(href|src)="(?!#|data:|[a-z-]+\.csv"|\.\.\/index\.html"|(executive|inventory|projects\/[a-z0-9-]+)\.html")/g,
      ),
    ).toBeNull();
  });
});

describe("the month of a report", () => {
  it("can be named", async () => {
    const { month, csv, text } = await rendered(twoProjects, { month: "2026-09" });
    expect(month).toBe("2026-09");
    expect(csv("headline.csv")[1]).toBe("gpu_hours,GPU-hours,300.00,,");
    expect(text).toContain("no month before to compare with");
    expect(text).toContain("n/a no month before");
  });

  it("is refused where it has no data, with those that have", async () => {
    const fixture = await workspaceWith(temporaryFolder(), twoProjects);
    await expect(renderReport(fixture, { month: "2025-01" })).rejects.toMatchObject({
      exitCode: 2,
      message: "There are no data for 2025-01.",
      hint: "There are for 2026-09 to 2026-11.",
    });
  });

  it("is marked as running while it does, and compared with as many days", async () => {
    const { month, text, html } = await rendered(twoProjects, { month: "2026-10" }, "2026-10-11T06:00:00Z");
    expect(month).toBe("2026-10");
    expect(html).toContain("still running");
    expect(text).toContain("In October 2026 so far,");
  });

  it("counts as many days of the month before while it runs", async () => {
    const till = "delete from {} where usage_date > '2026-10-10'";
    const cut = [
      "fct_cost_daily",
      "fct_gpu_hours_daily",
      "fct_resource_usage_daily",
      "fct_gpu_hours_trend",
      "fct_usage_coverage",
    ]
      .map((table) => till.replace("{}", table))
      .join(";");
    const { csv, text } = await rendered(and(twoProjects, cut), { month: "2026-10" }, "2026-10-11T06:00:00Z");
    // 10 days of 14 against 10 days of 10.
    expect(csv("headline.csv")[1]).toBe("gpu_hours,GPU-hours,140.00,100.00,40.00");
    expect(text).toContain("140.0 GPU-hours, 40.0% more than on 1\u201310 September.");
  });
});

describe("a report that rests on gaps", () => {
  const failed = `
    update fct_usage_coverage set status = 'failed', read_at = null, message = 'GET usage: 503'
    where stream = 'usage' and project_id = 'p-borealis' and usage_date between '2026-10-05' and '2026-10-07'`;

  it("says so near its top, in its summary and by day and project", async () => {
    const { text, csv, html } = await rendered(and(twoProjects, failed));
    expect(text.indexOf("Data are missing. On 3 days of October 2026")).toBeGreaterThan(0);
    expect(text.indexOf("Data are missing.")).toBeLessThan(text.indexOf("In October 2026, 2 projects"));
    expect(text).toContain(
      "Usage of 3 project-days in October 2026 could not be read in full, so these figures are too low and the change is not like with like.",
    );
    expect(text).toContain("59 of 62 project-days in October 2026 were read");
    expect(csv("coverage.csv")[1]).toBe(
      "usage,p-borealis,Borealis,failed,2026-10-05,2026-10-07,3,,GET usage: 503,org,org",
    );
    expect(html).toContain('<section id="coverage"');
  });

  it("says so where only the month before has them", async () => {
    const { text } = await rendered(and(twoProjects, failed.replaceAll("2026-10", "2026-09")));
    expect(text).not.toContain("Data are missing.");
    expect(text).toContain(
      "The comparison is not like with like. Usage on 3 days of September could not be read in full.",
    );
  });

  it("takes a day that was read before it had ended for one", async () => {
    const partial = `update fct_usage_coverage set status = 'partial', read_at = '2026-10-31 12:00:00' where usage_date = '2026-10-31'`;
    const { text, csv } = await rendered(and(twoProjects, partial));
    expect(text).toContain("Data are missing. On 1 day of October 2026");
    expect(csv("coverage.csv")[1]).toContain("partial,2026-10-31,2026-10-31,1,2026-10-31T12:00:00Z");
  });

  it("takes days after the last that was read for some", async () => {
    const stale = `
      delete from fct_usage_coverage where usage_date > '2026-10-20';
      delete from fct_cost_daily where usage_date > '2026-10-20'`;
    const { text, csv } = await rendered(and(twoProjects, stale));
    expect(text).toContain("Data are missing. On 11 days of October 2026");
    expect(csv("coverage.csv")[1]).toBe("usage,,,not_yet,2026-10-21,2026-10-31,11,,,,");
  });

  it("does not take a day without usage for one", async () => {
    const idle = `
      delete from fct_cost_daily where usage_date = '2026-10-31';
      delete from fct_gpu_hours_daily where usage_date = '2026-10-31'`;
    const { text, csv } = await rendered(and(twoProjects, idle));
    expect(text).not.toContain("Data are missing.");
    expect(csv("gpu-hours-by-day.csv").at(-2)).toBe("2026-10-31,,0.00");
  });
});

describe("usage that was held against usage by resource and the inventory", () => {
  it("is told by how much of it agrees, and what differs, the unexplained first", async () => {
    const { text, csv } = await rendered(
      and(
        twoProjects,
        `insert into fct_usage_reconciliation by name
         select 'org' as organization_id, day::date as usage_date, 'p-atlas' as project_id, 'us-east1' as region,
           'h100' as resource_type, 'gpu-hours' as billable_metric, 10 as usage_quantity,
           'agrees' as resource_status, 'agrees' as inventory_status, 'agrees' as status
         from range(date '2026-10-01', date '2026-10-29', interval 1 day) days (day);
         insert into fct_usage_reconciliation by name
         select 'org' as organization_id, date '2026-10-29' as usage_date, 'p-atlas' as project_id, 'h100' as resource_type,
           'gpu-hours' as billable_metric, 10 as usage_quantity, 7.5 as resource_difference,
           'unexplained' as resource_status, 'agrees' as inventory_status, 'unexplained' as status,
           'By project it is 10, by resource 2.5 in 1 row.' as explanation;
         insert into fct_usage_reconciliation by name
         select 'org' as organization_id, day::date as usage_date, 'p-atlas' as project_id, 'h100' as resource_type,
           'gpu-hours' as billable_metric, 10 as usage_quantity, -20 - day(day) as inventory_difference,
           'agrees' as resource_status, 'explained' as inventory_status, 'explained' as status,
           day(day) || ' VMs were made within the day.' as explanation
         from range(date '2026-10-30', date '2026-11-01', interval 1 day) days (day);
         insert into fct_usage_reconciliation by name
         select 'org' as organization_id, date '2026-10-29' as usage_date, 'p-borealis' as project_id, 'disk' as resource_type,
           'gib-hours' as billable_metric, 'not_comparable' as resource_status, 'not_comparable' as inventory_status,
           'not_comparable' as status`,
      ),
    );
    expect(text).toContain(
      "of 31 figures of October 2026, 28 agree, 2 differ for a known reason, and 1 differs without one. 1 figure has nothing to be compared with.",
    );
    expect(csv("reconciliation.csv").slice(1, 5)).toEqual([
      'unexplained,p-atlas,Atlas,h100,gpu-hours,1,1,2026-10-29,2026-10-29,10.00,7.50,2026-10-29,"By project it is 10, by resource 2.5 in 1 row."',
      "explained,p-atlas,Atlas,h100,gpu-hours,2,2,2026-10-30,2026-10-31,20.00,-51.00,2026-10-31,31 VMs were made within the day.",
      "agrees,,,h100,gpu-hours,28,28,2026-10-01,2026-10-28,280.00,,,",
      "not_comparable,,,disk,gib-hours,1,1,2026-10-29,2026-10-29,,,,",
    ]);
  });
});

describe("prices in more than one currency", () => {
  it("are never added up", async () => {
    const euros = `
      update fct_cost_daily set currency = 'EUR', cost = 100 where project_id = 'p-borealis' and usage_date = '2026-10-01';
      update fct_idle_findings set monthly_waste = 70, counted_monthly_waste = 70, currency = 'EUR' where resource_id = 'disk-1'`;
    const { text, csv } = await rendered(and(twoProjects, euros));
    expect(csv("headline.csv").filter((line) => /^(cost|idle_waste)/.test(line))).toEqual([
      "cost,USD,775.31,750.00,25.31",
      "cost,EUR,100.00,,",
      "idle_waste_per_month,USD,1234.565,,",
      "idle_waste_per_month,EUR,70.00,,",
    ]);
    expect(text).toContain("cost $775.31 and €100.00");
    expect(text).toContain("save up to $1,234.57 and €70.00 a month");
    expect(text).not.toMatch(/875\.31|1,304\.57/);
  });
});

describe("usage without any price", () => {
  it("has no cost, not even zero", async () => {
    const { text, csv } = await rendered(
      and(
        twoProjects,
        "update fct_cost_daily set cost = null, unit_price = null; update fct_idle_findings set monthly_waste = null, counted_monthly_waste = null, currency = null",
      ),
    );
    expect(csv("headline.csv")[2]).toBe("cost,USD,,,");
    expect(text).toContain("No price applies to this usage, so its cost is not known.");
    expect(text).not.toContain("$");
  });
});

describe("an organisation that uses no GPU", () => {
  it("has its cost, and says that no GPU was used", async () => {
    const { text, csv } = await rendered(
      and(
        twoProjects,
        `
        delete from fct_cost_daily where gpu_hours is not null;
        delete from fct_gpu_hours_daily;
        delete from fct_gpu_hours_trend`,
      ),
    );
    expect(csv("headline.csv").slice(1, 3)).toEqual([
      "gpu_hours,GPU-hours,0.00,0.00,0.00",
      "cost,USD,0.31,0.00,0.31",
    ]);
    expect(text).toContain("No GPU was used in October 2026.");
    expect(text).toContain("All usage of October 2026 has a price.");
    expect(text).not.toMatch(/null|undefined|NaN|Infinity/);
  });
});

describe("an empty organisation", () => {
  it("has a page that says that there is no usage yet", async () => {
    const { month, text, csv, index } = await rendered(emptyOrganization);
    expect(month).toBe("2026-10");
    expect(text).toContain("There is no usage yet");
    expect(csv("gpu-hours-by-project.csv")).toHaveLength(2);
    expect(index).toContain("2026-10/index.html");
  });

  it("has it also where its projects were read", async () => {
    const { text } = await rendered(
      and(
        emptyOrganization,
        "insert into fct_usage_coverage select 'org', 'p', 'P', day::date, 'usage', 'complete', '2026-11-03', null from range(date '2026-10-01', date '2026-11-01', interval 1 day) days (day)",
      ),
    );
    expect(text).toContain("There is no usage yet");
  });

  it("has no report of a named month", async () => {
    const fixture = await workspaceWith(temporaryFolder(), emptyOrganization);
    await expect(renderReport(fixture, { month: "2026-10" })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("an organisation whose every name is hostile", () => {
  const evil = `<script>alert(1)</script>"'=cmd|' /C calc'!A0\r\n\u202e${"x".repeat(260)}`;
  const literal = `'${evil.replaceAll("'", "''")}'`;
  const hostile = and(
    twoProjects,
    `
    update fct_cost_daily set project_name = ${literal}, cost_centre = '=1+1,"', region = ${literal}, resource_type = ${literal} || resource_type, gpu_type = case when gpu_type is not null then ${literal} || gpu_type end;
    update fct_gpu_hours_daily set project_name = ${literal}, region = ${literal}, resource_type = ${literal} || resource_type, gpu_type = ${literal} || gpu_type;
    update fct_resource_usage_daily set resource_name = '@' || ${literal}, region = ${literal}, resource_type = ${literal} || resource_type;
    update fct_idle_findings set resource_name = '-' || ${literal}, project_name = ${literal}, location = ${literal}, evidence = ${literal}, severity = ${literal}, rule_title = ${literal};
    update fct_gpu_hours_trend set anomaly_reason = ${literal};
    update fct_usage_coverage set project_name = ${literal}, status = 'failed', message = ${literal} where usage_date = '2026-10-03';
    update meta_build set price_label = ${literal}, tally_version = ${literal}`,
  );

  it("is text in the page", async () => {
    const { html, index } = await rendered(hostile);
    for (const page of [html, index]) {
      const markup = page.replace(/<script type="module">.*?<\/script>/gs, "");
      expect(markup).not.toBe(page);
      expect(/<script|<[^>]*\son\w+=|\u202e/.exec(markup)).toBeNull();
    }
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });

  it("is text in every CSV", async () => {
    const { folder } = await rendered(hostile);
    for (const [name, text] of filesOf(folder)) {
      if (name.endsWith(".csv")) expect(text, name).not.toMatch(/(^|,)"?[=@]/m);
    }
    expect(filesOf(folder).get("cost-by-cost-centre.csv")).toContain(`"'=1+1,"""`);
  });
});

describe("writing a report again", () => {
  it("gives the same bytes, in any time zone", async () => {
    const zone = process.env.TZ;
    try {
      process.env.TZ = "UTC";
      const { fixture, folder } = await rendered((analytics) => believable(analytics));
      const first = filesOf(folder);
      const index = readFileSync(join(fixture.workspace.reports, "index.html"), "utf8");
      process.env.TZ = "Pacific/Auckland";
      await renderReport(fixture);
      for (const [name, text] of filesOf(folder)) expect(text === first.get(name), name).toBe(true);
      expect(readFileSync(join(fixture.workspace.reports, "index.html"), "utf8") === index).toBe(true);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("replaces the folder whole, and leaves nothing beside it", async () => {
    const { fixture, folder } = await rendered(twoProjects);
    writeFileSync(join(folder, "from-before.csv"), "old");
    await renderReport(fixture);
    expect(readdirSync(folder)).not.toContain("from-before.csv");
    expect(readdirSync(fixture.workspace.reports).sort()).toEqual([
      "2026-10",
      "2026-W44",
      "findings.json",
      "index.html",
    ]);
  });

  it("keeps the last one where it fails", async () => {
    const { fixture, folder, html } = await rendered(twoProjects);
    const broken = await workspaceWith(temporaryFolder(), async (analytics) => {
      await twoProjects(analytics);
      await analytics.run("drop table fct_idle_findings");
    });
    await expect(
      renderReport({
        ...fixture,
        workspace: { ...fixture.workspace, analytics: broken.workspace.analytics },
      }),
    ).rejects.toThrow("fct_idle_findings");
    expect(readFileSync(join(folder, "index.html"), "utf8")).toBe(html);
    expect(readdirSync(fixture.workspace.reports).sort()).toEqual([
      "2026-10",
      "2026-W44",
      "findings.json",
      "index.html",
    ]);
  });

  it("keeps the last one, whole, where writing fails in the middle", async () => {
    const { folder, fixture } = await rendered(twoProjects);
    const before = filesOf(folder);
    const files = new Map<string, string | Uint8Array>([
      ["index.html", "new"],
      ["projects/atlas.html", "new"],
      // No file can be written below another one.
      ["index.html/below.csv", "new"],
    ]);
    await expect(replaceFolder(fixture.workspace.reports, "2026-10", files)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(`${folder} can't be written`),
      hint: expect.stringContaining("The report that was there is kept."),
    });
    expect(filesOf(folder)).toEqual(before);
    expect(readdirSync(fixture.workspace.reports).sort()).toEqual([
      "2026-10",
      "2026-W44",
      "findings.json",
      "index.html",
    ]);
  });

  it("clears away what a killed process left, and puts back what it had moved", async () => {
    const { fixture } = await rendered(twoProjects);
    const { reports } = fixture.workspace;
    const gone = 2 ** 22 + 1;
    mkdirSync(join(reports, `.2026-10.tmp-${gone}`));
    writeFileSync(join(reports, `.2026-10.tmp-${gone}`, "index.html"), "half");
    mkdirSync(join(reports, `.2026-10.old-${gone}`));
    mkdirSync(join(reports, `.2026-09.old-${gone}`));
    writeFileSync(join(reports, `.2026-09.old-${gone}`, "index.html"), "September");
    await renderReport(fixture);
    expect(readdirSync(reports).sort()).toEqual([
      "2026-09",
      "2026-10",
      "2026-W44",
      "findings.json",
      "index.html",
    ]);
    expect(readFileSync(join(reports, "2026-09", "index.html"), "utf8")).toBe("September");
  });

  it("writes only what is asked for", async () => {
    const { folder, page, index } = await rendered(twoProjects, { formats: ["csv"] });
    expect(page).toBe(folder);
    expect(readdirSync(folder)).not.toContain("index.html");
    expect(index).toContain("CSV only");
    const html = await rendered(twoProjects, { formats: ["html"] });
    expect(readdirSync(html.folder).sort()).toEqual([
      "executive.html",
      "index.html",
      "inventory.html",
      "projects",
    ]);
    expect(html.html).not.toContain('.csv" download');
  });
});

describe("the list of months", () => {
  it("has every month with data, and links to those that have a page", async () => {
    const { fixture } = await rendered(twoProjects, { month: "2026-09" });
    await renderReport(fixture);
    const index = readFileSync(join(fixture.workspace.reports, "index.html"), "utf8");
    expect(index).toContain('<a href="2026-09/index.html">September 2026</a>');
    expect(index).toContain('<a href="2026-10/index.html">October 2026</a>');
    expect(index.indexOf("October 2026</a>")).toBeLessThan(index.indexOf("September 2026</a>"));
    expect(textOf(index)).toContain("350.0 ▲ +16.7% $775.31 40.0 whole");
  });
});

describe("the list of months, and of what is idle", () => {
  it("says how fresh the data are, and how much of them is missing", async () => {
    const { index } = await rendered(
      and(
        twoProjects,
        `update fct_usage_coverage set status = 'failed' where project_id = 'p-atlas' and usage_date >= '2026-10-31'`,
      ),
      {},
      "2026-11-05T06:00:00Z",
    );
    // 63 days of two projects from 1 September to 2 November, of which Atlas lacks three.
    expect(textOf(index)).toContain(
      "The data were built on 3 November 2026, 05:30 UTC, 2 days before this list was written. " +
        "Usage was last read on 3 November 2026, 05:00 UTC; the last day that is whole for every project is " +
        "30 October 2026, 5 days short of yesterday. The last usage is of 31 October 2026. " +
        "123 of 126 project-days were read in full (97.6%). 2 resources are idle.",
    );
  });

  it("draws GPU-hours and cost by month", async () => {
    const { index } = await rendered(twoProjects);
    expect(textOf(index)).toContain(
      "GPU-hours were 300.0 in September 2026 and 0.0 in November 2026, which still runs. Cost (sample prices) was $750.00 in September 2026 and $775.31 in October 2026.",
    );
    expect(index).toContain("Bars of GPU-hours by month.");
    expect(index).toContain("Bars of cost (sample prices) by month.");
  });

  it("has a feed of open findings for other tools, exact, with what to do", async () => {
    const { fixture } = await rendered(twoProjects);
    const text = readFileSync(join(fixture.workspace.reports, "findings.json"), "utf8");
    const feed = JSON.parse(text);
    expect(feed).toMatchObject({
      schema_version: 1,
      generated_at: "2026-11-03T05:30:00Z",
      generated_by: "tally 0.1.0",
      prices: "sample prices",
    });
    expect(feed.findings.map(({ resource_id }: { resource_id: string }) => resource_id)).toEqual([
      "vm-1",
      "disk-1",
    ]);
    expect(feed.findings[0]).toEqual({
      rule_id: "gpu_vm_without_usage",
      rule_title: "GPU VM up without usage",
      severity: "high",
      status: "open",
      resource_kind: "vm",
      resource_id: "vm-1",
      resource_name: "idle node",
      project_id: "p-atlas",
      project_name: "Atlas",
      location: "us-east1-a",
      idle_since: "2026-10-20T00:00:00Z",
      idle_days: 14,
      monthly_waste: 1234.565,
      counted_monthly_waste: 1234.565,
      currency: "USD",
      evidence: "Running for 14 days while no H100 usage was metered.",
      action: "Stop it.",
      first_seen_at: "2026-10-22T00:00:00Z",
      last_seen_at: "2026-11-03T00:00:00Z",
    });
    expect(feed.findings[1]).toMatchObject({ monthly_waste: null, currency: null, action: "Delete it." });
  });

  it("has an empty feed where nothing is idle", async () => {
    const { fixture, index } = await rendered(emptyOrganization);
    expect(
      JSON.parse(readFileSync(join(fixture.workspace.reports, "findings.json"), "utf8")).findings,
    ).toEqual([]);
    expect(textOf(index)).toContain("No usage has been read in full yet. No resource is idle.");
  });
});

it("says what to run where nothing is published yet", async () => {
  const fixture = await workspaceWith(temporaryFolder(), emptyOrganization);
  const nowhere = { ...fixture.workspace, analytics: join(fixture.workspace.root, "none.duckdb") };
  await expect(renderReport({ ...fixture, workspace: nowhere })).rejects.toMatchObject({
    exitCode: 2,
    hint: expect.stringContaining("tally run"),
  });
});
