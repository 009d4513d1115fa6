/**
 * What a column holds, and how its value is read:
 * `text` without the quotes that some answers put inside of a string, `name` as it is, `json` as it came,
 * `list` of texts, `day` and `quantity` strictly (what can't be read fails the load), the rest leniently (what
 * can't be read is null).
 */
export type ColumnKind =
  | "text"
  | "name"
  | "json"
  | "list"
  | "integer"
  | "boolean"
  | "timestamp"
  | "date"
  | "day"
  | "quantity";

export interface Column {
  name: string;
  kind: ColumnKind;
  /** Where the value stands in a row of the answer, as a dotted path; the column's name where not given. */
  from?: string;
  /** Filled from the request's own scope and not from the answer. */
  scope?: "organization" | "project";
  /** Part of what tells one row from another. */
  isKey?: boolean;
  /** Whether a change opens a new version; true where not given. */
  isCompared?: boolean;
  /** Another column to take the value from where it is empty. */
  orElse?: string;
  /** CSV: other headers for the same column, best first; case and separators don't matter. */
  aliases?: readonly string[];
  /** CSV: an answer without this column can't be used. */
  isRequired?: boolean;
}

/** One resource of the API: all that is needed to ask for it, land it and load it. */
export interface Stream {
  /** Also the name of its raw table and of its folder of landed files. */
  name: string;
  description: string;
  /** After the endpoint; `{organization_id}` and `{project_id}` are filled in. */
  path: string;
  /** Parameters of every request, filled in the same way. */
  query: Readonly<Record<string, string>>;
  /** What one read covers. `any_project`: the answer is the same in each, so the first that answers will do. */
  scope: "account" | "organization" | "project" | "any_project";
  format: "json" | "csv";
  /** The key of the answer that holds the rows; null where the whole answer is one row. */
  rowsKey: string | null;
  /** `usage` is read in windows of days and keeps restatements; `inventory` is kept as versions (type 2). */
  history: "usage" | "inventory";
  /** Whether 403, 404 and 501 mean that the account does not have it, and no failure. */
  isOptional: boolean;
  columns: readonly Column[];
}

const text = (name: string, more: Partial<Column> = {}): Column => ({ name, kind: "text", ...more });
const name = (more: Partial<Column> = {}): Column => ({ name: "name", kind: "name", ...more });
const json = (columnName: string): Column => ({ name: columnName, kind: "json" });
const integer = (columnName: string): Column => ({ name: columnName, kind: "integer" });
const organizationId = text("organization_id", { scope: "organization" });
const projectId = text("project_id", { scope: "project" });
const id = text("id", { isKey: true });
const createdAt: Column = { name: "created_at", kind: "timestamp" };
const updatedAt: Column = { name: "updated_at", kind: "timestamp", isCompared: false };

const usageColumns: readonly Column[] = [
  organizationId,
  text("project_id", { isKey: true, isRequired: true, aliases: ["project"] }),
  { name: "usage_date", kind: "day", from: "date", isKey: true, isRequired: true, aliases: ["date", "day"] },
  text("region", { isKey: true, aliases: ["location"] }),
  text("resource_type", { isKey: true, isRequired: true, aliases: ["product", "product_name", "type"] }),
  text("billable_metric", { isKey: true, isRequired: true, aliases: ["metric"] }),
  text("reservation_id", { isKey: true, aliases: ["reservation"] }),
  { name: "quantity", kind: "quantity", isRequired: true, aliases: ["usage", "amount"] },
];

/**
 * Every stream that tally reads, in the order in which they are read. A new resource is a new entry here and
 * a staging model in sql/staging; nothing else knows of single resources.
 */
