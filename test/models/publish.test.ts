import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { TallyError } from "../../src/errors/tally-error.ts";
import { type PublishSummary, publish } from "../../src/models/publish.ts";
import { packageRoot } from "../../src/package.ts";
import { openReadOnly } from "../../src/warehouse.ts";
import { copyOfBuilt, openOrganization } from "./organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

const usage = (more: Record<string, unknown>) => ({
  usage_date: "2026-11-01",
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: "1",
  ...more,
});
const settings = { memoryLimit: "256MB", threads: 1 };

/** The tables that other tools and reports rely on, as the design has them. */
const publicColumns: Record<string, string> = {
  dim_disk:
    "organization_id disk_id disk_name project_id location region disk_type size_gib attached_vm_id attached_vm_ids created_at updated_at valid_from valid_to is_current",
  dim_idle_rule:
    "rule_id rule_title resource_kind severity meaning action is_enabled min_days threshold threshold_unit window_days rests_on open_count silence",
  dim_organization: "organization_id organization_name is_current read_status last_read_at message",
  dim_project:
    "organization_id project_id project_name cost_centre owner is_current first_seen_at last_seen_at status previous_names message",
  dim_reservation:
    "organization_id reservation_id product_line vm_type gpu_type quantity reserved_gpus used_quantity reservation_type locations contract_start_date contract_end_date date_delivered valid_from valid_to is_current",
  dim_snapshot:
    "organization_id snapshot_id snapshot_name project_id source_disk_id size_gib created_at updated_at valid_from valid_to is_current",
  dim_vm:
    "organization_id vm_id vm_name project_id location region vm_type gpu_type num_gpu state reservation_id instance_group_id billing_type disk_ids created_at updated_at valid_from valid_to is_current",
  dim_vm_type:
    "vm_type gpu_type num_gpu cpu_cores cpu_type memory_gb disk_gb description valid_from valid_to is_current",
  fct_billing_comparison:
    "organization_id usage_date project_id project_name region resource_type billable_metric usage_quantity billed_quantity computed_cost computed_currency billed_cost billed_currency difference status",
  fct_budget_burn_down:
    "scope cost_centre currency usage_date month budget is_forecast cost cost_to_date remaining even_remaining",
  fct_budget_forecast_accuracy:
    "scope cost_centre currency month as_of_date forecast naive_forecast actual error naive_error",
  fct_budget_status:
    "scope cost_centre month currency budget actual forecast remaining forecast_remaining used_share status days_in_month days_elapsed missing_days has_unpriced_usage message",
  fct_cost_allocated_daily:
    "organization_id usage_date project_id project_name cost_centre currency direct_cost handed_on_cost shared_cost unused_reservation_cost total_cost total_cost_reporting reporting_currency has_unpriced_usage",
  fct_cost_daily:
    "organization_id usage_date project_id project_name cost_centre owner region resource_type gpu_type billable_metric reservation_id pricing_category quantity gpu_hours unit_price cost list_unit_price list_cost currency price_source computed_cost computed_currency exchange_rate cost_reporting list_cost_reporting reporting_currency",
  fct_forecast_accuracy:
    "scope scope_value scope_name target method method_description is_naive is_chosen comparisons mean_absolute_error relative_error naive_mean_absolute_error error_to_naive interval_coverage interval_comparisons",
  fct_gpu_hours_anomaly_drivers:
    "usage_date scope scope_value scope_name driver_kind driver_rank driver_value driver_name gpu_hours expected_gpu_hours driver_gpu_hours share",
  fct_gpu_hours_by_period:
    "period period_start period_end scope scope_value scope_name gpu_hours days known_days is_over is_whole daily_mean previous_gpu_hours change change_ratio daily_mean_change_ratio",
  fct_gpu_hours_daily:
    "organization_id usage_date project_id project_name region resource_type gpu_type reservation_id is_reserved gpu_hours",
  fct_gpu_hours_forecast:
    "scope scope_value scope_name target starts_on ends_on known_days known_gpu_hours missing_days forecast_days forecast forecast_low forecast_high method mean_absolute_error naive_mean_absolute_error note",
  fct_gpu_hours_trend:
    "usage_date scope scope_value scope_name gpu_hours mean_7d mean_28d week_on_week month_on_month month_to_date previous_month_to_date month_to_date_change is_anomaly anomaly_score expected_gpu_hours anomaly_gpu_hours anomaly_reason anomaly_drivers is_forecast forecast forecast_low forecast_high",
  fct_idle_episodes:
    "rule_id resource_kind resource_id first_found_at last_found_at closed_at outcome resource_name organization_id project_id project_name idle_since evidence monthly_waste counted_monthly_waste saved_per_month currency",
  fct_idle_findings:
    "rule_id rule_title resource_kind resource_id resource_name organization_id project_id project_name location idle_since idle_days evidence monthly_waste_usd monthly_waste currency counted_monthly_waste_usd counted_monthly_waste overlaps_rule_id severity status suppressed_until suppression_reason first_seen_at last_seen_at resolved_at",
  fct_idle_history:
    "month_start rule_id rule_title currency found_count found_monthly_waste resolved_count saved_per_month withdrawn_count standing_count standing_monthly_waste saved_per_month_to_date",
  fct_inventory:
    "resource_kind resource_id resource_name organization_id project_id project_name location region state resource_type gpu_type gpus size_gib created_at age_days monthly_cost currency",
  fct_new_and_gone:
    "kind value name first_usage_date last_usage_date days_known_before days_read_since days_unread_since status since message",
  fct_reservation_daily:
    "organization_id reservation_id usage_date product_line gpu_type is_read_whole reserved_gpu_hours used_gpu_hours unused_gpu_hours overage_gpu_hours utilisation coverage on_demand_gpu_hours unit_price is_contract_price committed_cost used_cost unused_cost overage_cost effective_rate on_demand_unit_price break_even_utilisation savings currency price_source",
  fct_reservation_scenarios:
    "organization_id product_line gpu_type price_source reserved_gpus size_basis unit_price first_date last_date read_days node_gpus used_gpu_hours committed_gpu_hours covered_gpu_hours overflow_gpu_hours utilisation committed_cost overflow_cost total_cost actual_cost difference_to_actual currency is_cheapest message",
  fct_reservation_status:
    "organization_id reservation_id product_line gpu_type status reserved_gpus contract_first_date contract_end_date days_left read_days_7d utilisation_7d read_days_28d utilisation_28d read_days_90d utilisation_90d unit_price is_contract_price on_demand_unit_price break_even_utilisation effective_rate_90d unused_cost_90d savings_90d committed_cost_to_date committed_cost_to_come currency price_source message",
  fct_resource_usage_daily:
    "organization_id usage_date project_id region resource_type billable_metric reservation_id resource_id resource_name quantity",
  fct_shared_cost_daily:
    "organization_id usage_date shared_cost currency project_id project_name cost_centre amount allocation_key weight total_weight cost cost_reporting reporting_currency",
  fct_unconverted_cost:
    "currency reporting_currency first_usage_date last_usage_date usage_days cost rate_line",
  fct_unpriced_usage:
    "resource_type billable_metric reservation_id pricing_category gpu_type first_usage_date last_usage_date usage_days project_count quantity gpu_hours price_line",
  fct_usage_coverage: "organization_id project_id project_name usage_date stream status read_at message",
  fct_usage_daily:
    "organization_id usage_date project_id region resource_type billable_metric reservation_id quantity",
  fct_usage_reconciliation:
    "organization_id usage_date project_id region resource_type billable_metric usage_quantity resource_usage_quantity resource_difference resource_tolerance resource_status inventory_kind inventory_quantity inventory_quantity_least inventory_quantity_most inventory_difference inventory_tolerance inventory_status status explanation",
  fct_usage_revisions:
    "organization_id project_id usage_date region resource_type billable_metric reservation_id revision quantity previous_quantity known_from known_to",
  meta_build: "built_at today as_of price_label currency tally_version",
  meta_model: "model_name materialization row_count duration_ms built_at started_at build_mode days_rebuilt",
  meta_run: "run_id step status started_at finished_at duration_ms row_count message",
  meta_test: "test_name model_name severity status failing_rows query tested_at",
};

