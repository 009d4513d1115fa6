import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportParquet } from "../../src/exports/parquet.ts";
import { openReadOnly, sqlText } from "../../src/warehouse.ts";
import { publishedBy } from "./published-by.ts";

test("other engines find months as partitions, the least and greatest of each column, and only types that they have", async () => {
  // Each type that a published table has.
  const context = await publishedBy(`
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
    create table dim_vm as select 'vm-1' as vm_id, 8::integer as num_gpu;`);
  const folder = join(context.workspace.root, "lake");
  await exportParquet(context, { folder });
  expect(readdirSync(join(folder, "fct_cost_daily")).sort()).toEqual(["month=2026-09", "month=2026-10"]);
  expect(readdirSync(join(folder, "dim_vm"))).toEqual(["dim_vm.parquet"]);

  const reader = await openReadOnly(context.workspace.analytics, context.config.warehouse);
  const days = sqlText(join(folder, "fct_cost_daily", "**", "*.parquet"));
  try {
    // Ten days of September come before, so October's lines are 11 to 41: (11 + 41) * 31 / 2 * 1.25.
    expect(
      await reader.all(
        `select count(*)::integer as rows, sum(cost)::varchar as cost, typeof(any_value(cost)) as type
         from read_parquet(${days}, hive_partitioning = true, hive_types_autocast = false)
         where month = '2026-10'`,
      ),
    ).toEqual([{ rows: 31, cost: "1007.5000000000", type: "DECIMAL(38,10)" }]);
    expect(
      await reader.all(
        `select distinct
           regexp_extract(file_name::varchar, 'month=[0-9-]+') as month,
           stats_min_value::varchar as least,
           stats_max_value::varchar as greatest
         from parquet_metadata(${days})
         where path_in_schema = 'usage_date'
         order by all`,
      ),
    ).toEqual([
      { month: "month=2026-09", least: "2026-09-21", greatest: "2026-09-30" },
      { month: "month=2026-10", least: "2026-10-01", greatest: "2026-10-31" },
    ]);
    // Of the numbers that Spark and Trino read, and none of Parquet's old instants or intervals.
    expect(
      await reader.all(
        `select distinct type
         from parquet_schema(${sqlText(join(folder, "**", "*.parquet"))})
         where (
             type is not null
             and type not in ('BOOLEAN', 'INT32', 'INT64', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY')
           )
           or converted_type in ('INTERVAL', 'UINT_64', 'TIME_MICROS')`,
      ),
    ).toEqual([]);
  } finally {
    reader.close();
  }
});
