import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { Warehouse } from "../warehouse.ts";
import { modelLayers, sourceSchemas } from "./context.ts";
import type { Model } from "./project.ts";
import { readSelects, type TableReference } from "./references.ts";

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
  const byName = new Map(models.map((model) => [model.name.toLowerCase(), model]));
  const sources = await sourceTables(connection);
  const reads = new Map<string, Set<string>>();
  const readings = new Map<string, ModelReading>();
  const lines = new Map<string, number>();
  const selects = await readSelects(connection, models);
  for (const [at, model] of models.entries()) {
    const names = new Set<string>();
    const inputs = new Map<string, Input>();
    const { tables = [], words = new Set<string>() } = selects[at] ?? {};
    for (const table of tables) {
      const read = resolve(table, model, byName, sources);
      const relation = read ? relationOf(read) : `${table.schema}.${table.name}`.toLowerCase();
      const known = inputs.get(relation);
      const isReadWhole = table.isReadWhole || known?.isReadWhole === true;
      inputs.set(relation, { relation, model: read, isReadWhole, line: known?.line ?? table.line });
      if (!read) continue;
      names.add(read.name);
      lines.set(edge(model.name, read.name), table.line);
    }
    reads.set(model.name, names);
    readings.set(model.name, { inputs: [...inputs.values()], words });
  }
  return { order: sort(models, reads, lines), reads, readings };
}

/** The table or view that a model makes, with its schema. */
export function relationOf({ layer, name }: Pick<Model, "layer" | "name">): string {
  return `${layer}.${name}`;
}

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

async function sourceTables(connection: Warehouse): Promise<Set<string>> {
  const rows = await connection.all<{ name: string }>(`
    select schema_name || '.' || table_name as name from duckdb_tables() where database_name = current_database()
    union all
    select schema_name || '.' || view_name from duckdb_views() where database_name = current_database()
  `);
  return new Set(rows.map(({ name }) => name.toLowerCase()));
}

function resolve(
  table: TableReference,
  model: Model,
  models: ReadonlyMap<string, Model>,
  sources: ReadonlySet<string>,
): Model | undefined {
  const schema = table.schema.toLowerCase();
  const shown = schema ? `${table.schema}.${table.name}` : table.name;
  const place = `${model.file}:${table.line}`;
  if (schema === "" || modelLayers.some((layer) => layer === schema)) {
    const found = models.get(table.name.toLowerCase());
    if (found && (schema === "" || found.layer === schema)) return found;
    throw new TallyError(`${place}: there is no model ${shown}.`, {
      hint: `Nearest: ${nearest(
        table.name,
        [...models.values()].map(({ name }) => name),
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

/** The three names most like what was written. */
export function nearest(name: string, names: readonly string[]): string[] {
  const wanted = pairs(name);
  const likeness = (other: string) => {
    const found = pairs(other);
    const shared = [...wanted].filter((pair) => found.has(pair)).length;
    return shared / (wanted.size + found.size || 1);
  };
  return [...names].sort((a, b) => likeness(b) - likeness(a)).slice(0, 3);
}

function pairs(text: string): Set<string> {
  const lower = text.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, lower.length - 1) }, (_, at) => lower.slice(at, at + 2)));
}
