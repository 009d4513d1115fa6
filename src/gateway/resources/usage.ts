import { type Answer, csv, csvCell, json, jsonItems } from "../answer.ts";
import { type ResourceUsage, type UsageSelection, usageByProject, usageByResource } from "../daily-usage.ts";
import { dateOf, dayOf, type Instant } from "../instant.ts";
import { living } from "../inventory.ts";
import type { MeteredResource } from "../metering.ts";
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
      extra.map(([, value]) => csvCell(value)),
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
): Generator<string> {
  const pieces = piecesOf(call, columns);
  const end = `${extra.map((cell) => `,${cell}`).join("")}\r\n`;
  for (const usages of usageByResource(call.derived.metered, selection)) {
    let text = "";
    for (const usage of usages) {
      for (let position = 0; position < pieces.length; position++) {
        text += (position > 0 ? "," : "") + pieces[position]?.(usage);
      }
      text += end;
    }
    yield text;
  }
}

type Piece = (usage: ResourceUsage) => string;

/** How to write a row: neighbouring cells that are the same in all rows of a resource are written once. */
function piecesOf(call: Call, columns: readonly ExportColumn[]): Piece[] {
  const quoted = quoting(call);
  const projectNames = new Map(call.organization.projects.map(({ id, name }) => [id, name]));
  const ofResource: Partial<Record<ExportColumn, (resource: MeteredResource) => string>> = {
    project_id: ({ projectId }) => projectId,
    project_name: ({ projectId }) => projectNames.get(projectId) ?? "",
    resource_id: ({ resourceId }) => resourceId,
    resource_name: ({ resourceName }) => resourceName,
    resource_type: ({ resourceType }) => resourceType,
    region: ({ region }) => region,
    billable_metric: ({ metric }) => call.quirks.spellMetric(metric),
  };
  const ofRow: Partial<Record<ExportColumn, Piece>> = {
    usage_date: ({ day }) => csvCell(quoted(dateOf(day))),
    reservation_id: ({ reservationId }) => csvCell(quoted(reservationId)),
    quantity: ({ quantity }) => String(quantity),
  };
  const pieces: Piece[] = [];
  let together: ((resource: MeteredResource) => string)[] = [];
  const keep = () => {
    if (together.length > 0) pieces.push(onceForEach(together, quoted));
    together = [];
  };
  for (const column of columns) {
    const [own, row] = [ofResource[column], ofRow[column]];
    if (own) together.push(own);
    if (!row) continue;
    keep();
    pieces.push(row);
  }
  keep();
  return pieces;
}

function onceForEach(
  cells: readonly ((resource: MeteredResource) => string)[],
  quoted: (text: string) => string,
): Piece {
  const texts: string[] = [];
  return ({ resource, number }) => {
    const known = texts[number];
    if (known !== undefined) return known;
    const text = cells.map((cell) => csvCell(quoted(cell(resource)))).join(",");
    texts[number] = text;
    return text;
  };
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
