import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findSavedQuery, listSavedQueries } from "../../src/query/saved.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { temporaryFolder } from "../temporary-folder.ts";

function workspaceWith(files: Record<string, string>) {
  const workspace = workspaceAt(temporaryFolder());
  mkdirSync(workspace.queries);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(workspace.queries, name), text);
  return workspace;
}

test("a query of the workspace goes before one that ships, and need not say what it is", async () => {
  const workspace = workspaceWith({
    "top-spenders.sql": "select 1",
    "mine.sql": "/*\ndescription: Mine.\nparams: {from: 2026-10-01, most: 5}\n*/\nselect $from",
    "notes.txt": "no query",
  });
  expect(await findSavedQuery(workspace, "top-spenders")).toMatchObject({ sql: "select 1", isOwn: true });
  expect(await findSavedQuery(workspace, "mine")).toMatchObject({
    description: "Mine.",
    defaults: { from: "2026-10-01", most: "5" },
  });
  const names = (await listSavedQueries(workspace)).map(({ name }) => name);
  expect(names).toContain("mine");
  expect(names).toContain("idle-waste");
  expect(names).toEqual([...names].sort());
});

test("a name that there is not says which there are, and no name leads out of the folder", async () => {
  const workspace = workspaceWith({});
  writeFileSync(join(workspace.root, "secret.sql"), "select 'secret'");
  for (const name of ["nope", "../secret", ""]) {
    await expect(findSavedQuery(workspace, name)).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("@top-spenders"),
    });
  }
});

test("a header that is not as it should be is named with file and line", async () => {
  const workspace = workspaceWith({ "bad.sql": "/*\ndescription: Bad.\nparam: {a: 1}\n*/\nselect 1" });
  await expect(findSavedQuery(workspace, "bad")).rejects.toThrow(/bad\.sql:\d+/);
});
