import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ModelContext, openModelConnection, writeBuildContext } from "../src/models/context.ts";
import { createGraph, readingsOf } from "../src/models/graph.ts";
import type { HeaderTest } from "../src/models/header.ts";
import { loadProject, projectRoots } from "../src/models/project.ts";
import { loadSeeds } from "../src/models/seeds.ts";

/** A model as another tool takes it. */
export interface PlainModel {
  layer: string;
  name: string;
  materialization: string;
  sql: string;
  reads: string[];
  /** Empty where its rows are not tested to be one for each key. */
  grain: string[];
  tests: HeaderTest[];
}

/** A test of sql/tests as another tool takes it. */
export interface PlainTest {
  name: string;
  severity: string;
  sql: string;
  reads: string[];
}

export interface PlainProject {
  models: PlainModel[];
  tests: PlainTest[];
}

/** The models in their order, once all that they rest on is in the warehouse. */
export async function readModels(context: ModelContext) {
  const { warehouse, workspace } = context;
  const connection = await openModelConnection(warehouse);
  await writeBuildContext(connection, context);
  await loadSeeds(connection, workspace, context.config.prices.currency);
  const project = await loadProject(projectRoots(workspace));
  const graph = await createGraph(connection, project.models);
  connection.close();
  return { ...graph, tests: project.tests };
}

/** Writes what models and tests are made of into the workspace, once all that they rest on is in the warehouse. */
export async function writePlainProject(context: ModelContext): Promise<void> {
  await writeFile(plainProjectPath(context.workspace.root), JSON.stringify(await plainProject(context)));
}

export async function readPlainProject(root: string): Promise<PlainProject> {
  return JSON.parse(await readFile(plainProjectPath(root), "utf8"));
}

const plainProjectPath = (root: string): string => join(root, "project.json");

async function plainProject(context: ModelContext): Promise<PlainProject> {
  const { order, reads, tests } = await readModels(context);
  const connection = await openModelConnection(context.warehouse);
  const readings = await readingsOf(connection, order, tests);
  connection.close();
  return {
    models: order.map((model) => {
      const { layer, name, materialization, sql, header } = model;
      // As modelTests() of src/models has it.
      const isTested = layer !== "staging" || materialization === "table";
      return {
        ...{ layer, name, materialization, sql, tests: header.tests },
        reads: [...(reads.get(name) ?? [])],
        grain: isTested ? header.grain : [],
      };
    }),
    tests: tests.map(({ name, severity, sql }, at) => ({
      ...{ name, severity, sql },
      reads: readings[at]?.inputs.flatMap(({ model }) => model?.name ?? []) ?? [],
    })),
  };
}
