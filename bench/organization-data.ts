import { createRawTables } from "../src/ingest/raw-tables.ts";
import type { Warehouse } from "../src/warehouse.ts";

/** How large an organisation is; all else follows, so that the same numbers give the same rows. */
export interface OrganizationSize {
  vms: number;
  days: number;
  projects: number;
}

/** The clock of the first build; a night later it stands a day on. */
export const firstNow = new Date("2026-11-03T06:00:00Z");

const dayMs = 86_400_000;
const text = (time: number) => new Date(time).toISOString().slice(0, 10);
/** The last day of usage that the first build has. */
const lastDay = Date.parse("2026-11-02");

/** What the bench's workspace prices. */
export const prices = `resource_type,billable_metric,project_id,unit_price
,gpu-hours,,2.5
,instance-hours,,1.1
,gib-hours,,0.0001
a100-80gb.4x,instance-hours,project-003,7.7
`;

/** Fills schema raw: years of usage by resource and by project, their reads, and the inventory behind them. */
export async function createOrganization(warehouse: Warehouse, size: OrganizationSize): Promise<void> {
  const { days, projects } = size;
  const firstDay = text(lastDay - (days - 1) * dayMs);
  await createRawTables(warehouse);
  await warehouse.run(meters(size));
  // By months, as ingest loads them, so that the memory of a new workspace is enough.
  for (let from = 0; from < days; from += 31) {
    await warehouse.run(resourceUsage(text(lastDay - (days - 1 - from) * dayMs), Math.min(31, days - from)));
  }
  const since = `timestamp '${firstDay} 00:00:00'`;
  await warehouse.run(`
    ${projectUsage("true")};
    insert into raw.projects by name
    select 'org' as organization_id, 'project-' || lpad(project::varchar, 3, '0') as id, 'Project ' || project as name,
      ${since} as _valid_from, 'load' as _load_id
    from range(${projects}) as projects(project);
    insert into raw.usage_options by name
    select 'org' as organization_id, date '${firstDay}' as start_date, date '${text(lastDay)}' as end_date,
      [] as projects, [] as regions, [] as resource_types, ${since} as _valid_from, 'load' as _load_id;
    insert into raw.vms by name
    select 'org' as organization_id, project_id, resource_id as id, resource_name as name, resource_type as type,
      case when vm % 9 = 0 then 'STATE_SHUTOFF' else 'STATE_RUNNING' end as state, region || '-a' as location,
      reservation_id, ${since} as created_at, ${since} as _valid_from, 'load' as _load_id
    from meters
    where resource_type <> 'persistent-ssd';
    insert into raw.disks by name
    select 'org' as organization_id, project_id, resource_id as id, resource_name as name, 'persistent-ssd' as type,
      '100GiB' as size, region || '-a' as location, ${since} as created_at, ${since} as _valid_from,
      'load' as _load_id
    from meters
    where resource_type = 'persistent-ssd';
    insert into raw.reservations by name
    select 'org' as organization_id, 'reservation-' || number as id, 'h100-80gb-sxm-ib' as product_line,
      800 as quantity, date '2022-01-01' as contract_start_date, date '2027-01-01' as contract_end_date,
      date '2022-01-01' as date_delivered, ${since} as _valid_from, 'load' as _load_id
    from range(4) as numbers(number);
    ${reads(firstDay, days, "timestamp '2026-11-03 00:10:00'")};
  `);
  await warehouse.run(`drop table meters; checkpoint`);
}

/** One night more: a new day, and the seven before it restated, in the way that ingest records it. */
export async function addNight(warehouse: Warehouse, size: OrganizationSize): Promise<void> {
  const now = "timestamp '2026-11-04 00:10:00'";
  const restated = text(lastDay - 6 * dayMs);
  await warehouse.run(meters(size));
  await warehouse.run(`
    update raw.resource_usage set _known_to = ${now} where usage_date >= date '${restated}';
    update raw.usage set _known_to = ${now} where usage_date >= date '${restated}';
    ${resourceUsage(restated, 8, now)};
    ${projectUsage(`_known_from = ${now}`)};
    ${reads(restated, 8, now)};
    drop table meters;
    checkpoint;
  `);
}

const meters = ({ vms, projects }: OrganizationSize): string => `
  create or replace temp table meters as
  select
    vm,
    'project-' || lpad((vm % ${projects})::varchar, 3, '0') as project_id,
    ['us-east1', 'us-northcentral1', 'eu-iceland1'][1 + (vm % ${projects}) % 3] as region,
    [
      'h100-80gb-sxm-ib.8x', 'a100-80gb.1x', 'a100-80gb.4x', 'l40s-48gb.1x', 'c1a.8x', 'persistent-ssd'
    ][1 + (vm % ${projects} + (vm // ${projects}) % 3) % 6] as resource_type,
    case
      when resource_type = 'persistent-ssd' then 'gib-hours'
      when resource_type like 'h100%' then 'gpu-hours'
      else 'instance-hours'
    end as billable_metric,
    case when (vm // ${projects}) % 11 = 0 then 'reservation-' || (vm % 4) end as reservation_id,
    md5(vm::varchar)::uuid::varchar as resource_id,
    'train-' || vm as resource_name
  from range(${vms}) as vms(vm)`;

const resourceUsage = (from: string, days: number, now = "timestamp '2026-11-03 00:10:00'"): string => `
  insert into raw.resource_usage by name
  select
    'org' as organization_id, project_id, date '${from}' + day::integer as usage_date, region, resource_type,
    billable_metric, reservation_id,
    ((hash(vm, usage_date, ${now}) % 86401) / 3600)::decimal(28, 12) as quantity,
    resource_id, resource_name, ${now} as _known_from, 'load' as _load_id
  from range(${days}) as days(day), meters
  order by day, vm`;

const projectUsage = (condition: string): string => `
  insert into raw.usage by name
  select
    organization_id, project_id, usage_date, region, resource_type, billable_metric, reservation_id,
    sum(quantity)::decimal(28, 12) as quantity, max(_known_from) as _known_from, 'load' as _load_id
  from raw.resource_usage
  where ${condition} and _known_to is null
  group by all
  order by usage_date`;

/** Every month was read at once, and since then a week each night. */
const reads = (from: string, days: number, now: string): string => `
  insert into raw.read_windows by name
  select
    'load' as load_id, 'run' as run_id, stream, 'org' as organization_id, projects.id as project_id,
    date '${from}' + (number * 31)::integer as window_from,
    least(date '${from}' + ${days - 1}, date '${from}' + (number * 31 + 30)::integer) as window_to,
    ${now} as attempted_at, 'complete' as status, 1 as row_count
  from range(${Math.ceil(days / 31)}) as numbers(number),
    (select id from raw.projects) as projects,
    (values ('usage'), ('resource_usage')) as streams(stream)`;
