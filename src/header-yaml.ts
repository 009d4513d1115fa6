import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { ConfigError } from "./errors/config-error.ts";
import { packageRoot } from "./package.ts";

/** By key, the line on which it stands, and those of the keys below it. */
export interface KeyLines {
  [key: string]: readonly [line: number, keys: KeyLines];
}

/** The YAML of a header as data, and where its keys stand. */
export interface HeaderYaml {
  data: unknown;
  lines: KeyLines;
}

/** By what `yamlKey` says of each text, the headers that are read already. */
export type ReadHeaders = Readonly<Record<string, HeaderYaml>>;

/** The file beside the program with what the headers of its own sql/ say: reading them anew takes a fifth of a second. */
export const readHeadersFile = "sql-headers.json";

/**
 * What the YAML of a header says.
 *
 * @throws ConfigError that names the file and the line where it is not YAML
 */
export function readHeaderYaml(yaml: string, file: string): HeaderYaml {
  return readHeaders()[yamlKey(yaml)] ?? parseHeaderYaml(yaml, file);
}

/** What stands for a text in what is read already: a file that was changed since is not found. */
export function yamlKey(yaml: string): string {
  return createHash("sha256").update(yaml).digest("base64");
}

/**
 * Reads the YAML of a header.
 *
 * @throws ConfigError that names the file and the line where it is not YAML
 */
export function parseHeaderYaml(yaml: string, file: string): HeaderYaml {
  const counter = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: counter });
  const [problem] = document.errors;
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1;
    throw new ConfigError(`${file}:${line}: the header is not YAML: ${problem.message.split("\n", 1)[0]}`, {
      hint: "Put texts that hold a colon or a # into double quotes.",
    });
  }
  return { data: document.toJS(), lines: keyLines(document.contents, counter) };
}

function keyLines(node: unknown, counter: LineCounter): KeyLines {
  if (!isMap(node)) return {};
  return Object.fromEntries(
    node.items.flatMap(({ key, value }) =>
      isScalar(key) && key.range
        ? [[String(key.value), [counter.linePos(key.range[0]).line, keyLines(value, counter)]]]
        : [],
    ),
  );
}

let known: ReadHeaders | undefined;

/** None where the program runs from its sources and was not built: each header is read when it is needed then. */
function readHeaders(): ReadHeaders {
  if (known) return known;
  try {
    known = JSON.parse(readFileSync(join(packageRoot, "dist", readHeadersFile), "utf8")) as ReadHeaders;
  } catch {
    known = {};
  }
  return known;
}