test("every public table and column is there, with its meaning in DuckDB", async () => {
  const analytics = await copyOfBuilt({});
  await analytics.publish();
  const columns = await analytics.published(`
    select table_name, string_agg(column_name, ' ' order by column_index) as columns,
      count(*) filter (where coalesce(comment, '') = '')::integer as without_meaning
    from duckdb_columns() where not internal group by table_name order by table_name
  `);
  expect(columns).toEqual(
    Object.entries(publicColumns).map(([table_name, names]) => ({
      table_name,
      columns: names,
      without_meaning: 0,
    })),
  );
  expect(
    await analytics.published(
      "select table_name from duckdb_tables() where coalesce(comment, '') = '' or schema_name <> 'main'",
    ),
  ).toEqual([]);
});

test("money and hours are decimals, times are naive timestamps, days are dates", async () => {
  const analytics = await copyOfBuilt({});
  await analytics.publish();
  const types = await analytics.published(`
    select distinct column_name, data_type from duckdb_columns()
    where not internal and (
      column_name in ('quantity', 'gpu_hours', 'mean_7d', 'cost', 'list_cost', 'unit_price', 'monthly_waste_usd',
        'size_gib', 'week_on_week', 'num_gpu', 'idle_days', 'usage_date', 'valid_from', 'idle_since', 'is_anomaly',
        'read_at', 'attached_vm_ids', 'reserved_gpus')
    ) and table_name not in ('dim_reservation', 'fct_reservation_daily', 'fct_reservation_scenarios', 'fct_reservation_status') order by 1
  `);
  expect(Object.fromEntries(types.map(({ column_name, data_type }) => [column_name, data_type]))).toEqual({
    attached_vm_ids: "VARCHAR[]",
    cost: "DECIMAL(38,10)",
    gpu_hours: "DECIMAL(38,12)",
    idle_days: "INTEGER",
    idle_since: "TIMESTAMP",
    is_anomaly: "BOOLEAN",
    list_cost: "DECIMAL(38,10)",
    mean_7d: "DECIMAL(38,12)",
    monthly_waste_usd: "DECIMAL(38,10)",
    num_gpu: "INTEGER",
    quantity: "DECIMAL(38,12)",
    read_at: "TIMESTAMP",
    size_gib: "DECIMAL(28,9)",
    unit_price: "DECIMAL(18,8)",
    usage_date: "DATE",
    valid_from: "TIMESTAMP",
    week_on_week: "DOUBLE",
  });
});

