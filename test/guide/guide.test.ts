import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { openModelConnection } from "../../src/models/context.ts";
import { loadSeeds } from "../../src/models/seeds.ts";
import { packageRoot } from "../../src/package.ts";
import { createProgram } from "../../src/program.ts";
import { listSavedQueries } from "../../src/query/saved.ts";
import { wordsOf } from "../../src/shell/words.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { refusal, tallyCalls } from "./command-lines.ts";
import { pages, snippets } from "./snippets.ts";

const all = snippets();
const of = (language: string) => all.filter((snippet) => snippet.language === language);
const read = (page: string) => readFileSync(join(packageRoot, page), "utf8");
const calls = of("sh").flatMap(({ at, text }) => tallyCalls(text).map((words) => ({ at, words })));

describe("what the guide and the README say", () => {
  it("each command line is one that tally takes", () => {
    expect(calls.length).toBeGreaterThan(50);
    const refused = calls.flatMap(({ at, words }) => {
      const why = refusal(words);
      return why === undefined ? [] : [`${at}: tally ${words.join(" ")}: ${why}`];
    });
    expect(refused).toEqual([]);
  });

  it("each command in the text is one that tally has, with options that it has", () => {
    const program = wordsOf(createProgram());
    const known = new Map(
      program.commands.map(({ name, options }) => [name, options.map(({ long }) => long)]),
    );
    const globals = program.options.map(({ long }) => long);
    const wrong = of("").flatMap(({ at, text }) => {
      const [, name] = /^(?:npx )?tally ([a-z]+)/.exec(text) ?? [];
      if (name === undefined) return [];
      const options = known.get(name);
      if (!options) return [`${at}: there is no tally ${name}`];
      const named = text.match(/--[a-z][a-z-]*/g) ?? [];
      return named
        .filter((option) => !options.includes(option) && !globals.includes(option))
        .map((option) => `${at}: tally ${name} has no ${option}`);
    });
    expect(wrong).toEqual([]);
  });

  it("each command is told in the README", () => {
    const told = new Set(of("").map(({ text }) => /^tally ([a-z]+)/.exec(text)?.[1]));
    const missing = wordsOf(createProgram()).commands.filter(({ name }) => !told.has(name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("each saved query that it names ships", async () => {
    const shipped = (await listSavedQueries({ queries: "/nowhere" })).map(({ name }) => name);
    const named = [...calls.map(({ words }) => words.join(" ")), ...of("").map(({ text }) => text)].flatMap(
      (text) => text.match(/(?<=^(?:tally )?sql @)[a-z-]+/) ?? [],
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !shipped.includes(name))).toEqual([]);
  });

  it("each piece of tally.toml is one that tally takes", () => {
    expect(of("toml").length).toBeGreaterThan(8);
    const folder = temporaryFolder();
    const refused = of("toml").flatMap(({ at, text }) => {
      const file = join(folder, "tally.toml");
      writeFileSync(file, text);
      try {
        loadConfig(testEffects({ cwd: folder }), file);
        return [];
      } catch (error) {
        return [`${at}: ${error instanceof Error ? error.message : error}`];
      }
    });
    expect(refused).toEqual([]);
  });

  it("each CSV of the workspace can be loaded as it stands there", async () => {
    const root = temporaryFolder();
    const template = new Map(
      ["prices", "exchange-rates", "cost-centres", "budgets", "shared-costs", "suppressions"].map((name) => [
        read(`data/workspace/${name}.csv`).trim(),
        `${name}.csv`,
      ]),
    );
    await writeWorkspace(root);
    for (const { at, text } of of("csv")) {
      const name = template.get(text.split("\n", 1)[0] ?? "");
      expect(name, `${at} has the header of no file of a workspace`).toBeDefined();
      writeFileSync(join(root, name ?? ""), text);
    }
    expect(of("csv").length).toBeGreaterThan(4);
    const memory = await openWarehouse(":memory:", { memoryLimit: "256MB", threads: 1 });
    try {
      const connection = await openModelConnection(memory);
      await loadSeeds(connection, workspaceAt(root), "USD");
      connection.close();
    } finally {
      memory.close();
    }
  });

  it("each link leads to a file that is there", () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(join(packageRoot, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
