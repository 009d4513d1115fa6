import { type Answer, csv, json, jsonItems } from "../answer.ts";
import { dateOf, dayOf, type Instant } from "../instant.ts";
import { living } from "../inventory.ts";
import {
  type MeteredResource,
  type ResourceUsage,
  type UsageSelection,
  usageByProject,
  usageByResource,
} from "../metering.ts";
import { shaped } from "../paging.ts";
import { listParameter, parameter, requiredList } from "../query.ts";
import type { ExportColumn } from "../quirks.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireOrganization } from "../route.ts";
import { productLineOf } from "../state.ts";
import { quoting, requiredDays, selectUsage } from "./usage-selection.ts";

export function getUsage(call: Call): Answer {
  requireOrganization(call);
  const { query, quirks } = call;
  const interval = parameter(query, "interval");
  if (interval && interval !== "day") throw new Refusal(400, "the only interval of usage is day");
  const list = (name: string) =>
    quirks.requiresAllUsageParameters
      ? requiredList(query, name, quirks.arrays)
      : (listParameter(query, name, quirks.arrays) ?? []);
  const selection = selectUsage(call, requiredDays(call), {
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
  const selection = selectUsage(call, requiredDays(call), {
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
  const { derived, at } = call;
  const begun = derived.metered.flatMap((resource) => {
    const from = resource.segments[0]?.from ?? at;
    return from < at ? [{ resource, from }] : [];
  });
  return json(shaped(call, optionsBody(call, begun, [begun[0]?.from ?? at, at])));
}

/** What may be asked for: what was used, in the span of days from the one instant to the other. */
export function optionsBody(
  call: Call,
  used: readonly { resource: MeteredResource }[],
  [from, to]: readonly [from: Instant, to: Instant],
) {
  const { organization, at } = call;
  const resourceTypes = distinct(used.map(({ resource }) => resource.resourceType));
  const usedBy = new Set(used.map(({ resource }) => resource.projectId));
  const present = new Set(living(organization.projects, at).map(({ id }) => id));
  const quoted = quoting(call);
  return {
    end_date: quoted(dateOf(dayOf(to))),
    product_lines: distinct(resourceTypes.map(productLineOf)),
    projects: organization.projects.map(({ id }) => id).filter((id) => usedBy.has(id) || present.has(id)),
    regions: distinct(used.map(({ resource }) => resource.region)),
    resource_types: resourceTypes,
    start_date: quoted(dateOf(dayOf(from))),
  };
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();
