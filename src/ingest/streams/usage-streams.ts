import {
  type Column,
  integer,
  name,
  notOffered,
  notOfferedOrNotSo,
  organizationId,
  projectId,
  stream,
  text,
  timestamp,
} from "./stream.ts";

const project = text("project_id", { isKey: true, isRequired: true, aliases: ["project"] });
const usageDate: Column = {
  name: "usage_date",
  kind: "day",
  from: "date",
  isKey: true,
  isRequired: true,
  aliases: ["date", "day", "timestamp", "start_date"],
};
const region = text("region", { isKey: true, aliases: ["location"] });
const resourceType = text("resource_type", {
  isKey: true,
  isRequired: true,
  aliases: ["product", "product_name", "type"],
});
const billableMetric = text("billable_metric", { isKey: true, aliases: ["metric", "unit"] });
const quantity: Column = {
  name: "quantity",
  kind: "quantity",
  isRequired: true,
  aliases: ["usage", "amount", "usage_quantity", "total_usage"],
};

const usageColumns = [
  organizationId,
  project,
  usageDate,
  region,
  resourceType,
  billableMetric,
  text("reservation_id", { isKey: true, aliases: ["reservation"] }),
  quantity,
];

/** What was used, what it cost, and how busy it was. */
export const usageStreams = [
  stream({
    name: "usage_options",
    description: "The span of days, and the projects, regions and resource types, that have usage.",
    path: "/organizations/{organization_id}/usage/options",
    scope: "organization",
    rowsKey: null,
    columns: [
      { ...organizationId, isKey: true },
      { name: "start_date", kind: "date" },
      { name: "end_date", kind: "date" },
      { name: "projects", kind: "list" },
      { name: "regions", kind: "list" },
      { name: "resource_types", kind: "list" },
    ],
  }),
  stream({
    name: "usage",
    description: "Usage by day, project, region, resource type, metric and reservation.",
    path: "/organizations/{organization_id}/usage",
    scope: "organization",
    history: "usage",
    columns: usageColumns,
  }),
  stream({
    name: "resource_usage",
    description: "Usage as above, by resource.",
    path: "/organizations/{organization_id}/usage/export",
    // Required by the API; an empty value asks for every resource.
    query: { resources: "" },
    scope: "organization",
    format: "csv",
    rowsKey: null,
    history: "usage",
    notOfferedOn: notOffered,
    staysOffered: true,
    columns: [
      ...usageColumns,
      text("resource_id", {
        isKey: true,
        isRequired: true,
        aliases: ["resource", "resource_uuid", "id", "instance_id", "vm_id"],
        orElse: "resource_name",
      }),
      name({ name: "resource_name", aliases: ["name", "instance_name", "vm_name"] }),
    ],
  }),
  stream({
    name: "billing_costs",
    description: "What the API itself bills by day, for on-demand and spot usage.",
    path: "/organizations/{organization_id}/billing/costs",
    scope: "organization",
    rowsKey: "data",
    history: "usage",
    filters: "days",
    notOfferedOn: notOfferedOrNotSo,
    columns: [
      organizationId,
      project,
      usageDate,
      region,
      resourceType,
      billableMetric,
      quantity,
      { name: "unit_price", kind: "rate" },
      { name: "cost", kind: "amount" },
    ],
  }),
  stream({
    name: "gpu_tracking",
    description: "GPUs in use and reserved over time, by product line and region.",
    path: "/organizations/{organization_id}/reservations/gpu-tracking",
    query: { start_time: "{from}T00:00:00Z", end_time: "{to}T23:59:59Z" },
    scope: "organization",
    rowsKey: "data",
    history: "events",
    span: { firstDays: 400, overlapDays: 7 },
    notOfferedOn: notOfferedOrNotSo,
    columns: [
      organizationId,
      timestamp("event_time", { isKey: true }),
      text("product_line", { isKey: true }),
      text("region", { isKey: true, isRequired: false }),
      integer("gpu_usage"),
      integer("on_demand_count"),
      integer("regional_capacity"),
      integer("global_capacity"),
      { name: "price", kind: "rate" },
    ],
  }),
  stream({
    name: "metrics_timeseries",
    description: "How busy VMs were, hour by hour, as the API's own monitoring answers.",
    path: "/projects/{project_id}/metrics/timeseries",
    query: { resource_type: "vm", start: "{from}T00:00:00Z", end: "{to}T23:59:59Z", step: "1h" },
    scope: "project",
    history: "events",
    lands: "series",
    span: { firstDays: 7, overlapDays: 0 },
    cadence: "weekly",
    notOfferedOn: notOfferedOrNotSo,
    columns: [
      organizationId,
      projectId,
      { name: "from_date", kind: "date", scope: "from", isKey: true },
      { name: "to_date", kind: "date", scope: "to" },
      text("labels", { isKey: true }),
      { name: "points", kind: "json", from: "values" },
    ],
  }),
];
