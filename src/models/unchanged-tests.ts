import { createHash } from "node:crypto";
import type { Warehouse } from "../warehouse.ts";
import type { DataTest } from "./data-tests.ts";
import { type ModelReading, readingsOf, relationOf } from "./graph.ts";
import type { Model, Project } from "./project.ts";
import type { RelationStates } from "./relation-states.ts";

/** By test, what it says and what it looks at as that is now; null where that can't be told, so that it is run. */
export async function basesOf(
  connection: Warehouse,
  { models, tests: files }: Project,
  states: RelationStates,
  tests: readonly DataTest[],
): Promise<Map<DataTest, string | null>> {
  const readings = await readingsOf(connection, models, files);
  const readingOfFile = new Map(files.map(({ name }, at) => [name, readings[at] ?? null]));
  const modelOf = new Map(models.map((model) => [model.name, model]));
  return new Map(
    tests.map((test) => {
      const { name, model, reads, severity, query, count } = test;
      const read = [model, reads].flatMap((each) => modelOf.get(each ?? "") ?? []);
      const reading = model === null ? readingOfFile.get(name) : readingOfWhole(read);
      const text = createHash("sha256").update(JSON.stringify([severity, query, count]));
      return [test, reading ? states.restsOn(text.digest("hex"), reading) : null];
    }),
  );
}

/** All of some models, as a test of a header looks at them. */
function readingOfWhole(models: readonly Model[]): ModelReading {
  const inputs = models.map((model) => ({ relation: relationOf(model), model, isReadWhole: true, line: 1 }));
  return { inputs, words: new Set(), isRepeatable: true };
}
