import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { isAmong } from "./days.ts";
import type { TableChange } from "./last-published.ts";
import { commentStatements, type MetaTable, metaTables } from "./meta.ts";
import type { Model } from "./project.ts";

/** The oldest storage format that holds all that is published: DuckDB 1.0 and later open it. */
const storageVersion = "v1.0.0";

/** Does the work of writing tables into the file at `path`, attached as `published`, and closes it whole. */
export async function writePublished(
  connection: Warehouse,
  path: string,
  write: () => Promise<void>,
): Promise<void> {
  await connection.run(`attach ${sqlText(path)} as published (storage_version ${sqlText(storageVersion)})`);
  try {
    await write();
    await connection.run("checkpoint published");
  } finally {
    // A file that is damaged may not even be let go; the error to tell is the one before.
    await connection.run("detach published").catch(() => undefined);
  }
}

/** Drops from a copy of the last file what is a mart no more. */
export async function dropOthers(connection: Warehouse, marts: readonly Model[]): Promise<void> {
  const wanted = new Set([...marts.map(({ name }) => name), ...metaTables.map(({ name }) => `meta_${name}`)]);
  const tables = await connection.all<{ table_name: string }>(
    "select table_name from duckdb_tables() where database_name = 'published'",
  );
  for (const { table_name: name } of tables) {
    if (!wanted.has(name)) await connection.run(`drop table published.main.${sqlName(name)}`);
  }
}

/** Writes a mart with its comments, or the days of it that changed since the file was published last. */
export async function writeMart(
  connection: Warehouse,
  { name, header }: Model,
  change: TableChange,
  isSorted: boolean,
): Promise<void> {
  if (change.kind === "none") return;
  const table = `published.main.${sqlName(name)}`;
  const columns = header.columns.map((column) => sqlName(column.name)).join(", ");
  if (change.kind === "days") {
    const isRewritten = isAmong(change.by, change.days);
    await connection.run(`
      delete from ${table} where ${isRewritten};
      insert into ${table} by name
      select ${columns}
      from marts.${sqlName(name)}
      where ${isRewritten};
    `);
    return;
  }
  await connection.run(`
    create or replace table ${table} as
    select ${columns}
    from marts.${sqlName(name)}
    ${isSorted ? `order by ${header.grain.map((column) => `${sqlName(column)} nulls first`).join(", ")}` : ""}
  `);
  await connection.run(commentStatements("table", table, header.description, header.columns));
}

/** Writes a table about the build. */
export async function writeMeta(
  connection: Warehouse,
  { name, description, columns, order }: MetaTable,
): Promise<void> {
  const table = `published.main.meta_${name}`;
  await connection.run(`
    create or replace table ${table} as
    select ${columns.map((column) => `${sqlName(column.from)} as ${sqlName(column.name)}`).join(", ")}
    from meta.${name}
    order by ${order.map(sqlName).join(", ")}
  `);
  await connection.run(commentStatements("table", table, description, columns));
}
