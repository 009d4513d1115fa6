import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { renderReport } from "../../src/reports/report.ts";
import { browserProgram } from "../browser.ts";
import { testEffects } from "../effects.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { twoProjects, workspaceWith } from "./analytics.ts";

async function printedReport(env: Record<string, string>, paper: "A4" | "Letter" = "A4") {
  const { workspace, config } = await workspaceWith(temporaryFolder(), twoProjects);
  const effects = testEffects({ env });
  const settings = { ...config, reports: { ...config.reports, paper } };
  const context = { effects, workspace, config: settings };
  const { month } = await renderReport(context, { formats: ["pdf"] });
  return { context, folder: join(workspace.reports, month) };
}

const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("tally-print-"));

it("the report is printed as a PDF on the paper of the settings, by the browser that TALLY_BROWSER names", async () => {
  const env = { ...(process.env as Record<string, string>), TALLY_BROWSER: await browserProgram() };
  const { folder, context } = await printedReport(env);
  expect(readdirSync(folder).sort()).toEqual(["executive.pdf", "index.pdf", "inventory.pdf", "projects"]);
  const pdf = readFileSync(join(folder, "index.pdf")).toString("latin1");
  expect(pdf.startsWith("%PDF-")).toBe(true);
  expect(pdf).toMatch(/\/Title ?[(<]/);
  // 210 by 297 mm are 595 by 842 points.
  expect(pdf).toMatch(/\/MediaBox ?\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/);
  expect(pdf).toContain("(D:20261103053000");
  expect(leftovers()).toEqual([]);

  const letter = { ...context.config, reports: { ...context.config.reports, paper: "Letter" as const } };
  await renderReport({ ...context, config: letter }, { formats: ["html", "pdf"] });
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(["index.html", "index.pdf"]));
  expect(readFileSync(join(folder, "index.pdf")).toString("latin1")).toMatch(/\/MediaBox ?\[0 0 612 792\]/);
}, 120_000);

it("where there is no browser, nothing is written, and it is said how to get one", async () => {
  await expect(printedReport({ PATH: temporaryFolder() })).rejects.toMatchObject({
    exitCode: 2,
    message: "A PDF needs a browser to print it, and none was found.",
    hint: expect.stringContaining("TALLY_BROWSER"),
  });
  await expect(printedReport({ CHROME_PATH: "/nowhere/chrome" })).rejects.toMatchObject({
    exitCode: 2,
    message: "CHROME_PATH names /nowhere/chrome, which is no program that can be run.",
  });
});

it("a browser that fails keeps the report that was there, and leaves nothing behind", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "chromium"), "#!/bin/sh\necho 'no display, no luck' >&2\nexit 7\n", {
    mode: 0o755,
  });
  await expect(printedReport({ PATH: `${join(folder, "bin")}:${process.env.PATH}` })).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining("could not print the report: it ended: no display, no luck"),
  });
  expect(leftovers()).toEqual([]);
});