test("a reader keeps the file that it has open, and the next one gets the new", async () => {
  const analytics = await copyOfBuilt({ rows: { usage: [usage({})] } });
  await analytics.publish();
  const path = analytics.context.workspace.analytics;
  const reader = await openReadOnly(path, settings);
  const count = "select sum(quantity)::integer as quantity from fct_usage_daily";
  expect(await reader.all(count)).toEqual([{ quantity: 1 }]);
  await analytics.insert("usage", [usage({ usage_date: "2026-11-02" })]);
  await analytics.build();
  await analytics.publish();
  expect(await reader.all(count)).toEqual([{ quantity: 1 }]);
  reader.close();
  expect(await analytics.published(count)).toEqual([{ quantity: 2 }]);
});

test("nothing stays beside the file, and what a killed run left goes with the next one", async () => {
  const analytics = await copyOfBuilt({});
  const { analytics: path } = analytics.context.workspace;
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".analytics.duckdb.next-1"), "half");
  writeFileSync(join(folder, ".analytics.duckdb.next-1.wal"), "half");
  await analytics.publish();
  expect(readdirSync(folder).filter((name) => name.includes("analytics"))).toEqual(["analytics.duckdb"]);
});

test("the file can be read by DuckDB 1.0 and later", async () => {
  const analytics = await copyOfBuilt({});
  await analytics.publish();
  // The storage version stands at byte 12 of a DuckDB file; 64 is that of DuckDB 0.10 to 1.1.
  const header = readFileSync(analytics.context.workspace.analytics).subarray(0, 24);
  expect(header.subarray(8, 12).toString()).toBe("DUCK");
  expect(header.readBigUInt64LE(12)).toBe(64n);
});

test("two publishes of the same data have the same rows in the same order, however they were loaded", async () => {
  const rows = Array.from({ length: 300 }, (_, at) =>
    usage({
      project_id: `p${(at * 7) % 11}`,
      usage_date: `2026-10-${String(1 + ((at * 13) % 28)).padStart(2, "0")}`,
      reservation_id: at % 3 === 0 ? "r" : null,
      region: `region-${at}`,
      quantity: `${at}.${String(at).padStart(12, "0")}`,
    }),
  );
  const published = [];
  for (const [threads, order] of [
    [1, rows],
    [4, [...rows].reverse()],
  ] as const) {
    const analytics = await openOrganization({
      rows: { usage: order },
      files: { "tally.toml": `[warehouse]\nthreads = ${threads}\n`, "prices.csv": "unit_price\n1.2345678\n" },
    });
    await analytics.build();
    await analytics.publish();
    const tables: Record<string, unknown> = {};
    for (const table of Object.keys(publicColumns).filter((name) => !name.startsWith("meta_"))) {
      tables[table] = await analytics.published(`select * from ${table}`);
    }
    published.push(tables);
  }
  expect(published[0]).toEqual(published[1]);
  expect(published[0]?.fct_cost_daily).toHaveLength(300);
});

