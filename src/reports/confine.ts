import { ConfigError } from "../errors/config-error.ts";
import type { ReportFilter } from "../report-selections.ts";
import { sqlName, type Warehouse } from "../warehouse.ts";

/** Tables that say nothing of any project, type or region, or hold for all of them. */
const general = new Set(["dim_idle_rule", "dim_vm_type"]);

/** Tables of projects only: a GPU type or a region takes nothing out of them. */
const ofProjects = new Set(["dim_organization", "dim_project", "fct_usage_coverage"]);

/**
 * Confines a connection to a part of what is published: from then on, the names of the published tables mean
 * temporary views of the same names, which leave the rest out. So no query needs to know of any filter.
 * Figures of the whole organisation can't be confined; their tables are empty then.
 *
 * @returns what the report is confined to, in words; null where it is to nothing
 * @throws ConfigError where a key of the filter matches nothing that is known
 */
export async function confine(
  connection: Warehouse,
  filter: ReportFilter,
  name: string | null,
): Promise<string | null> {
  const kinds = [
    {
      key: "organizations",
      table: "report_organization",
      words: "organisations",
      values: filter.organizations,
    },
    { key: "projects", table: "report_project", words: "projects", values: filter.projects },
    { key: "cost_centres", table: "report_cost_centre", words: "cost centres", values: filter.costCentres },
    { key: "gpu_types", table: "report_gpu_type", words: "GPU types", values: filter.gpuTypes },
    { key: "regions", table: "report_region", words: "regions", values: filter.regions },
  ].filter(({ values }) => values.length > 0);
  if (kinds.length === 0) return null;
  await requireKnown(connection, filter, name);
  for (const { table, values } of kinds) {
    await connection.run(`create temp table ${table} (value varchar)`);
    for (const value of values) await connection.run(`insert into ${table} values ($value)`, { value });
  }
  await selectProjects(connection, filter);
  for (const table of await publishedTables(connection)) {
    const conditions = conditionsOf(table, filter);
    if (conditions.length === 0) continue;
    await connection.run(
      `create temp view ${sqlName(table.name)} as select * from ${base(table.database, table.name)} where ${conditions.join(" and ")}`,
    );
  }
  return kinds.map(({ words, values }) => `${words} ${values.join(", ")}`).join("; ");
}

interface PublishedTable {
  database: string;
  name: string;
  columns: ReadonlySet<string>;
}

async function publishedTables(connection: Warehouse): Promise<PublishedTable[]> {
  const rows = await connection.all<{ database: string; name: string; columns: string[] }>(`
    select database_name as database, table_name as name, list(column_name) as columns
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'main' and not starts_with(table_name, 'meta_')
    group by all
    order by all
  `);
  return rows.map((row) => ({ ...row, columns: new Set(row.columns) }));
}

function base(database: string, table: string): string {
  return `${sqlName(database)}.main.${sqlName(table)}`;
}

// A project counts with the cost centre that it has today, so that a report is of the same projects throughout.
async function selectProjects(connection: Warehouse, filter: ReportFilter): Promise<void> {
  const { organizations, projects, costCentres } = filter;
  if (organizations.length > 0) {
    await connection.run(`
      create temp table confined_organization as
      select organization_id
      from dim_organization
      where organization_id in (select value from report_organization)
        or organization_name in (select value from report_organization)`);
  }
  if (!isByProject(filter)) return;
  const conditions = [
    organizations.length > 0 && "organization_id in (select organization_id from confined_organization)",
    projects.length > 0 &&
      "(project_id in (select value from report_project) or project_name in (select value from report_project))",
    costCentres.length > 0 && "cost_centre in (select value from report_cost_centre)",
  ].filter((condition) => condition !== false);
  await connection.run(
    `create temp table confined_project as select project_id from dim_project where ${conditions.join(" and ")}`,
  );
}

function conditionsOf({ database, name, columns }: PublishedTable, filter: ReportFilter): string[] {
  if (general.has(name)) return [];
  if (columns.has("scope")) return [scopeCondition(name, columns, filter)];
  if (name === "fct_new_and_gone") {
    const isOnly = isByProject(filter) && filter.gpuTypes.length + filter.regions.length === 0;
    return [isOnly ? "kind = 'project' and value in (select project_id from confined_project)" : "false"];
  }
  const conditions: string[] = [];
  const isOfOrganizationsOnly = filter.projects.length + filter.costCentres.length === 0;
  if (filter.organizations.length > 0 && columns.has("organization_id")) {
    conditions.push("organization_id in (select organization_id from confined_organization)");
    if (!isOfOrganizationsOnly) conditions.push(projectCondition(database, name, columns));
  } else if (isByProject(filter)) {
    conditions.push(projectCondition(database, name, columns));
  }
  if (ofProjects.has(name)) return conditions;
  if (filter.gpuTypes.length > 0) conditions.push(gpuTypeCondition(database, columns));
  if (filter.regions.length > 0) conditions.push(regionCondition(columns));
  return conditions;
}

