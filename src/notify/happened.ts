import { createHash } from "node:crypto";
import { exitCodes } from "../errors/tally-error.ts";
import type { NotifyChannel } from "../notify-settings.ts";
import type { RunLine } from "../run-log.ts";
import { openReadOnly, type Warehouse } from "../warehouse.ts";
import type { NotifyEvent } from "./event.ts";
import { anomalies, budgets, findings } from "./figures.ts";
import type { Happening, NotifyContext } from "./notify.ts";

/** What there is to tell after a run: what it came to, and what is new in what it published. */
export function afterRun(context: NotifyContext, run: RunLine): Happening[] {
  const outcome = outcomeOf(run);
  if (!run.is_published) return [{ kinds: ["failure", "incomplete"], eventsFor: async () => outcome }];
  return [
    // What was just published is not stale.
    { kinds: ["failure", "incomplete", "stale"], eventsFor: async () => outcome },
    {
      kinds: ["finding", "anomaly", "budget"],
      eventsFor: (channel) => publishedEvents(context, channel),
    },
  ];
}

/** What there is to tell of how fresh the workspace is. */
export function whenStale(staleness: readonly string[]): Happening {
  // The key does not have the age, which is another one each time.
  const events: NotifyEvent[] =
    staleness.length === 0 ? [] : [{ kind: "stale", key: "stale", summary: staleness.join(" "), data: {} }];
  return { kinds: ["stale"], eventsFor: async () => events };
}

/** What there is to tell where a run did not come so far as to be in the log. */
export function withoutRun(message: string, code: number | null): Happening {
  const event = failureEvent(message, { exit_code: code });
  return { kinds: ["failure"], eventsFor: async () => [event] };
}

function outcomeOf({ status, exit_code: code, message, run_id: runId, lacks }: RunLine): NotifyEvent[] {
  if (status === "done") return [];
  const summary = message ?? `It ended with exit code ${code}.`;
  const data = { run_id: runId, exit_code: code };
  if (code !== exitCodes.incomplete) return [failureEvent(summary, data)];
  // How each of them failed may differ from night to night while it is the same outage.
  return [{ kind: "incomplete", key: lacks.join(","), summary, data }];
}

function failureEvent(summary: string, data: NotifyEvent["data"]): NotifyEvent {
  // Times and counts differ from night to night while the failure is the same.
  const cause = createHash("sha256").update(summary.replace(/\d+/g, "#")).digest("hex").slice(0, 16);
  return { kind: "failure", key: `${data.exit_code}:${cause}`, summary, data };
}

async function publishedEvents(context: NotifyContext, channel: NotifyChannel): Promise<NotifyEvent[]> {
  const { effects, workspace, config } = context;
  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  try {
    const today = effects.now().toISOString().slice(0, 10);
    const ask = async (events: (analytics: Warehouse) => Promise<NotifyEvent[]>) => events(analytics);
    return [
      ...(channel.on.has("finding") ? await ask((at) => findings(at, channel.minMonthlyWaste)) : []),
      ...(channel.on.has("anomaly") ? await ask((at) => anomalies(at, today)) : []),
      ...(channel.on.has("budget") ? await ask((at) => budgets(at, today, channel.budgetShares)) : []),
    ];
  } finally {
    analytics.close();
  }
}
