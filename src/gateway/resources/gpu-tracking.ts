import { type Answer, json } from "../answer.ts";
import { type GpuCount, trackGpus } from "../gpu-tracking.ts";
import { type Instant, isoOf, secondsPerDay } from "../instant.ts";
import { shaped } from "../paging.ts";
import { instantParameter, listParameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireOrganization } from "../route.ts";

/** The counts of a stretch of time: the last day unless another was asked for, and nothing of the future. */
export function getGpuTracking(call: Call): Answer {
  requireOrganization(call);
  const end = Math.min(instantParameter(call.query, "end_time") ?? call.at, call.at);
  const asked = instantParameter(call.query, "start_time");
  if (asked !== undefined && asked > (instantParameter(call.query, "end_time") ?? asked)) {
    throw new Refusal(400, "end_time is before start_time");
  }
  const from = asked ?? end - secondsPerDay;
  // A stretch of the future has no counts yet.
  const counts = from > end ? [] : countsOf(call, { from, to: end });
  return json({
    data: counts.map((count) =>
      shaped(call, {
        event_time: isoOf(count.at),
        global_capacity: count.reserved,
        gpu_usage: count.running,
        on_demand_count: count.onDemand,
        organization_id: call.organization.id,
        ...(count.price !== null && { price: count.price }),
        product_line: count.productLine,
        region: count.region,
        regional_capacity: count.reservedInRegion,
      }),
    ),
  });
}

/** The counts as they are now. */
export function getLatestGpuTracking(call: Call): Answer {
  requireOrganization(call);
  const { organization, at } = call;
  const inForce = organization.reservations.filter(({ contract }) => contract.from <= at && at < contract.to);
  return json({
    data: countsOf(call, { from: at, to: at }).map((count) =>
      shaped(call, {
        event_time: isoOf(count.at),
        global_reservation_capacity: count.reserved,
        organization_id: organization.id,
        overage_count: Math.max(0, count.running - count.reservedInRegion),
        ...(count.price !== null && { price: count.price }),
        product_line: count.productLine,
        region: count.region,
        regional_reservation_capacity: count.reservedInRegion,
        running_compute_unit_count: count.running,
      }),
    ),
    reservation_id: inForce.map(({ id }) => id),
  });
}

function countsOf(call: Call, window: { from: Instant; to: Instant }): GpuCount[] {
  const lines = listParameter(call.query, "product_line") ?? [];
  const regions = listParameter(call.query, "region") ?? [];
  return trackGpus(call.organization, call.derived.inventory, window).filter(
    ({ productLine, region }) =>
      (lines.length === 0 || lines.includes(productLine)) &&
      (regions.length === 0 || regions.includes(region)),
  );
}
