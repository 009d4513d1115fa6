import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  parseHeaderYaml,
  type ReadHeaders,
  readHeadersFile,
  readHeaderYaml,
  yamlKey,
} from "../src/header-yaml.ts";
import { packageRoot } from "../src/package.ts";
import { splitSqlFile } from "../src/sql-header.ts";

const files = readdirSync(join(packageRoot, "sql"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".sql"))
  .map((path) => {
    const text = readFileSync(join(packageRoot, "sql", path), "utf8");
    return { path, ...splitSqlFile(text, path) };
  });

test("what ships of the headers is what each file says, line by line", () => {
  const shipped = JSON.parse(readFileSync(join(packageRoot, "dist", readHeadersFile), "utf8")) as ReadHeaders;
  expect(files.length).toBeGreaterThan(200);
  for (const { path, yaml } of files) {
    expect([path, shipped[yamlKey(yaml)]]).toEqual([path, parseHeaderYaml(yaml, path)]);
  }
  expect(Object.keys(shipped)).toHaveLength(new Set(files.map(({ yaml }) => yaml)).size);
});

test("a header that was changed since is read as it is now, and one that is no YAML is refused with its line", () => {
  for (const { path, yaml } of files.slice(0, 3)) {
    const { data, lines } = readHeaderYaml(`${yaml}\nown: changed\n`, path);
    expect(data).toMatchObject({ own: "changed" });
    expect(lines.own?.[0]).toBe(yaml.split("\n").length + 1);
  }
  expect(() => readHeaderYaml("\n\ndescription: a: b\n", "sql/own.sql")).toThrow(
    "sql/own.sql:3: the header is not YAML",
  );
  expect(readHeaderYaml("__proto__: 1\ncolumns:\n  a: one\n", "sql/own.sql").lines.columns).toEqual([
    2,
    { a: [3, {}] },
  ]);
});
