import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";

/** A table about the build itself. It is kept in schema meta, and published as meta_<name>. */
export interface MetaTable {
  name: string;
  description: string;
  /** How it is published: the columns of its public shape, in order. */
  columns: readonly { name: string; from: string; description: string }[];
  /** The columns by which its rows are ordered when it is published. */
  order: readonly string[];
}

export const metaTables: readonly MetaTable[] = [
  {
    name: "build",
    description: "The build that these tables come from: one row.",
    order: ["built_at"],
    columns: [
      { name: "built_at", from: "now", description: "The clock of the build, UTC." },
      { name: "today", from: "today", description: "The UTC day of the build; its usage is still partial." },
      {
        name: "as_of",
        from: "as_of",
        description:
          "The instant as of which these tables show what was known, UTC; null for what is known now.",
      },
      {
        name: "price_label",
        from: "price_label",
        description: "What the prices are called wherever they show.",
      },
      {
        name: "currency",
        from: "currency",
        description: "The currency of prices that name none, as ISO 4217.",
      },
      { name: "tally_version", from: "tally_version", description: "The version of tally that built it." },
    ],
  },
  {
    name: "model",
    description: "Each model as it was last built, with its size and how long that took.",
    order: ["model_name"],
    columns: [
      { name: "model_name", from: "model_name", description: "The model, which is also the table's name." },
      { name: "materialization", from: "materialization", description: "table or view." },
      {
        name: "row_count",
        from: "row_count",
        description: "Rows of the table; null for a view, which holds none in the warehouse.",
      },
      {
        name: "duration_ms",
        from: "duration_ms",
        description: "How long it took to build, in milliseconds.",
      },
      { name: "built_at", from: "built_at", description: "The clock of the build that made it, UTC." },
      {
        name: "started_at",
        from: "started_at",
        description: "When its making began, by the machine's clock, UTC.",
      },
      {
        name: "build_mode",
        from: "build_mode",
        description:
          "full, or incremental where only the days that changed were made anew; kept where the last build left it as it was, since it would have come to the same.",
      },
      {
        name: "days_rebuilt",
        from: "days_rebuilt",
        description: "How many days were made anew; 0 where nothing changed, null where it was made in full.",
      },
    ],
  },
  {
    name: "test",
    description: "Each data test as it last ran.",
    order: ["test_name"],
    columns: [
      {
        name: "test_name",
        from: "test_name",
        description: "The model and what is tested of it, or the test file's name.",
      },
      {
        name: "model_name",
        from: "model_name",
        description: "The model tested; null for a test of several.",
      },
      { name: "severity", from: "severity", description: "error or warn: what a failure means for a run." },
      { name: "status", from: "status", description: "passed or failed." },
      { name: "failing_rows", from: "failing_rows", description: "How many rows failed." },
      { name: "query", from: "query", description: "The query that shows the failing rows." },
      {
        name: "tested_at",
        from: "tested_at",
        description:
          "The clock of the run that tested it, UTC; earlier than that of the build where it passed and nothing that it looks at has changed since.",
      },
    ],
  },
  {
    name: "run",
    description:
      "Each step of each run that had ended when these tables were published, by the machine's clock.",
    order: ["started_at", "run_id", "step"],
    columns: [
      { name: "run_id", from: "run_id", description: "The run; its steps share it." },
      {
        name: "step",
        from: "step",
        description:
          "ingest, build, test, publish, report or copy; run for the whole of it, once it has ended.",
      },
      {
        name: "status",
        from: "status",
        description:
          "done, incomplete where some of it failed and the rest is kept, failed, or stopped by a signal.",
      },
      { name: "started_at", from: "started_at", description: "When it began, UTC." },
      { name: "finished_at", from: "finished_at", description: "When it ended, UTC." },
      { name: "duration_ms", from: "duration_ms", description: "How long it took, in milliseconds." },
      {
        name: "row_count",
        from: "row_count",
        description: "Rows that ingest read, or of the tables that build made; null for other steps.",
      },
      { name: "message", from: "message", description: "What failed; null where nothing did." },
    ],
  },
];

/** Makes the tables that record models and tests, where they are missing. */
export async function createMetaTables(connection: Warehouse): Promise<void> {
  await connection.run(`
    create table if not exists meta.model (
      model_name varchar not null,
      materialization varchar not null,
      row_count bigint,
      duration_ms bigint not null,
      built_at timestamp not null
    );
    -- Added since; a warehouse of an older version has the table without them.
    alter table meta.model add column if not exists started_at timestamp;
    alter table meta.model add column if not exists build_mode varchar;
    alter table meta.model add column if not exists days_rebuilt integer;
    alter table meta.model add column if not exists made_of varchar;
    alter table meta.model add column if not exists content varchar;
    create table if not exists meta.test (
      test_name varchar not null,
      model_name varchar,
      severity varchar not null,
      status varchar not null,
      failing_rows bigint not null,
      query varchar not null,
      tested_at timestamp not null
    );
    alter table meta.test add column if not exists passed_on varchar;
  `);
}

/** The statements that store what a table and its columns mean in DuckDB itself. */
export function commentStatements(
  kind: "table" | "view",
  table: string,
  description: string,
  columns: readonly { name: string; description: string }[],
): string {
  return [
    `comment on ${kind} ${table} is ${sqlText(description)};`,
    ...columns.map(
      (column) => `comment on column ${table}.${sqlName(column.name)} is ${sqlText(column.description)};`,
    ),
  ].join("\n");
}
