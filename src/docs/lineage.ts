import type { Model } from "../models/project.ts";
import type { TableReference } from "../models/references.ts";

/** What a public table rests on, and what rests on it. */
export interface Lineage {
  /** The tables of the API and of the workspace's files at the root of it, with their schema. */
  sources: readonly string[];
  /** The public tables that it is made of, directly or by way of models that are not public. */
  reads: readonly string[];
  /** The public tables that are made of it, in the same way. */
  readBy: readonly string[];
}

/**
 * How the public tables rest on each other and on their sources, by their models' own FROM clauses. Models between
 * that are not public are passed through; what a table takes by way of another public one is that one's.
 */
export function createLineage(
  models: readonly Model[],
  references: ReadonlyMap<string, readonly Pick<TableReference, "schema" | "name">[]>,
): (mart: string) => Lineage {
  const byName = new Map(models.map((model) => [model.name.toLowerCase(), model]));
  const found = new Map<string, { sources: Set<string>; reads: Set<string> }>();
  for (const mart of models.filter(({ layer }) => layer === "marts")) {
    found.set(mart.name, restsOn(mart, byName, references));
  }
  return (mart) => {
    const own = found.get(mart);
    return {
      sources: [...(own?.sources ?? [])].sort(),
      reads: [...(own?.reads ?? [])].sort(),
      readBy: [...found].filter(([, { reads }]) => reads.has(mart)).map(([name]) => name),
    };
  };
}

function restsOn(
  mart: Model,
  models: ReadonlyMap<string, Model>,
  references: ReadonlyMap<string, readonly Pick<TableReference, "schema" | "name">[]>,
): { sources: Set<string>; reads: Set<string> } {
  const sources = new Set<string>();
  const reads = new Set<string>();
  const seen = new Set<string>();
  const open = [mart];
  for (let model = open.pop(); model; model = open.pop()) {
    if (seen.has(model.name)) continue;
    seen.add(model.name);
    for (const { schema, name } of references.get(model.name) ?? []) {
      const read = isModelSchema(schema) ? models.get(name.toLowerCase()) : undefined;
      if (!read) {
        // The clock and the settings of a build are no data.
        if (schema !== "" && schema !== "meta") sources.add(`${schema}.${name}`);
      } else if (read.layer === "marts") {
        if (read.name !== mart.name) reads.add(read.name);
      } else open.push(read);
    }
  }
  return { sources, reads };
}

function isModelSchema(schema: string): boolean {
  return ["", "marts", "intermediate", "staging"].includes(schema.toLowerCase());
}
