import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { renderReport } from "../../src/reports/report.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { workspaceWith } from "./analytics.ts";
import { believable } from "./believable.ts";

vi.setConfig({ testTimeout: 240_000 });

// What is to be reached in 5 s by itself; tests share their cores with each other, which slows each of them down.
const secondsAmongOthers = 10;

it("the month of 300 projects and 5,000 findings is made in seconds, weighs less than 4 MB, and has a light page for each project", async () => {
  const fixture = await workspaceWith(temporaryFolder(), (analytics) =>
    believable(analytics, { projects: 300, findings: 5000, since: "2026-08-01" }),
  );
  const before = process.cpuUsage();
  const { page } = await renderReport(fixture, { month: "2026-10" });
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(secondsAmongOthers);

  const folder = join(page, "..");
  const bytesOf = (path: string) => statSync(join(folder, path)).size;
  expect(bytesOf("index.html")).toBeLessThan(4_000_000);
  const projects = readdirSync(join(folder, "projects")).map((file) => `projects/${file}`);
  expect(projects).toHaveLength(300);
  for (const each of ["executive.html", "inventory.html", ...projects]) {
    expect(bytesOf(each), each).toBeLessThan(400_000);
  }
});
