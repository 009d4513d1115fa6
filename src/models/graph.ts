import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import type { Warehouse } from "../warehouse.ts";
import { modelLayers, sourceSchemas } from "./context.ts";
import { nearest } from "./nearest.ts";
import type { Model } from "./project.ts";
import { type Reading, readSelects, type TableReference } from "./references.ts";

/** A table that a model reads, and what of it. */
export interface Input {
  /** Its schema and name, such as raw.usage or marts.dim_vm. */
  relation: string;
  /** The model that makes it; undefined for a source. */
  model: Model | undefined;
  /** Whether it may read any column, and not only those whose name is among its words. */
  isReadWhole: boolean;
  /** The line on which it stands first. */
  line: number;
}

/** What a model reads. */
export interface ModelReading {
  inputs: readonly Input[];
  words: ReadonlySet<string>;
  /** Whether the same inputs always lead to the same rows. */
  isRepeatable: boolean;
}

/** Models in an order in which each comes after those that it reads. */
export interface ModelGraph {
  order: Model[];
  /** By a model's name, the names of the models that it reads. */
  reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** By a model's name, the tables that it reads. */
  readings: ReadonlyMap<string, ModelReading>;
}

/**
 * Orders models by what their own FROM clauses read.
 *
 * @throws ConfigError for a cycle, and TallyError for a table that is neither model nor source, with file and line
 */
export async function createGraph(connection: Warehouse, models: readonly Model[]): Promise<ModelGraph> {
  const resolve = resolver(models, await sourceTables(connection));
  const reads = new Map<string, Set<string>>();
  const readings = new Map<string, ModelReading>();
  const lines = new Map<string, number>();
  const selects = await readSelects(connection, models);
  for (const [at, model] of models.entries()) {
    const reading = inputsOf(selects[at] ?? nothingRead, (table) => resolve(table, model.file));
    const names = reading.inputs.flatMap(({ model: read, line }) =>
      read ? [{ name: read.name, line }] : [],
    );
    for (const { name, line } of names) lines.set(edge(model.name, name), line);
    reads.set(model.name, new Set(names.map(({ name }) => name)));
    readings.set(model.name, reading);
  }
  return { order: sort(models, reads, lines), reads, readings };
}

/** What queries that are no models read; null for one that reads what is not there. */
export async function readingsOf(
  connection: Warehouse,
  models: readonly Model[],
  queries: readonly { sql: string; file: string }[],
): Promise<(ModelReading | null)[]> {
  const resolve = resolver(models, await sourceTables(connection));
  const selects = await readSelects(connection, queries);
  return queries.map(({ file }, at) => {
    try {
      return inputsOf(selects[at] ?? nothingRead, (table) => resolve(table, file));
    } catch (error) {
      if (error instanceof TallyError) return null;
      throw error;
    }
  });
}

const nothingRead: Reading = { tables: [], words: new Set(), isRepeatable: false };

function inputsOf(
  { tables, words, isRepeatable }: Reading,
  resolve: (table: TableReference) => Model | undefined,
): ModelReading {
  const inputs = new Map<string, Input>();
  for (const table of tables) {
    const model = resolve(table);
    const relation = model ? relationOf(model) : `${table.schema}.${table.name}`.toLowerCase();
    const known = inputs.get(relation);
    const isReadWhole = table.isReadWhole || known?.isReadWhole === true;
    inputs.set(relation, { relation, model, isReadWhole, line: known?.line ?? table.line });
  }
  return { inputs: [...inputs.values()], words, isRepeatable };
}

/** The table or view that a model makes, with its schema. */
export function relationOf({ layer, name }: Pick<Model, "layer" | "name">): string {
  return `${layer}.${name}`;
}

/** The views among some models that read no table that a model makes, and no view that is not among them. */
export function leadingViews({ readings }: ModelGraph, models: readonly Model[]): Model[] {
  const names = new Set<string>();
  return models.filter(({ name, materialization }) => {
    const inputs = readings.get(name)?.inputs ?? [];
    const isLeading =
      materialization === "view" && inputs.every(({ model }) => !model || names.has(model.name));
    if (isLeading) names.add(name);
    return isLeading;
  });
}

async function sourceTables(connection: Warehouse): Promise<Set<string>> {
  const rows = await connection.all<{ name: string }>(`
    select schema_name || '.' || table_name as name from duckdb_tables() where database_name = current_database()
    union all
    select schema_name || '.' || view_name from duckdb_views() where database_name = current_database()
  `);
  return new Set(rows.map(({ name }) => name.toLowerCase()));
}

/** Finds the model that a table's name stands for; undefined for a source. */
function resolver(
  models: readonly Model[],
  sources: ReadonlySet<string>,
): (table: TableReference, file: string) => Model | undefined {
  const byName = new Map(models.map((model) => [model.name.toLowerCase(), model]));
  return (table, file) => {
    const schema = table.schema.toLowerCase();
    const shown = schema ? `${table.schema}.${table.name}` : table.name;
    const place = `${file}:${table.line}`;
    if (schema === "" || modelLayers.some((layer) => layer === schema)) {
      const found = byName.get(table.name.toLowerCase());
      if (found && (schema === "" || found.layer === schema)) return found;
      throw new TallyError(`${place}: there is no model ${shown}.`, {
        hint: `Nearest: ${nearest(
          table.name,
          models.map(({ name }) => name),
        ).join(", ")}. A source is named with its schema, such as raw.usage.`,
      });
    }
    if (sources.has(`${schema}.${table.name.toLowerCase()}`)) return undefined;
    if (schema === "raw") {
      throw new TallyError(`${place}: the warehouse has no table ${shown}.`, {
        hint: "Read the API first, with `tally ingest`; it makes every table of schema raw.",
      });
    }
    const known = sourceSchemas.some((name) => name === schema);
    throw new TallyError(`${place}: there is no ${known ? "table" : "schema with a table"} ${shown}.`, {
      hint: `A model reads other models by their name, and tables of ${sourceSchemas.join(", ")} with their schema.`,
    });
  };
}

function sort(
  models: readonly Model[],
  reads: ReadonlyMap<string, ReadonlySet<string>>,
  lines: ReadonlyMap<string, number>,
): Model[] {
  const order: Model[] = [];
  const done = new Set<string>();
  const path: Model[] = [];
  const byName = new Map(models.map((model) => [model.name, model]));
  const visit = (model: Model): void => {
    if (done.has(model.name)) return;
    if (path.includes(model)) throw cycleError([...path.slice(path.indexOf(model)), model], lines);
    path.push(model);
    for (const name of [...(reads.get(model.name) ?? [])].sort()) {
      const read = byName.get(name);
      if (read) visit(read);
    }
    path.pop();
    done.add(model.name);
    order.push(model);
  };
  for (const model of models) visit(model);
  return order;
}

function cycleError(cycle: readonly Model[], lines: ReadonlyMap<string, number>): ConfigError {
  const [first, second] = cycle;
  const line = first && second ? lines.get(edge(first.name, second.name)) : undefined;
  return new ConfigError(
    `${first?.file}:${line ?? 1}: models read each other in a circle: ${cycle.map(({ name }) => name).join(" reads ")}.`,
    { hint: "Move what they share into a model that both read." },
  );
}

function edge(from: string, to: string): string {
  return `${from}\n${to}`;
}
