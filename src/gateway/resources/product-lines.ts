import { type Answer, csv, csvRow } from "../answer.ts";
import { type BilledUsage, billedUsage } from "../billing.ts";
import type { UsageSelection } from "../daily-usage.ts";
import { dateOf } from "../instant.ts";
import { listParameter } from "../query.ts";
import { type Call, requireOrganization } from "../route.ts";
import { productLineOf } from "../state.ts";
import { quoting, requiredDays, selectUsage } from "./usage-selection.ts";

/** What is billed by the hour of each product line, day by day: the costs of its sizes, added up. */
export function exportProductLines(call: Call): Answer {
  requireOrganization(call);
  const list = (name: string) => listParameter(call.query, name, call.quirks.arrays) ?? [];
  const selection = selectUsage(call, requiredDays(call), {
    projects: list("projects"),
    regions: list("regions"),
    resourceTypes: [],
    resources: [],
  });
  return csv(
    ["date", "project_id", "product_line", "region", "billable_metric", "quantity", "cost"],
    lineRows(call, selection, new Set(list("product_lines"))),
  );
}

interface LineUsage {
  of: BilledUsage;
  line: string;
  quantity: number;
  /** Null where some of it has no price: the sum of a part would pass for the whole. */
  cost: number | null;
}

function* lineRows(call: Call, selection: UsageSelection, wanted: ReadonlySet<string>): Generator<string> {
  const quoted = quoting(call);
  const { metered } = call.derived;
  for (const day of billedUsage(metered, call.organization.listPrices, selection)) {
    const sums = new Map<string, LineUsage>();
    for (const of of day) {
      const line = productLineOf(of.resourceType);
      if (wanted.size > 0 && !wanted.has(line)) continue;
      const key = [of.projectId, line, of.region, of.metric].join("\u0000");
      const sum = sums.get(key) ?? { of, line, quantity: 0, cost: 0 };
      sum.quantity += of.quantity;
      sum.cost = sum.cost === null || of.unitPrice === null ? null : sum.cost + of.quantity * of.unitPrice;
      sums.set(key, sum);
    }
    for (const { of, line, quantity, cost } of sums.values()) {
      const named = [dateOf(of.day), of.projectId, line, of.region, call.quirks.spellMetric(of.metric)];
      yield csvRow([...named.map(quoted), String(quantity), cost === null ? "" : String(cost)]);
    }
  }
}
