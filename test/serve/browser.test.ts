/// <reference lib="dom" />
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderReport } from "../../src/reports/report.ts";
import { launchBrowser } from "../browser.ts";
import { type Serving, startServing } from "./serving.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;
let serving: Serving;

beforeAll(async () => {
  [browser, serving] = await Promise.all([launchBrowser(), startServing()]);
  await renderReport(serving.context);
});
afterAll(async () => {
  await browser?.close();
  await serving?.close();
});

/** Looks at the app in a new browser, which may say nothing on its console and ask nobody else. */
async function opened(options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ baseURL: serving.url, ...options });
  try {
    const page = await context.newPage();
    const noted: string[] = [];
    page.on("console", (message) => noted.push(message.text()));
    page.on("pageerror", (error) => noted.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(serving.url)) noted.push(request.url());
    });
    await look(page);
    expect(noted).toEqual([]);
  } finally {
    await context.close();
  }
}

const sql = `select date_trunc('month', usage_date)::date as month, sum(cost)::decimal(18, 2) as cost
from fct_cost_daily where project_name = 'Atlas' group by all order by all`;

it("runs a query by Ctrl+Enter, and shows its chart and a table that sorts", async () => {
  await opened({ viewport: { width: 1280, height: 900 } }, async (page) => {
    await page.goto("/sql");
    await page.getByRole("textbox", { name: "Query" }).fill(sql);
    await page.getByRole("textbox", { name: "Query" }).press("Control+Enter");
    await page.getByRole("heading", { name: "Result" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Query" }).inputValue()).toBe(sql);
    const chart = page.getByRole("img", { name: "cost by month, 2026-09-01 to 2026-10-01" });
    expect((await chart.boundingBox())?.height).toBeGreaterThan(150);
    const cells = () => page.locator(".result tbody td").allTextContents();
    expect(await cells()).toEqual(["750.00", "775.31"]);
    await page.getByRole("button", { name: "cost" }).click();
    expect(await cells()).toEqual(["775.31", "750.00"]);
    expect(
      await page
        .locator(".result tbody td")
        .first()
        .evaluate((cell) => getComputedStyle(cell).textAlign),
    ).toBe("right");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download CSV" }).click();
    expect(readFileSync(await (await download).path(), "utf8")).toBe(
      "month,cost\r\n2026-09-01,750.00\r\n2026-10-01,775.31\r\n",
    );
  });
});

it("runs a saved query and shows an error where scripts are off", async () => {
  await opened({ javaScriptEnabled: false }, async (page) => {
    await page.goto("/sql");
    await page.getByRole("link", { name: "@top-spenders" }).click();
    expect(await page.getByRole("textbox", { name: "Query" }).inputValue()).toContain("fct_cost_daily");
    await page.getByRole("textbox", { name: "Query" }).fill("select projct_name from dim_project");
    await page.getByRole("button", { name: "Run" }).click();
    expect(await page.getByRole("alert").textContent()).toMatch(/projct_name.*\n?.*LINE 1/s);
  });
});

it("suppresses a finding, which suppressions.csv then has", async () => {
  await opened({ viewport: { width: 390, height: 844 } }, async (page) => {
    await page.goto("/findings");
    await page.getByRole("link", { name: "Suppress gpu_vm_without_usage of idle node" }).click();
    await page.getByLabel("Reason").fill("A spare, kept warm");
    await page.getByLabel(/^Until/).fill("2026-12-31");
    await page.getByRole("button", { name: "Suppress" }).click();
    await page.getByText("counts from the next run on").waitFor();
    expect(await page.locator("tr", { hasText: "idle node" }).textContent()).toContain("A spare, kept warm");
    expect(readFileSync(serving.context.workspace.csv.suppressions, "utf8")).toBe(
      'rule_id,resource_id,until,reason\ngpu_vm_without_usage,vm-1,2026-12-31,"A spare, kept warm"\n',
    );
  });
});

it("shows the reports as they are, with their charts and scripts, and the way to the rest", async () => {
  await opened({ viewport: { width: 1280, height: 900 } }, async (page) => {
    await page.goto("/");
    await page.getByRole("link", { name: "October 2026" }).first().click();
    await page.getByRole("heading", { level: 1, name: /October 2026/ }).waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.body).margin)).toBe("0px");
    expect(await page.getByRole("button", { name: "Project" }).first().isVisible()).toBe(true);
    await page.getByRole("navigation", { name: "tally" }).getByRole("link", { name: "SQL" }).click();
    await page.getByRole("textbox", { name: "Query" }).waitFor();
  });
});

it.each([
  ["light", 1280],
  ["dark", 390],
] as const)(
  "has nothing that axe would mend, and no page that is too wide: %s, %d px",
  async (colorScheme, width) => {
    await opened({ colorScheme, viewport: { width, height: 900 } }, async (page) => {
      const query = "/findings/suppress?rule_id=unattached_disk&resource_id=disk-1";
      for (const path of ["/sql?saved=top-spenders", "/findings", query]) {
        await page.goto(path);
        expect(await mendable(page), path).toEqual([]);
      }
      await page.goto("/sql");
      await page
        .getByRole("textbox", { name: "Query" })
        .fill(`select usage_date, project_name, sum(gpu_hours) as h, repeat('w', 300) as w
      from fct_gpu_hours_daily group by all order by all`);
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByRole("heading", { name: "Result" }).waitFor();
      expect(await mendable(page)).toEqual([]);
    });
  },
);

async function mendable(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    const { scrollWidth, clientWidth } = document.documentElement;
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`),
      ...(scrollWidth > clientWidth ? [`${scrollWidth} px wide`] : []),
    ];
  });
}
