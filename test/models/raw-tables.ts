import { sqlText, type Warehouse } from "../../src/warehouse.ts";

const operationColumns = `organization_id varchar, project_id varchar, operation_id varchar, state varchar,
  started_at timestamp, completed_at timestamp, metadata json, result json`;

/** The raw tables as the models are promised them, written down apart from what fills them. */
const rawTables = {
  organizations: `account varchar, id varchar, name varchar, state varchar, state_reason varchar, relation varchar, company_name varchar,
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
  identities: `account varchar, id varchar, role varchar, org_role varchar, user_state varchar, role_binding_count bigint,
    credential_count bigint`,
  ssh_keys: "account varchar, id varchar, created_at timestamp",
  tokens: `account varchar, created_at timestamp, alias varchar, expires_at timestamp,
    last_used timestamp`,
  gpu_tracking: `organization_id varchar, event_time timestamp, product_line varchar, region varchar, gpu_usage bigint,
    on_demand_count bigint, regional_capacity bigint, global_capacity bigint, price decimal(28, 12)`,
  metrics_timeseries: `organization_id varchar, project_id varchar, from_date date, to_date date, labels varchar,
    points json`,
  capacities: `account varchar, location varchar, type varchar, quota_type varchar, quantity bigint,
    num_slices bigint`,
  images: `account varchar, id varchar, name varchar, description varchar, locations json, tags json,
    created_at timestamp`,
  custom_images: `organization_id varchar, project_id varchar, id varchar, name varchar, description varchar,
    locations json, tags json, created_at timestamp`,
  instance_templates: `organization_id varchar, project_id varchar, id varchar, name varchar, type varchar,
    location varchar, image_name varchar, custom_image_name varchar, reservation_id varchar, subnet_id varchar,
    ib_partition_id varchar, public_ip_address_type varchar, placement_policy varchar, maintenance_policy varchar,
    disks json, created_at timestamp`,
  instance_groups: `organization_id varchar, project_id varchar, id varchar, name varchar, state varchar,
    template_id varchar, desired_count bigint, running_instance_count bigint, active_instances json,
    inactive_instances json, created_at timestamp, updated_at timestamp`,
  networks: `organization_id varchar, project_id varchar, id varchar, name varchar, cidr varchar, gateway varchar,
    subnets json`,
  subnets: `organization_id varchar, project_id varchar, id varchar, name varchar, vpc_network_id varchar,
    location varchar, cidr varchar, nat_gateways json`,
  firewall_rules: `organization_id varchar, project_id varchar, id varchar, name varchar, vpc_network_id varchar,
    state varchar, action varchar, direction varchar, protocols json, sources json, source_ports json,
    destinations json, destination_ports json`,
  load_balancers: `organization_id varchar, project_id varchar, id varchar, name varchar, vpc_id varchar,
    location varchar, protocol varchar, vip varchar, listen_ports_and_backends json, health_check_options json`,
  internal_load_balancers: `organization_id varchar, project_id varchar, id varchar, name varchar, location varchar,
    type varchar, algorithm varchar, protocols json, destinations json, ips json, network_interfaces json,
    health_check json`,
  vm_operations: operationColumns,
  disk_operations: operationColumns,
  snapshot_operations: operationColumns,
  network_operations: operationColumns,
  subnet_operations: operationColumns,
  firewall_rule_operations: operationColumns,
  load_balancer_operations: operationColumns,
  internal_load_balancer_operations: operationColumns,
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
      `create table raw.billing_costs (organization_id varchar, project_id varchar, usage_date date, region varchar,
        resource_type varchar, billable_metric varchar, quantity decimal(28, 12), unit_price decimal(28, 12),
        cost decimal(28, 12), ${known});`,
      `create table raw.quarantine (load_id varchar, stream varchar, organization_id varchar, project_id varchar,
        path varchar, reason varchar, file varchar, quarantined_at timestamp);`,
      `create table raw.read_windows (load_id varchar, run_id varchar, stream varchar, organization_id varchar,
        project_id varchar, window_from date, window_to date, attempted_at timestamp, status varchar,
        row_count bigint, message varchar, account varchar);`,
      `create table raw.landed_files (load_id varchar, path varchar, stream varchar, sha256 varchar, bytes bigint,
        row_count bigint, requested_at timestamp, loaded_at timestamp);`,
    ].join("\n"),
  );
}

/** A row as a test writes it down; what it leaves out is null, or the default of its table. */
export type RawRow = Record<string, unknown>;

type RawTable = keyof typeof rawTables | "usage" | "resource_usage" | "billing_costs" | "read_windows";

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
  const base = ["usage", "resource_usage", "billing_costs"].includes(table)
    ? defaults.usage
    : table === "read_windows"
      ? defaults.read_windows
      : table === "organizations"
        ? { ...defaults.inventory, organization_id: undefined }
        : defaults.inventory;
  // Rows that name the same columns go in together.
  const batches = new Map<string, string[]>();
  for (const row of rows) {
    const cells = Object.entries({ ...base, ...row }).filter(([, value]) => value !== undefined);
    const columns = cells.map(([name]) => name).join(", ");
    const batch = batches.get(columns) ?? [];
    batches.set(columns, batch);
    batch.push(`(${cells.map(([, value]) => literal(value)).join(", ")})`);
  }
  for (const [columns, values] of batches) {
    await warehouse.run(`insert into raw.${table} (${columns}) values ${values.join(", ")}`);
  }
}

/** Restates usage as a run does: rows that hold a condition are closed, and come again, later, with another quantity. */
export async function restateUsage(
  warehouse: Warehouse,
  isRestated: string,
  quantity: string,
): Promise<void> {
  await warehouse.run(`
    create or replace temp table restated as
    select
      * replace (
        ${quantity} as quantity,
        'restated' as _load_id,
        (select greatest(max(_known_from), max(_known_to)) + interval 1 minute from raw.usage) as _known_from
      )
    from raw.usage
    where ${isRestated} and _known_to is null;
    update raw.usage set _known_to = (select max(_known_from) from restated)
    where ${isRestated} and _known_to is null;
    insert into raw.usage by name select * from restated;
  `);
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
