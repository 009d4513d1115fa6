import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportContext } from "../../src/exports/published.ts";
import type { Extension } from "../../src/extensions.ts";
import { copyToSharedWarehouse } from "../../src/shared-warehouse/commit.ts";
import { openShared, type SharedReading } from "../../src/shared-warehouse/read.ts";
import type { WarehouseTarget } from "../../src/shared-warehouse/target.ts";
import type { Row } from "../../src/warehouse.ts";
import { changePublished } from "../exports/published-by.ts";
import { noExtensions } from "../services/extensions.ts";
import { noObjectStore, type ObjectStoreServer, startObjectStore } from "../services/object-store.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../services/postgres.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { writerOf } from "./writer-of.ts";

/** Has a reader on another machine, who knows the address and nothing else, ask the rows of all, or of one. */
async function reading(
  context: ExportContext,
  target: WarehouseTarget,
  what: SharedReading,
  work: (ask: (sql: string) => Promise<Row[]>) => Promise<void>,
): Promise<void> {
  const config = { ...context.config, target: { ...target, writer: "nobody" } };
  const tables = await openShared({ ...context, config }, what);
  try {
    await work((sql) => tables.all(sql));
  } finally {
    tables.close();
  }
}

interface Place {
  name: string;
  extensions: Extension[];
  /** Whether its lock is one between processes only, so that two writers in a test's one take turns. */
  isLockedByProcess?: true;
  /** What keeps it from being tried here, beside the extensions. */
  lacks: string | undefined;
  target(folder: string): Omit<WarehouseTarget, "writer" | "isNamed">;
  env?: () => Record<string, string>;
}

let postgres: PostgresServer | undefined;
let store: ObjectStoreServer | undefined;

const places: Place[] = [
  {
    name: "a catalog in a DuckDB file",
    extensions: ["ducklake"],
    lacks: undefined,
    isLockedByProcess: true,
    target: (folder) => ({
      address: { text: `ducklake:${join(folder, "lake", "catalog.ducklake")}` },
      dataPath: undefined,
    }),
  },
  {
    name: "a catalog in PostgreSQL and a folder",
    extensions: ["ducklake", "postgres_scanner"],
    lacks: noPostgres(),
    target: (folder) => ({ address: { env: "LAKE" }, dataPath: join(folder, "data") }),
    env: () => ({ LAKE: `ducklake:postgres:${postgres?.urlWithPassword}` }),
  },
  {
    name: "a catalog in SQLite and an object store",
    extensions: ["ducklake", "sqlite_scanner", "httpfs"],
    lacks: noObjectStore(),
    target: (folder) => ({
      address: { text: `ducklake:sqlite:${join(folder, "catalog.sqlite")}` },
      dataPath: `${store?.bucket}/lake/`,
    }),
    env: () => store?.env ?? {},
  },
];

beforeAll(async () => {
  if (noExtensions("ducklake", "postgres_scanner") === undefined && !noPostgres())
    postgres = await startPostgres();
  if (noExtensions("ducklake", "httpfs") === undefined && !noObjectStore()) store = await startObjectStore();
}, 180_000);
afterAll(async () => {
  await postgres?.close();
  await store?.close();
});

describe.each(places)(
  "a lakehouse with $name",
  ({ extensions, lacks, isLockedByProcess, target: targetIn, env }) => {
    const whyNot = noExtensions(...extensions) ?? lacks;
    it.skipIf(whyNot !== undefined)(
      `takes several writers at once, and shows each night whole, now and as it was${whyNot ? ` (${whyNot})` : ""}`,
      async () => {
        const place = targetIn(temporaryFolder());
        const [one, other] = await Promise.all([writerOf("10", env?.()), writerOf("0.000000001", env?.())]);
        const first: WarehouseTarget = { ...place, writer: "one", isNamed: true };
        const second: WarehouseTarget = { ...place, writer: "other", isNamed: true };
        const copying = copyToSharedWarehouse(one, first);
        if (isLockedByProcess) await copying;
        const copied = await Promise.all([copying, copyToSharedWarehouse(other, second)]);
        for (const { rows, changed } of copied) {
          const written = ["fct_hours", "meta_build", "raw.usage", "meta.workspace_file"];
          expect({ rows, changed }).toEqual({ rows: 4, changed: written });
        }
        const hours =
          "select workspace, sum(hours)::varchar as hours from fct_hours group by all order by all";
        const firstNight = [
          { workspace: "one", hours: "30.000000000" },
          { workspace: "other", hours: "20.000000001" },
        ];
        await reading(one, first, { isOfAll: true }, async (ask) => {
          expect(await ask(hours)).toEqual(firstNight);
          expect(
            await ask(
              `select workspace, quantity::varchar as quantity, body->>'a' as a, _known_from::varchar as known
               from raw.usage order by all`,
            ),
          ).toEqual([
            { workspace: "one", quantity: "10.000000000000", a: "1", known: "2026-11-02 05:00:00" },
            { workspace: "other", quantity: "0.000000001000", a: "1", known: "2026-11-02 05:00:00" },
          ]);
          expect(
            await ask(
              `select tables.comment, columns.comment as meaning, columns.data_type as type, said.tags[2] as tag
               from duckdb_tables() as tables
               inner join duckdb_columns() as columns using (database_name, table_name)
               cross join (select any_value(fct_hours.tags) as tags from fct_hours) as said
               where table_name = 'fct_hours' and column_name = 'hours'`,
            ),
          ).toEqual([
            { comment: "Hours, it's said.", meaning: "How many.", type: "DECIMAL(28,9)", tag: "it's" },
          ]);
        });

        // A night later: one day is other, one is gone, and a column is new. The other writer's rows are not touched.
        const before = new Date();
        await new Promise((resolve) => setTimeout(resolve, 20));
        await changePublished(one, "update fct_hours set hours = 11 where usage_date = '2026-10-01'");
        expect(await copyToSharedWarehouse(one, first)).toMatchObject({ rows: 1, changed: ["fct_hours"] });
        await changePublished(
          one,
          "delete from fct_hours where usage_date = '2026-11-01'; alter table fct_hours add column note varchar default 'n'",
        );
        await copyToSharedWarehouse(one, first);
        expect(await copyToSharedWarehouse(one, first)).toMatchObject({ rows: 0, changed: [] });
        // One reads as its own file has it: no column more, and nobody else's rows.
        await reading(one, first, { of: "other" }, async (ask) => {
          expect(await ask("from fct_hours order by all")).toEqual([
            { usage_date: "2026-10-01", hours: "0.000000001", tags: ["a", "it's"], note: null },
            { usage_date: "2026-11-01", hours: "20.000000000", tags: null, note: null },
          ]);
        });

        // What is published no more is taken out, of that workspace's rows alone.
        await changePublished(other, "drop table fct_hours");
        expect(await copyToSharedWarehouse(other, second)).toMatchObject({ rows: 0, changed: ["fct_hours"] });
        await reading(one, first, { isOfAll: true }, async (ask) => {
          expect(await ask("select workspace, hours::varchar as hours, note from fct_hours")).toEqual([
            { workspace: "one", hours: "11.000000000", note: "n" },
          ]);
        });

        // As it was that first night, and on none before it.
        await reading(one, first, { isOfAll: true, at: before }, async (ask) => {
          expect(await ask(hours)).toEqual(firstNight);
        });
        const never = reading(one, first, { isOfAll: true, at: new Date(0) }, async () => undefined);
        await expect(never).rejects.toThrow("Nothing of 1970-01-01T00:00:00.000Z is in the shared warehouse");
      },
      60_000,
    );
  },
);