test("the file of a night is made of the last one, and holds what a file that is written anew would", async () => {
  const analytics = await openOrganization({
    rows: {
      usage: [1, 2, 3].map((day) => usage({ usage_date: `2026-11-0${day}` })),
      resource_usage: [1, 2].map((day) => usage({ usage_date: `2026-11-0${day}`, resource_id: "vm" })),
    },
    files: { "prices.csv": "unit_price\n2\n" },
  });
  const { workspace, warehouse } = analytics.context;
  const tables = Object.keys(publicColumns).filter((name) => !["meta_run", "meta_test"].includes(name));
  const everything = async () => {
    const found: Record<string, unknown> = {};
    for (const table of tables) found[table] = await analytics.published(`from ${table} order by all`);
    return found;
  };
  const nights: [string, () => Promise<void>, (summary: PublishSummary) => void][] = [
    ["the first", async () => {}, ({ byDay, kept }) => expect([byDay, kept]).toEqual([0, 0])],
    [
      "one on which nothing happened",
      async () => {},
      ({ whole, byDay }) => expect([whole, byDay]).toEqual([0, 0]),
    ],
    [
      "one on which a day was restated and another came",
      async () => {
        await warehouse.run(
          "update raw.usage set _known_to = timestamp '2026-11-03 09:00:00' where usage_date = '2026-11-02'",
        );
        await analytics.insert("usage", [
          usage({ usage_date: "2026-11-02", quantity: "5", _known_from: "2026-11-03 09:00:00" }),
          usage({ usage_date: "2026-11-04", _known_from: "2026-11-03 09:00:00" }),
        ]);
        await analytics.insert("resource_usage", [usage({ usage_date: "2026-11-03", resource_id: "vm" })]);
      },
      ({ byDay }) => expect(byDay).toBeGreaterThanOrEqual(5),
    ],
  ];
  for (const [night, happens, isAsExpected] of nights) {
    await happens();
    await analytics.build();
    isAsExpected(await publish(analytics.context, { mostRowsSorted: 0 }));
    const found = await everything();
    rmSync(workspace.analytics);
    await publish(analytics.context, { mostRowsSorted: 0 });
    expect(found, night).toEqual(await everything());
  }
});

test("a last file that is damaged is not continued, and a full refresh takes nothing from it", async () => {
  const analytics = await openOrganization({ rows: { usage: [usage({})] } });
  const { workspace, effects } = analytics.context;
  await analytics.build();
  await analytics.publish();
  const { size, atime, mtime } = statSync(workspace.analytics);
  utimesSync(workspace.analytics, atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000));
  // Known by its time again, which a copy of the file's identity would be as well.
  const { dev, ino, mtimeNs } = statSync(workspace.analytics, { bigint: true });
  await analytics.context.warehouse.run(
    `update meta.published set file = '${dev} ${ino} ${size} ${mtimeNs}'`,
  );
  const handle = openSync(workspace.analytics, "r+");
  for (let at = 3 * 4096; at < size; at += 4096) writeSync(handle, Buffer.alloc(64, 0xee), 0, 64, at);
  closeSync(handle);
  utimesSync(workspace.analytics, atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000));
  await analytics.insert("usage", [usage({ usage_date: "2026-11-02" })]);
  await analytics.build();
  expect(await analytics.publish()).toMatchObject({ byDay: 0, kept: 0 });
  expect(effects.said()).toContain("written anew");
  expect(await analytics.published("select count(*)::integer as days from fct_usage_daily")).toEqual([
    { days: 2 },
  ]);
  expect(await analytics.publish()).toMatchObject({ whole: 0 });
  expect(await publish(analytics.context, { isAnew: true })).toMatchObject({ byDay: 0, kept: 0 });
});

