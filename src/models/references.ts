import { TallyError } from "../errors/tally-error.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import { isFickle } from "./fickle.ts";
import type { KeptReadings } from "./kept-readings.ts";

/** A table that a query reads, with the line where it stands. */
export interface TableReference {
  /** As written; empty where the name stands alone. */
  schema: string;
  name: string;
  line: number;
  /** Whether every column counts as read: by a star, a natural join, or the row as one value. */
  isReadWhole: boolean;
}

/** What one SELECT reads. */
export interface Reading {
  tables: TableReference[];
  /** Every text in its parse, in lower case: no column is read whose name is not among them, save by a star. */
  words: ReadonlySet<string>;
  /** Whether the same tables always lead to the same rows: it asks for no clock, no chance, no file. */
  isRepeatable: boolean;
}

interface Parsed {
  error: boolean;
  error_message?: string;
  error_type?: string;
  position?: string;
  statements?: unknown[];
}

/**
 * The tables that one SELECT reads, by DuckDB's own parse of it, and the words in it. The names of its CTEs are not
 * among the tables, except where a CTE reads a table of its own name.
 *
 * @throws TallyError that names the file and the line where the text is not one SELECT
 */
export async function readSelect(connection: Warehouse, sql: string, file: string): Promise<Reading> {
  const [reading] = await readSelects(connection, [{ sql, file }]);
  return reading ?? { tables: [], words: new Set(), isRepeatable: false };
}

/**
 * The same for many, of which DuckDB parses those that are new all at once.
 *
 * @throws TallyError that names the file and the line of the first that is not one SELECT
 */
export async function readSelects(
  connection: Pick<Warehouse, "all">,
  selects: readonly { sql: string; file: string }[],
): Promise<Reading[]> {
  const unread = [...new Set(selects.map(({ sql }) => sql))].filter((sql) => !readings.has(sql));
  const trees = unread.map((sql) => `json_serialize_sql(${sqlText(sql)})`);
  const rows =
    trees.length === 0
      ? []
      : await connection.all<{ tree: string }>(`select unnest([${trees.join(", ")}]) as tree`);
  const treeOf = new Map(unread.map((sql, at) => [sql, rows[at]?.tree ?? "{}"]));
  return selects.map(({ sql, file }) => {
    const reading = readings.get(sql) ?? readTree(treeOf.get(sql) ?? "{}", sql, file);
    readings.set(sql, reading);
    return reading;
  });
}

/** By its text, what a SELECT reads: several parts of one run ask for the same ones. */
const readings = new Map<string, Reading>();

/** Takes over what is kept of some queries, which need not be parsed then. */
export function recallReadings(kept: Pick<KeptReadings, "get">, selects: readonly { sql: string }[]): void {
  for (const { sql } of selects) {
    const reading = readings.has(sql) ? undefined : kept.get(sql);
    if (reading) readings.set(sql, reading);
  }
}

/** What is known of some queries, by their text. */
export function knownReadings(selects: readonly { sql: string }[]): Map<string, Reading> {
  return new Map(
    selects.flatMap(({ sql }) => {
      const reading = readings.get(sql);
      return reading ? [[sql, reading] as const] : [];
    }),
  );
}

function readTree(tree: string, sql: string, file: string): Reading {
  const parsed = JSON.parse(tree) as Parsed;
  const lineAt = lineCounter(sql);
  if (parsed.error) {
    const line = parsed.position === undefined ? firstLine(sql) : lineAt(Number(parsed.position));
    throw new TallyError(`${file}:${line}: ${parsed.error_message ?? "the SQL can't be parsed"}`, {
      hint: "A model is one SELECT statement.",
    });
  }
  if (parsed.statements?.length !== 1) {
    throw new TallyError(
      `${file}:${firstLine(sql)}: a model is one SELECT, and this file has ${parsed.statements?.length ?? 0}.`,
      {
        hint: "Put each query into a file of its own.",
      },
    );
  }
  const found: FoundTable[] = [];
  const words = new Set<string>();
  const rows = new Set<string>();
  let isRepeatable = true;
  walk(parsed.statements[0], new Set(), newScope(), {
    table: (node, scope) => void found.push({ node, scope }),
    word: (word) => void words.add(word.toLowerCase()),
    row: (name) => void rows.add(name.toLowerCase()),
    fickle: () => {
      isRepeatable = false;
    },
  });
  const tables = found.map(({ node, scope }) => {
    const name = text(node.table_name);
    const shown = (text(node.alias) || name).toLowerCase();
    return {
      schema: text(node.schema_name),
      name,
      line: lineAt(Number(node.query_location)),
      isReadWhole: scope.stars.has("") || scope.stars.has(shown) || rows.has(shown),
    };
  });
  return { tables, words, isRepeatable };
}

interface FoundTable {
  node: Node;
  scope: Scope;
}

/** One SELECT of a query, with the stars in it: empty for one over all that it reads, else a table's name. */
interface Scope {
  stars: Set<string>;
}

interface Visitor {
  table(node: Node, scope: Scope): void;
  word(word: string): void;
  /** A name that stands alone, which may be that of a table whose row it means. */
  row(name: string): void;
  /** Something whose value is not told by tables alone. */
  fickle(): void;
}

const newScope = (): Scope => ({ stars: new Set() });

type Node = Record<string, unknown>;

function walk(value: unknown, ctes: ReadonlySet<string>, outer: Scope, visitor: Visitor): void {
  if (typeof value === "string") visitor.word(value);
  if (Array.isArray(value)) {
    for (const item of value) walk(item, ctes, outer, visitor);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as Node;
  const scope = node.type === "SELECT_NODE" ? newScope() : outer;
  const visible = new Set(ctes);
  for (const { key, value: cte } of cteEntries(node)) {
    // A CTE sees those before it, and itself only where it is recursive.
    walk(cte, isRecursive(cte) ? new Set([...visible, key]) : visible, scope, visitor);
    visible.add(key);
  }
  if (node.type === "BASE_TABLE") {
    const isCte = !node.schema_name && !node.catalog_name && visible.has(text(node.table_name).toLowerCase());
    if (!isCte) visitor.table(node, scope);
  }
  if (node.class === "STAR") scope.stars.add(text(node.relation_name).toLowerCase());
  if (node.ref_type === "NATURAL") scope.stars.add("");
  if (Array.isArray(node.column_names) && node.column_names.length === 1) {
    visitor.row(text(node.column_names[0]));
  }
  if (isFickle(node)) visitor.fickle();
  for (const [key, child] of Object.entries(node)) {
    if (key !== "cte_map") walk(child, visible, scope, visitor);
  }
}

function cteEntries(node: Node): { key: string; value: unknown }[] {
  const map = (node.cte_map as { map?: { key: string; value: unknown }[] } | undefined)?.map ?? [];
  return map.map(({ key, value }) => ({ key: key.toLowerCase(), value }));
}

function isRecursive(cte: unknown): boolean {
  return (cte as { query?: { node?: Node } } | null)?.query?.node?.type === "RECURSIVE_CTE_NODE";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** DuckDB counts bytes, not characters. */
function lineCounter(sql: string): (offset: number) => number {
  const bytes = Buffer.from(sql);
  return (offset) => {
    let line = 1;
    const end = Math.min(Number.isFinite(offset) ? offset : 0, bytes.length);
    for (let index = 0; index < end; index++) if (bytes[index] === 0x0a) line++;
    return line;
  };
}

/** The first line that says something, for errors that come without a place. */
export function firstLine(sql: string): number {
  return (/^\s*/.exec(sql)?.[0] ?? "").split("\n").length;
}
