import { UsageError } from "../errors/usage-error.ts";
import type { ModelGraph } from "./graph.ts";
import { nearest } from "./nearest.ts";
import type { Model } from "./project.ts";

/**
 * The models that a selection names: NAME, NAME+ (and all that rest on it), +NAME (and all that it rests on),
 * or several of these with commas between.
 *
 * @throws UsageError where no model has that name
 */
export function selectModels(
  { order, reads }: Pick<ModelGraph, "order" | "reads">,
  selection: string,
): Model[] {
  const chosen = new Set<string>();
  for (const part of selection.split(",").map((text) => text.trim())) {
    const [, before, name = "", after] = /^(\+?)([^+]*)(\+?)$/.exec(part) ?? [];
    const model = order.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (!model) {
      throw new UsageError(`There is no model ${JSON.stringify(name || part)}.`, {
        hint: `Say one of ${nearest(
          name,
          order.map((candidate) => candidate.name),
        ).join(", ")}, with + before or after it if wanted.`,
      });
    }
    chosen.add(model.name);
    if (before) for (const found of closure(model.name, (at) => reads.get(at) ?? [])) chosen.add(found);
    if (after) for (const found of closure(model.name, (at) => readersOf(at, reads))) chosen.add(found);
  }
  return order.filter((model) => chosen.has(model.name));
}

function closure(start: string, next: (name: string) => Iterable<string>): Set<string> {
  const found = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const other of next(name)) {
      if (!found.has(other)) {
        found.add(other);
        open.push(other);
      }
    }
  }
  return found;
}

function readersOf(name: string, reads: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...reads].filter(([, read]) => read.has(name)).map(([reader]) => reader);
}