const isByProject = ({ organizations, projects, costCentres }: ReportFilter): boolean =>
  organizations.length + projects.length + costCentres.length > 0;

function projectCondition(database: string, name: string, columns: ReadonlySet<string>): string {
  if (name === "dim_organization") {
    return `organization_id in (
      select organization_id
      from ${base(database, "dim_project")}
      where project_id in (select project_id from confined_project)
    )`;
  }
  return columns.has("project_id") ? "project_id in (select project_id from confined_project)" : "false";
}

function gpuTypeCondition(database: string, columns: ReadonlySet<string>): string {
  const isWanted = "lower(gpu_type) in (select lower(value) from report_gpu_type)";
  if (columns.has("gpu_type")) return isWanted;
  if (columns.has("resource_type")) {
    return `resource_type in (select resource_type from ${base(database, "fct_cost_daily")} where ${isWanted})`;
  }
  if (columns.has("resource_id")) {
    return `resource_id in (select vm_id from ${base(database, "dim_vm")} where ${isWanted})`;
  }
  return "false";
}

function regionCondition(columns: ReadonlySet<string>): string {
  const wanted = "(select lower(value) from report_region)";
  if (columns.has("region")) return `lower(region) in ${wanted}`;
  if (columns.has("location")) return `regexp_replace(lower(location), '-[a-z]$', '') in ${wanted}`;
  return "false";
}

/**
 * Of figures by scope, those that lie within the filter: where it is of one kind, the scopes of that kind.
 * Those of everything are of more than the report is.
 */
function scopeCondition(name: string, columns: ReadonlySet<string>, filter: ReportFilter): string {
  const { organizations, projects, costCentres, gpuTypes, regions } = filter;
  if (
    [organizations, projects, costCentres, gpuTypes, regions].filter(({ length }) => length > 0).length !== 1
  )
    return "false";
  if (!columns.has("scope_value")) {
    return costCentres.length > 0 && columns.has("cost_centre")
      ? "scope = 'cost_centre' and cost_centre in (select value from report_cost_centre)"
      : "false";
  }
  if (name === "fct_budget_status") return "false";
  if (organizations.length + projects.length > 0)
    return "scope = 'project' and scope_value in (select project_id from confined_project)";
  if (costCentres.length > 0) {
    return "scope = 'cost_centre' and scope_value in (select value from report_cost_centre)";
  }
  if (gpuTypes.length > 0) {
    return "scope = 'gpu_type' and lower(scope_value) in (select lower(value) from report_gpu_type)";
  }
  return "scope = 'region' and lower(scope_value) in (select lower(value) from report_region)";
}

/** A filter that matches nothing is a slip of the pen, and an empty report would be taken for no usage. */
async function requireKnown(connection: Warehouse, filter: ReportFilter, name: string | null): Promise<void> {
  const check = async (key: string, values: readonly string[], sql: string) => {
    if (values.length === 0) return;
    const known = (await connection.all<{ value: string; also: string | null }>(sql)).flatMap(
      ({ value, also }) => (also === null || also === value ? [value] : [value, also]),
    );
    const spelt = new Set(known.map((each) => each.toLowerCase()));
    if (known.length === 0 || values.some((value) => spelt.has(value.toLowerCase()))) return;
    throw new ConfigError(
      `tally.toml: [[report]] ${JSON.stringify(name ?? "")}: ${key}: nothing is known of ${values.map((value) => JSON.stringify(value)).join(" or ")}.`,
      {
        hint: `Mend its spelling. Known are ${known
          .slice(0, 12)
          .map((value) => JSON.stringify(value))
          .join(", ")}${known.length > 12 ? " and others" : ""}.`,
      },
    );
  };
  await check(
    "organizations",
    filter.organizations,
    "select coalesce(organization_name, organization_id) as value, organization_id as also from dim_organization order by all",
  );
  await check(
    "projects",
    filter.projects,
    "select project_name as value, project_id as also from dim_project order by all",
  );
  await check(
    "cost_centres",
    filter.costCentres,
    "select distinct cost_centre as value, null as also from dim_project where cost_centre is not null order by all",
  );
  await check(
    "gpu_types",
    filter.gpuTypes,
    "select distinct gpu_type as value, null as also from fct_cost_daily where gpu_type is not null order by all",
  );
  await check(
    "regions",
    filter.regions,
    "select distinct region as value, null as also from fct_cost_daily where region is not null order by all",
  );
}
