import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportParquet } from "../../src/exports/parquet.ts";
import { openReadOnly, sqlText } from "../../src/warehouse.ts";
import { noParquetReader, readByOtherEngines } from "../services/parquet-readers.ts";
import { publishedBy } from "./published-by.ts";

// Each type that a published table has, and in fct_odd each that a model of a workspace may have.
const published = `
  create table fct_cost_daily as
  select
    day::date as usage_date,
    'project-' || day_number % 3 as project_id,
    (day_number * 1.25)::decimal(38, 10) as cost,
    day_number::bigint as line,
    (day_number / 7)::double as share,
    day_number % 2 = 0 as is_even,
    day::timestamp as read_at,
    ['before', 'now'] as names
  from (
    select day, row_number() over (order by day) as day_number
    from range(date '2026-09-21', date '2026-11-01', interval 1 day) as days (day)
  );
  create table fct_odd as
  select
    usage_date,
    'of its own' as "month",
    170141183460469231731687303715::hugeint as huge,
    18446744073709551615::ubigint as large,
    4294967295::uinteger as whole,
    65535::usmallint as small,
    255::utinyint as tiny,
    '0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10'::uuid as id,
    time '10:30:00' as at,
    '10:30:00+00'::timetz as at_utc,
    interval 36 hours as lasted,
    timestamp_ns '2026-10-01 12:00:00' as seen,
    timestamptz '2026-10-01 12:00:00+00' as seen_utc,
    '{"a": 1}'::json as answer,
    ['0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10'::uuid] as ids,
    { id: '0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10'::uuid, cost: 1.5::decimal(38, 10) } as part,
    { since: timestamptz '2026-10-01 12:00:00+00', cost: 1.5::decimal(38, 10) } as priced
  from (values (null), (date '2026-10-01')) as days (usage_date);
  create table fct_none as select null::date as usage_date, 0.5::decimal(38, 10) as cost limit 0;
  create table dim_vm as select 'vm-1' as vm_id, 8::integer as num_gpu;`;

test("other engines find months as partitions, the least and greatest of each column, and only types that they have", async () => {
  const context = await publishedBy(published);
  const folder = join(context.workspace.root, "lake");
  await exportParquet(context, { folder });
  const filesOf = (table: string) => readdirSync(join(folder, table)).toSorted();
  expect(filesOf("fct_cost_daily")).toEqual(["month=2026-09", "month=2026-10"]);
  expect(filesOf("fct_none")).toEqual(["fct_none.parquet"]);
  expect(filesOf("dim_vm")).toEqual(["dim_vm.parquet"]);
  // Its own column is called month, so that the folders are not; and one of its rows is of no day.
  expect(filesOf("fct_odd")).toEqual(["usage_month=2026-10", "usage_month=__HIVE_DEFAULT_PARTITION__"]);

  const reader = await openReadOnly(context.workspace.analytics, context.config.warehouse);
  const below = (table: string) => sqlText(join(folder, table, "**", "*.parquet"));
  try {
    // Ten days of September come before, so October's lines are 11 to 41: (11 + 41) * 31 / 2 * 1.25.
    expect(
      await reader.all(
        `select count(*)::integer as rows, sum(cost)::varchar as cost, typeof(any_value(cost)) as type
         from read_parquet(${below("fct_cost_daily")}, hive_partitioning = true, hive_types_autocast = false)
         where month = '2026-10'`,
      ),
    ).toEqual([{ rows: 31, cost: "1007.5000000000", type: "DECIMAL(38,10)" }]);
    expect(
      await reader.all(
        `select distinct
           regexp_extract(file_name::varchar, 'month=[0-9-]+') as month,
           stats_min_value::varchar as least,
           stats_max_value::varchar as greatest
         from parquet_metadata(${below("fct_cost_daily")})
         where path_in_schema = 'usage_date'
         order by all`,
      ),
    ).toEqual([
      { month: "month=2026-09", least: "2026-09-21", greatest: "2026-09-30" },
      { month: "month=2026-10", least: "2026-10-01", greatest: "2026-10-31" },
    ]);
    // Of the numbers that Spark and Trino read, none of Parquet's old instants or intervals, and none without a sign.
    expect(
      await reader.all(
        `select name, type, converted_type
         from parquet_schema(${sqlText(join(folder, "**", "*.parquet"))})
         where (
             type is not null
             and type not in ('BOOLEAN', 'INT32', 'INT64', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY')
           )
           or type = 'FIXED_LEN_BYTE_ARRAY' and converted_type is distinct from 'DECIMAL'
           or converted_type in ('INTERVAL', 'JSON', 'TIME_MILLIS', 'TIME_MICROS')
           or starts_with(converted_type, 'UINT')
           or type = 'INT64' and converted_type is null`,
      ),
    ).toEqual([]);
    expect(
      await reader.first(
        `select * exclude (usage_date, seen, seen_utc), seen::varchar as seen, epoch(seen_utc) as seen_utc
         from read_parquet(${below("fct_odd")}, hive_partitioning = false)
         where usage_date is null`,
      ),
    ).toMatchObject({
      month: "of its own",
      huge: "170141183460469231731687303715",
      large: "18446744073709551615",
      whole: "4294967295",
      small: 65535,
      tiny: 255,
      id: "0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10",
      at: "10:30:00",
      lasted: "36:00:00",
      seen: "2026-10-01 12:00:00",
      seen_utc: Date.parse("2026-10-01T12:00:00Z") / 1000,
      answer: '{"a": 1}',
      ids: ["0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10"],
      part: '{"id":"0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10","cost":1.5000000000}',
    });
  } finally {
    reader.close();
  }
});

const reason = noParquetReader();

test.skipIf(reason !== undefined)(
  `Spark, Arrow and Polars read every table as it is${reason === undefined ? "" : ` (left out: ${reason})`}`,
  { timeout: 180_000 },
  async () => {
    const context = await publishedBy(published);
    const folder = join(context.workspace.root, "lake");
    await exportParquet(context, { folder });
    const found = readByOtherEngines(folder, { table: "fct_cost_daily", month: "2026-10", sum: "cost" });
    expect(Object.keys(found)).not.toEqual([]);
    for (const engine of Object.values(found)) {
      expect(engine).toEqual({
        rows: { dim_vm: 1, fct_cost_daily: 41, fct_none: 0, fct_odd: 2, meta_build: 1 },
        // As above: of 2026-10 alone, by its folder.
        sum: "1007.5000000000",
      });
    }
  },
);
