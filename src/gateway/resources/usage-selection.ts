import type { UsageSelection } from "../daily-usage.ts";
import type { Day } from "../instant.ts";
import type { MeteredResource } from "../metering.ts";
import { requiredDay } from "../query.ts";
import { Refusal } from "../refusal.ts";
import type { Call } from "../route.ts";

export interface UsageFilters {
  projects: readonly string[];
  resourceTypes: readonly string[];
  regions: readonly string[];
  resources: readonly string[];
}

/**
 * The days that a request must name.
 *
 * @throws Refusal 400 where one is missing or no date
 */
export const requiredDays = ({ query }: Call): readonly [from: Day, to: Day] => [
  requiredDay(query, "start_date"),
  requiredDay(query, "end_date"),
];

/** What a request asks for; an empty filter is one that everything passes. */
export function selectUsage(
  call: Call,
  [from, to]: readonly [from: Day, to: Day],
  filters: UsageFilters,
): UsageSelection {
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
    settling: call.organization.settling,
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

/** Puts a text in literal quotes where the gateway was told so. */
export const quoting = ({ quirks }: Call) =>
  quirks.literalQuotes ? (text: string) => `"${text}"` : (text: string) => text;