test("what somebody wrote ahead into the last file is not read into the next", async () => {
  const analytics = await copyOfBuilt({ rows: { usage: [usage({})] } });
  await analytics.publish();
  const { workspace, warehouse } = analytics.context;
  const killed = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { DuckDBInstance } from "@duckdb/node-api";
       const connection = await (await DuckDBInstance.create(${JSON.stringify(workspace.analytics)})).connect();
       await connection.run("create table mine as select 1; delete from fct_usage_daily");
       process.kill(process.pid, "SIGKILL");`,
    ],
    { cwd: packageRoot },
  );
  expect([killed.signal, existsSync(`${workspace.analytics}.wal`)]).toEqual(["SIGKILL", true]);
  await warehouse.run("update meta.build set now = now + interval 1 minute");
  await analytics.publish();
  expect(await analytics.published("select count(*)::integer as days from fct_usage_daily")).toEqual([
    { days: 1 },
  ]);
  expect(await analytics.published("select 1 from duckdb_tables() where table_name = 'mine'")).toEqual([]);
});

test("days are not put among rows of other types", async () => {
  const own = `/*
description: The usage of each day.
grain: [usage_date]
incremental: {by: usage_date, follows: [fct_usage_daily, int_own_digits]}
columns:
  usage_date: The UTC day.
  quantity: How much.
*/
select usage_date, sum(fct_usage_daily.quantity * digits.digits) as quantity
from fct_usage_daily
inner join int_own_digits as digits using (usage_date)
group by usage_date`;
  const digitsModel = (digits: number) => `/*
description: A number of other digits.
grain: [usage_date]
incremental: {by: usage_date, follows: [fct_usage_daily]}
columns:
  usage_date: The UTC day.
  digits: One.
*/
select distinct usage_date, 1::decimal(18, ${digits}) as digits
from fct_usage_daily`;
  const analytics = await openOrganization({
    rows: { usage: [usage({ quantity: "1.126" })] },
    files: { "sql/marts/own.sql": own, "sql/intermediate/int_own_digits.sql": digitsModel(1) },
  });
  const typeOf = async () =>
    (await analytics.published("select typeof(quantity) as type from own limit 1"))[0]?.type;
  const { workspace, warehouse } = analytics.context;
  await analytics.build();
  await publish(analytics.context, { mostRowsSorted: 0 });
  const before = await typeOf();
  writeFileSync(join(workspace.root, "sql/intermediate/int_own_digits.sql"), digitsModel(3));
  await analytics.build();
  await publish(analytics.context, { mostRowsSorted: 0 });
  expect(await typeOf()).not.toBe(before);
  expect(await analytics.published("from own")).toEqual(await warehouse.all("from marts.own"));
});

test("a mart that was never built says to build it, and the old file stays", async () => {
  const analytics = await openOrganization({});
  await analytics.build({ select: "+dim_vm" });
  const error = await analytics.publish().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TallyError);
  expect((error as TallyError).message).toContain("was never built");
  expect((error as TallyError).hint).toContain("tally build");
});

test("the steps of every run are published, whatever a killed one left in the log", async () => {
  const analytics = await copyOfBuilt({});
  const { runLog } = analytics.context.workspace;
  const steps = "select step, status, started_at, duration_ms, message from meta_run";
  await analytics.publish();
  expect(await analytics.published(steps)).toEqual([]);
  mkdirSync(dirname(runLog), { recursive: true });
  const line = (step: string, status: string, more: Record<string, unknown> = {}) =>
    `${JSON.stringify({
      run_id: "r",
      step,
      status,
      started_at: "2026-11-03T06:00:00.250Z",
      finished_at: "2026-11-03T06:00:01.000Z",
      duration_ms: 750,
      message: null,
      ...more,
    })}\n`;
  const later = { started_at: "2026-11-03T06:00:02.000Z", message: 'GET "usage" answered 502\n<b>' };
  writeFileSync(runLog, `${line("ingest", "done")}${line("report", "failed", later)}{"run_id": "r", "st`);
  await analytics.publish();
  expect(await analytics.published(steps)).toEqual([
    {
      step: "ingest",
      status: "done",
      started_at: "2026-11-03 06:00:00.25",
      duration_ms: "750",
      message: null,
    },
    {
      step: "report",
      status: "failed",
      started_at: "2026-11-03 06:00:02",
      duration_ms: "750",
      message: 'GET "usage" answered 502\n<b>',
    },
  ]);
});
