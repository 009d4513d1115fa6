import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { reportTable } from "../../src/report-selections.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Serving, startServing } from "./serving.ts";

const page = (title: string) => `<html><header><div>head</div></header><h1>${title}</h1></html>`;

function write(folder: string, title: string): void {
  mkdirSync(join(folder, "2026-10"), { recursive: true });
  writeFileSync(join(folder, "index.html"), page(title));
  writeFileSync(join(folder, "2026-10", "index.html"), page(`October of ${title}`));
}

let serving: Serving;
beforeAll(async () => {
  serving = await startServing({
    reports: [
      { name: "All" },
      { name: "Board & Co", folder: "board" },
      { name: "Within", folder: "reports/within" },
    ].map((table) => reportTable.parse(table)),
  });
});
afterAll(() => serving?.close());

it("serves each folder of a [[report]] where it lies, and lists them once there are several", async () => {
  const { root, workspace } = serving.context;
  write(workspace.reports, "everything");
  const alone = await serving.ask("/reports");
  expect([alone.status, alone.headers.location]).toEqual([303, "/reports/"]);

  write(join(root, "board"), "the board");
  const { text } = await serving.ask("/");
  expect(text).toContain('<a href="/reports/">');
  const path = /<a href="(\/report\/[^"]+)">/.exec(text)?.[1] ?? "";
  expect(text.match(/<a href="\/reports?\//g)).toHaveLength(2);
  expect(text).toContain("Board &amp; Co");
  const moved = await serving.ask(`${path}2026-10`);
  expect([moved.status, moved.headers.location]).toEqual([303, `${path}2026-10/index.html`]);
  const october = await serving.ask(`${path}2026-10/index.html`);
  expect(october.text).toContain("October of the board");
  expect(october.text).toContain('aria-label="tally"');
});

it("serves nothing beside those folders", async () => {
  const elsewhere = temporaryFolder();
  writeFileSync(join(elsewhere, "secret.csv"), "a,b\n");
  for (const path of [
    "/report/2-board-co/..%2Ftally.toml",
    "/report/2-board-co/../tally.toml",
    "/report/1-all/index.html",
    "/report/3-within/index.html",
    "/report/9/index.html",
    `/report/2-board-co/${encodeURIComponent(join(elsewhere, "secret.csv"))}`,
  ]) {
    expect((await serving.ask(path)).status, path).toBe(404);
  }
});
