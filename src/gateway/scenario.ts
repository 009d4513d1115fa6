import { readFile } from "node:fs/promises";
import { parse, YAMLParseError } from "yaml";
import type { z } from "zod";
import { ConfigError } from "../errors/config-error.ts";
import { scenarioFile } from "./scenario-file.ts";
import { buildOrganization } from "./scenario-organization.ts";
import type { Organization } from "./state.ts";

/**
 * Reads a scenario file, and lives through it: the organisation's whole history, the same for the same file.
 *
 * @throws ConfigError that names the file and the key
 */
export async function loadScenario(path: string): Promise<Organization> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new ConfigError(`The scenario ${path} can't be read: ${reason}.`, {
      hint: "Name a YAML file such as the data/demo/organization.yaml that comes with tally.",
    });
  }
  return parseScenario(text, path);
}

/**
 * The same from a text; `source` is what errors call it.
 *
 * @throws ConfigError that names the source and the key
 */
export function parseScenario(text: string, source = "scenario"): Organization {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const [place] = error.linePos ?? [];
    const where = place ? `line ${place.line}, column ${place.col}` : "the file";
    throw new ConfigError(
      `${source} is not valid YAML: ${where}: ${error.message.split(/ at line |\n/)[0]}.`,
      {
        hint: "Mend that line; https://yaml.org shows the format.",
      },
    );
  }
  const parsed = scenarioFile.safeParse(document);
  if (!parsed.success) throw keyError(source, parsed.error);
  return buildOrganization(parsed.data, source);
}

function keyError(source: string, error: z.ZodError): ConfigError {
  const [issue] = error.issues;
  const path = (issue?.path ?? [])
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
  const at = path || "the file";
  const reason =
    issue?.code === "unrecognized_keys"
      ? `${JSON.stringify(issue.keys[0])} is no key of it`
      : (issue?.message ?? "not valid");
  return new ConfigError(`${source}: ${at}: ${reason}.`, {
    hint: "Mend that key; data/demo/organization.yaml shows every one.",
  });
}
