import { type Answer, json, jsonItems } from "../answer.ts";
import { billedUsage } from "../billing.ts";
import type { UsageSelection } from "../daily-usage.ts";
import { type Day, dateOf, dayOf, type Instant, isoOf, startOfDay } from "../instant.ts";
import { shaped } from "../paging.ts";
import { listParameter, parameter, requiredDay } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireOrganization } from "../route.ts";
import { optionsBody } from "./usage.ts";
import { quoting, selectUsage } from "./usage-selection.ts";

/** On-demand and spot usage with its cost; narrowed by what `usage` is narrowed by, where that is sent. */
export function getBillingCosts(call: Call): Answer {
  requireOrganization(call);
  const list = (name: string) => listParameter(call.query, name, call.quirks.arrays) ?? [];
  const selection = selectUsage(call, optionalDays(call), {
    projects: list("projects"),
    resourceTypes: list("resource_types"),
    regions: list("regions"),
    resources: [],
  });
  return jsonItems(costItems(call, selection), "data", { last_updated: isoOf(call.at) });
}

function* costItems(call: Call, selection: UsageSelection): Generator<readonly unknown[]> {
  const quoted = quoting(call);
  for (const rows of billedUsage(call.derived.metered, call.organization.listPrices, selection)) {
    yield rows.map(({ unitPrice, ...row }) =>
      shaped(call, {
        billable_metric: quoted(call.quirks.spellMetric(row.metric)),
        ...(unitPrice !== null && { cost: row.quantity * unitPrice }),
        date: quoted(dateOf(row.day)),
        project_id: quoted(row.projectId),
        quantity: row.quantity,
        region: quoted(row.region),
        resource_type: quoted(row.resourceType),
        ...(unitPrice !== null && { unit_price: unitPrice }),
      }),
    );
  }
}

/** What of the two days was sent; from the beginning until now where they were not. */
function optionalDays({ query, at, derived }: Call): readonly [from: Day, to: Day] {
  const day = (name: string) => (parameter(query, name) ? requiredDay(query, name) : undefined);
  const to = day("end_date") ?? dayOf(at);
  return [day("start_date") ?? Math.min(to, dayOf(derived.metered[0]?.segments[0]?.from ?? at)), to];
}

export function getBillingOptions(call: Call): Answer {
  requireOrganization(call);
  const [fromDay, toDay] = optionalDays(call);
  if (toDay < fromDay) throw new Refusal(400, "end_date is before start_date");
  const [begin, end] = [startOfDay(fromDay), Math.min(startOfDay(toDay + 1), call.at)];
  const billed = call.derived.metered.flatMap((resource) => {
    const spans = resource.segments.filter(
      ({ reservationId, from, to }) => reservationId === "" && from < end && to > begin,
    );
    const [first] = spans;
    return first ? [{ resource, from: Math.max(first.from, begin) }] : [];
  });
  const first = billed.reduce((least: Instant, { from }) => Math.min(least, from), end);
  return json(shaped(call, optionsBody(call, billed, [first, end])));
}
