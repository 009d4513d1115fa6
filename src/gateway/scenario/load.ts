import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { ConfigError } from "../../errors/config-error.ts";
import type { Organization } from "../state.ts";
import { scenarioFile } from "./format.ts";
import { buildOrganization } from "./organization.ts";
import { readSource, type ScenarioSource } from "./source.ts";

/**
 * Reads a scenario file, and lives through it: the organisation's whole history, the same for the same file.
 *
 * @throws ConfigError that names the file, the line and the key
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
 * The same from a text; `name` is what errors call it.
 *
 * @throws ConfigError that names the source, the line and the key
 */
export function parseScenario(text: string, name = "scenario"): Organization {
  const source = readSource(text, name);
  const parsed = scenarioFile.safeParse(source.document);
  if (!parsed.success) throw keyError(source, parsed.error);
  return buildOrganization(parsed.data, source);
}

/** Of several mistakes a key that there is not comes first: what is missing may be what it was meant to be. */
function keyError(source: ScenarioSource, { issues }: z.ZodError): ConfigError {
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  const path = issue?.path ?? [];
  const hint = "Mend that key; docs/guide/gateway.md shows every one.";
  if (issue?.code === "unrecognized_keys") {
    const [unknown = ""] = issue.keys;
    return source.errorAt([...path, unknown], "there is no such key here", hint);
  }
  const isMissing = issue?.code === "invalid_type" && issue.message.endsWith("received undefined");
  return source.errorAt(path, isMissing ? "it is missing" : (issue?.message ?? "not valid"), hint);
}
