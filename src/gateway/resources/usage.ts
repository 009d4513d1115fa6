import { type Answer, csv, json, jsonItems } from "../answer.ts";
import { type Day, dateOf, dayOf } from "../instant.ts";
import { living } from "../inventory.ts";
import {
  type MeteredResource,
  type ResourceUsage,
  type UsageSelection,
  usageByProject,
  usageByResource,
} from "../metering.ts";
import { shaped } from "../paging.ts";
import { listParameter, parameter, requiredDay, requiredList } from "../query.ts";
import type { ExportColumn } from "../quirks.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireOrganization } from "../route.ts";

export function getUsage(call: Call): Answer {
  requireOrganization(call);
  const { query, quirks } = call;
  const interval = parameter(query, "interval");
  if (interval && interval !== "day") throw new Refusal(400, "the only interval of usage is day");
  const list = (name: string) =>
    quirks.requiresAllUsageParameters
      ? requiredList(query, name, quirks.arrays)
      : (listParameter(query, name, quirks.arrays) ?? []);
  const selection = selectUsage(call, {
    projects: list("projects"),
    resourceTypes: list("resource_types"),
    regions: list("regions"),
    resources: [],
  });
  return jsonItems(usageItems(call, selection));
}

function* usageItems(call: Call, selection: UsageSelection): Generator<readonly unknown[]> {
  const quoted = quoting(call);
  for (const rows of usageByProject(call.derived.metered, selection)) {
    yield rows.map((row) =>
      shaped(call, {
        billable_metric: quoted(call.quirks.spellMetric(row.metric)),
        date: quoted(dateOf(row.day)),
        project_id: quoted(row.projectId),
        quantity: row.quantity,
        region: quoted(row.region),
        reservation_id: quoted(row.reservationId),
        resource_type: quoted(row.resourceType),
      }),
    );
  }
}

export function getUsageExport(call: Call): Answer {
  requireOrganization(call);
  const { query, quirks } = call;
  const list = (name: string) => requiredList(query, name, quirks.arrays);
  const selection = selectUsage(call, {
    projects: list("projects"),
    resources: list("resources"),
    resourceTypes: list("resource_types"),
    regions: list("regions"),
  });
  const columns = exportColumns.flatMap((column) => {
    const header = quirks.exportColumns[column] === undefined ? column : quirks.exportColumns[column];
    return header === null ? [] : [{ header, column }];
  });
  const extra = Object.entries(quirks.extraExportColumns);
  return csv(
    [...columns.map(({ header }) => header), ...extra.map(([header]) => header)],
    exportRows(
      call,
      selection,
      columns.map(({ column }) => column),
      extra.map(([, value]) => value),
    ),
  );
}

const exportColumns: readonly ExportColumn[] = [
  "usage_date",
  "project_id",
  "project_name",
  "resource_id",
  "resource_name",
  "resource_type",
  "region",
  "billable_metric",
  "reservation_id",
  "quantity",
];

function* exportRows(
  call: Call,
  selection: UsageSelection,
  columns: readonly ExportColumn[],
  extra: readonly string[],
): Generator<string[][]> {
  const quoted = quoting(call);
  const projectNames = new Map(call.organization.projects.map(({ id, name }) => [id, name]));
  const cell: Record<ExportColumn, (usage: ResourceUsage) => string> = {
    usage_date: ({ day }) => quoted(dateOf(day)),
    project_id: ({ resource }) => quoted(resource.projectId),
    project_name: ({ resource }) => quoted(projectNames.get(resource.projectId) ?? ""),
    resource_id: ({ resource }) => quoted(resource.resourceId),
    resource_name: ({ resource }) => quoted(resource.resourceName),
    resource_type: ({ resource }) => quoted(resource.resourceType),
    region: ({ resource }) => quoted(resource.region),
    billable_metric: ({ resource }) => quoted(call.quirks.spellMetric(resource.metric)),
    reservation_id: ({ reservationId }) => quoted(reservationId),
    quantity: ({ quantity }) => String(quantity),
  };
  for (const usages of usageByResource(call.derived.metered, selection)) {
    yield usages.map((usage) => [...columns.map((column) => cell[column](usage)), ...extra]);
  }
}

export function getUsageOptions(call: Call): Answer {
  requireOrganization(call);
  const { organization, derived, at } = call;
  const begun = derived.metered.filter(({ segments }) => (segments[0]?.from ?? at) < at);
  const first = begun[0]?.segments[0]?.from ?? at;
  const resourceTypes = distinct(begun.map(({ resourceType }) => resourceType));
  const used = new Set(begun.map(({ projectId }) => projectId));
  const present = new Set(living(organization.projects, at).map(({ id }) => id));
  const quoted = quoting(call);
  return json(
    shaped(call, {
      end_date: quoted(dateOf(dayOf(at))),
      product_lines: distinct(resourceTypes.map((type) => type.replace(/\.\d+x$/, ""))),
      projects: organization.projects.map(({ id }) => id).filter((id) => used.has(id) || present.has(id)),
      regions: distinct(begun.map(({ region }) => region)),
      resource_types: resourceTypes,
      start_date: quoted(dateOf(dayOf(first))),
    }),
  );
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();

interface UsageFilters {
  projects: readonly string[];
  resourceTypes: readonly string[];
  regions: readonly string[];
  resources: readonly string[];
}

/** What a request asks for; an empty filter is one that everything passes. */
function selectUsage(call: Call, filters: UsageFilters): UsageSelection {
  const [from, to] = [requiredDay(call.query, "start_date"), requiredDay(call.query, "end_date")];
  if (to < from) throw new Refusal(400, "end_date is before start_date");
  const known = new Set(call.organization.projects.map(({ id }) => id));
  if (filters.projects.some((id) => !known.has(id)))
    throw new Refusal(403, "no access to one of the projects");
  const passes = [
    filterOf(filters.projects, ({ projectId }) => projectId),
    filterOf(filters.resourceTypes, ({ resourceType }) => resourceType),
    filterOf(filters.regions, ({ region }) => region),
    filterOf(filters.resources, ({ resourceId }) => resourceId),
  ].flatMap((filter) => filter ?? []);
  return {
    ...daysOf(from, to, call.quirks.endDate),
    clock: call.at,
    ...(passes.length > 0 && { selects: (resource) => passes.every((isPassed) => isPassed(resource)) }),
  };
}

function filterOf(
  values: readonly string[],
  of: (resource: MeteredResource) => string,
): ((resource: MeteredResource) => boolean) | undefined {
  if (values.length === 0) return undefined;
  const wanted = new Set(values);
  return (resource) => wanted.has(of(resource));
}

function daysOf(from: Day, to: Day, endDate: "inclusive" | "exclusive" | "overshooting") {
  if (endDate === "overshooting") return { fromDay: from - 1, toDay: to + 1 };
  return { fromDay: from, toDay: endDate === "exclusive" ? to - 1 : to };
}

const quoting = ({ quirks }: Call) =>
  quirks.literalQuotes ? (text: string) => `"${text}"` : (text: string) => text;
