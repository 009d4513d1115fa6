import { sqlText, type Warehouse } from "../../src/warehouse.ts";

/** The raw tables as the models are promised them, written down apart from what fills them. */
const rawTables = {
  organizations: `id varchar, name varchar, state varchar, state_reason varchar, relation varchar, company_name varchar,
    billing_balance varchar, billing_method varchar, billing_delinquent boolean`,
  projects: "organization_id varchar, id varchar, name varchar, relation varchar",
  usage_options: `organization_id varchar, start_date date, end_date date, projects varchar[], regions varchar[],
    resource_types varchar[]`,
  vm_types: `organization_id varchar, product_name varchar, gpu_type varchar, num_gpu bigint, cpu_cores bigint,
    cpu_type varchar, memory_gb bigint, memory_type varchar, disk_gb bigint, disk_type varchar, description varchar`,
  vms: `organization_id varchar, project_id varchar, id varchar, name varchar, type varchar, state varchar,
    location varchar, reservation_id varchar, instance_group_id varchar, instance_template_id varchar,
    billing_type varchar, created_at timestamp, updated_at timestamp, disks json, network_interfaces json`,
  disks: `organization_id varchar, project_id varchar, id varchar, name varchar, type varchar, size varchar,
    block_size bigint, location varchar, attached_to json, serial_number varchar, created_at timestamp,
    updated_at timestamp`,
  snapshots: `organization_id varchar, project_id varchar, id varchar, name varchar, size varchar, block_size bigint,
    created_from varchar, created_at timestamp, updated_at timestamp`,
  reservations: `organization_id varchar, id varchar, product_line varchar, quantity bigint, used_quantity bigint,
    price varchar, reservation_type varchar, locations json, projects json, vm_ids json, contract_start_date date,
    contract_end_date date, date_delivered date`,
} as const;

const usageColumns = `organization_id varchar, project_id varchar, usage_date date, region varchar, resource_type varchar,
  billable_metric varchar, reservation_id varchar, quantity decimal(28, 12)`;

/** Makes schema raw with every table empty. */
export async function createRawTables(warehouse: Warehouse): Promise<void> {
  const inventory = "_valid_from timestamp not null, _valid_to timestamp, _load_id varchar";
  const known = "_known_from timestamp not null, _known_to timestamp, _load_id varchar";
  await warehouse.run(
    [
      "create schema if not exists raw;",
      ...Object.entries(rawTables).map(
        ([name, columns]) => `create table raw.${name} (${columns}, ${inventory});`,
      ),
      `create table raw.usage (${usageColumns}, ${known});`,
      `create table raw.resource_usage (${usageColumns}, resource_id varchar, resource_name varchar, ${known});`,
      `create table raw.read_windows (load_id varchar, run_id varchar, stream varchar, organization_id varchar,
        project_id varchar, window_from date, window_to date, attempted_at timestamp, status varchar,
        row_count bigint, message varchar);`,
      `create table raw.landed_files (load_id varchar, path varchar, stream varchar, sha256 varchar, bytes bigint,
        row_count bigint, requested_at timestamp, loaded_at timestamp);`,
    ].join("\n"),
  );
}

/** A row as a test writes it down; what it leaves out is null, or the default of its table. */
export type RawRow = Record<string, unknown>;

type RawTable = keyof typeof rawTables | "usage" | "resource_usage" | "read_windows";

const defaults: Record<string, RawRow> = {
  inventory: { organization_id: "org", _valid_from: "2026-01-01 00:00:00", _load_id: "load" },
  usage: {
    organization_id: "org",
    project_id: "alpha",
    region: "us-east1",
    _known_from: "2026-11-03 00:10:00",
    _load_id: "load",
  },
  read_windows: { organization_id: "org", load_id: "load", run_id: "run", status: "complete" },
};

/** Inserts rows into a raw table. */
export async function insertRaw(
  warehouse: Warehouse,
  table: RawTable,
  rows: readonly RawRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const base =
    table === "usage" || table === "resource_usage"
      ? defaults.usage
      : table === "read_windows"
        ? defaults.read_windows
        : table === "organizations"
          ? { ...defaults.inventory, organization_id: undefined }
          : defaults.inventory;
  for (const row of rows) {
    const cells = Object.entries({ ...base, ...row }).filter(([, value]) => value !== undefined);
    const values = cells.map(([, value]) => literal(value));
    await warehouse.run(
      `insert into raw.${table} (${cells.map(([name]) => name).join(", ")}) values (${values.join(", ")})`,
    );
  }
}

function literal(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.length === 0 ? "[]" : `[${value.map((item) => sqlText(String(item))).join(", ")}]`;
  }
  if (typeof value === "object") return sqlText(JSON.stringify(value));
  return sqlText(String(value));
}