export const streams: readonly Stream[] = [
  {
    name: "organizations",
    description: "Organisations that the credential sees, with the state of their billing.",
    path: "/organizations/entities",
    query: {},
    scope: "account",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: false,
    columns: [
      id,
      name(),
      text("state"),
      text("state_reason"),
      text("relation"),
      name({ name: "company_name" }),
      text("billing_balance", { from: "billing.balance" }),
      text("billing_method", { from: "billing.billing_method" }),
      { name: "billing_delinquent", kind: "boolean", from: "billing.delinquent" },
    ],
  },
  {
    name: "projects",
    description: "Projects of the organisation.",
    path: "/organizations/projects",
    query: { org_id: "{organization_id}" },
    scope: "organization",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: false,
    columns: [organizationId, id, name(), text("relation")],
  },
  {
    name: "usage_options",
    description: "The span of days, and the projects, regions and resource types, that have usage.",
    path: "/organizations/{organization_id}/usage/options",
    query: {},
    scope: "organization",
    format: "json",
    rowsKey: null,
    history: "inventory",
    isOptional: false,
    columns: [
      { ...organizationId, isKey: true },
      { name: "start_date", kind: "date" },
      { name: "end_date", kind: "date" },
      { name: "projects", kind: "list" },
      { name: "regions", kind: "list" },
      { name: "resource_types", kind: "list" },
    ],
  },
  {
    name: "usage",
    description: "Usage by day, project, region, resource type, metric and reservation.",
    path: "/organizations/{organization_id}/usage",
    query: {},
    scope: "organization",
    format: "json",
    rowsKey: "items",
    history: "usage",
    isOptional: false,
    columns: usageColumns,
  },
  {
    name: "resource_usage",
    description: "Usage as above, by resource.",
    path: "/organizations/{organization_id}/usage/export",
    // Required by the API; an empty value asks for every resource.
    query: { resources: "" },
    scope: "organization",
    format: "csv",
    rowsKey: null,
    history: "usage",
    isOptional: false,
    columns: [
      ...usageColumns,
      text("resource_id", {
        isKey: true,
        isRequired: true,
        aliases: ["id", "vm_id"],
        orElse: "resource_name",
      }),
      name({ name: "resource_name", aliases: ["name"] }),
    ],
  },
  {
    name: "vm_types",
    description: "Types of VM on offer.",
    path: "/projects/{project_id}/compute/vms/types",
    query: {},
    scope: "any_project",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: false,
    columns: [
      organizationId,
      text("product_name", { isKey: true }),
      text("gpu_type"),
      integer("num_gpu"),
      integer("cpu_cores"),
      text("cpu_type"),
      integer("memory_gb"),
      text("memory_type"),
      integer("disk_gb"),
      text("disk_type"),
      name({ name: "description" }),
    ],
  },
  {
    name: "vms",
    description: "Virtual machines.",
    path: "/projects/{project_id}/compute/vms/instances",
    query: { limit: "100" },
    scope: "project",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: false,
    columns: [
      organizationId,
      projectId,
      id,
      name(),
      text("type"),
      text("state"),
      text("location"),
      text("reservation_id"),
      text("instance_group_id"),
      text("instance_template_id"),
      text("billing_type"),
      createdAt,
      updatedAt,
      json("disks"),
      json("network_interfaces"),
    ],
  },
  {
    name: "disks",
    description: "Disks and shared volumes.",
    path: "/projects/{project_id}/storage/disks",
    query: {},
    scope: "project",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: false,
    columns: [
      organizationId,
      projectId,
      id,
      name(),
      text("type"),
      text("size"),
      integer("block_size"),
      text("location"),
      json("attached_to"),
      text("serial_number"),
      createdAt,
      updatedAt,
    ],
  },
  {
    name: "snapshots",
    description: "Snapshots of disks.",
    path: "/projects/{project_id}/storage/snapshots",
    query: {},
    scope: "project",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: false,
    columns: [
      organizationId,
      projectId,
      id,
      name(),
      text("size"),
      integer("block_size"),
      text("created_from"),
      createdAt,
      updatedAt,
    ],
  },
  {
    name: "reservations",
    description: "Reserved capacity, with its contract.",
    path: "/organizations/{organization_id}/reservations",
    query: {},
    scope: "organization",
    format: "json",
    rowsKey: "items",
    history: "inventory",
    isOptional: true,
    columns: [
      organizationId,
      id,
      text("product_line"),
      integer("quantity"),
      integer("used_quantity"),
      text("price"),
      text("reservation_type"),
      json("locations"),
      json("projects"),
      json("vm_ids"),
      { name: "contract_start_date", kind: "date" },
      { name: "contract_end_date", kind: "date" },
      { name: "date_delivered", kind: "date" },
    ],
  },
];

/** The entry of that name. */
export function streamNamed(streamName: string): Stream {
  const stream = streams.find((each) => each.name === streamName);
  if (!stream) throw new Error(`There is no stream ${streamName}.`);
  return stream;
}

/** The values that a request's path and parameters are filled in with. */
export interface StreamScope {
  organizationId: string | null;
  projectId: string | null;
}

/** The path and parameters of the stream's request for a scope. */
export function streamRequest(
  stream: Stream,
  { organizationId: organization, projectId: project }: StreamScope,
): { path: string; query: Record<string, string> } {
  const fill = (template: string, encode: (value: string) => string) =>
    template
      .replaceAll("{organization_id}", () => encode(organization ?? ""))
      .replaceAll("{project_id}", () => encode(project ?? ""));
  return {
    path: fill(stream.path, encodeURIComponent),
    query: Object.fromEntries(
      Object.entries(stream.query).map(([key, value]) => [key, fill(value, (filled) => filled)]),
    ),
  };
}
