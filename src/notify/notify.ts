import { basename } from "node:path";
import pRetry from "p-retry";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import type { NotifyChannel, NotifyKind } from "../notify-settings.ts";
import type { Workspace } from "../workspace.ts";
import { type Delivery, DeliveryError } from "./delivery.ts";
import { email } from "./email.ts";
import type { NotifyEvent } from "./event.ts";
import { messageOf } from "./message.ts";
import { readTold, type Told } from "./told.ts";
import { slack, webhook } from "./webhook.ts";

export interface NotifyContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
  /** How long it waits before a message is sent once more; a test need not wait. */
  retryAfterMs?: number;
}

/** What there is to tell now, as one channel sees it: its thresholds are its own. */
export interface Happening {
  /** The kinds that were looked at: what of them is not among the events is so no more. */
  kinds: readonly NotifyKind[];
  eventsFor(channel: NotifyChannel): Promise<readonly NotifyEvent[]>;
}

const attempts = 3;

/** What ends some day, and is told again where it comes back; the others are of a day or a month. */
const isState: Record<NotifyKind, boolean> = {
  failure: true,
  incomplete: true,
  stale: true,
  finding: true,
  anomaly: false,
  budget: false,
};

/**
 * Tells each channel what it asked to be told and was not told before: one message for each kind. It never
 * fails: what did not arrive, or could not be found out, is a warning, and is told the next time.
 */
export async function notify(context: NotifyContext, happenings: readonly Happening[]): Promise<void> {
  const { effects, workspace, config } = context;
  if (config.notify.length === 0) return;
  const now = effects.now();
  const told = await readTold(workspace, now);
  for (const channel of config.notify) {
    for (const happening of happenings) await tell(context, told, channel, happening);
  }
  try {
    await told.save();
  } catch (error) {
    effects.log.warn(
      `it can't be noted what was told, so that it may be told again: ${messageOfError(error)}`,
    );
  }
}

/** Tells one channel; what keeps it from that holds up no other. */
async function tell(
  context: NotifyContext,
  told: Told,
  channel: NotifyChannel,
  happening: Happening,
): Promise<void> {
  const { effects, workspace } = context;
  const kinds = happening.kinds.filter((kind) => channel.on.has(kind));
  if (kinds.length === 0) return;
  const notTold = (what: string, error: unknown) =>
    effects.log.warn(`${channel.name} could not be told of ${what}: ${messageOfError(error)}`);
  let events: readonly NotifyEvent[];
  try {
    events = await happening.eventsFor(channel);
  } catch (error) {
    return notTold(kinds.join(", "), error);
  }
  const at = effects.now();
  for (const kind of kinds) {
    const ofKind = events.filter((event) => event.kind === kind);
    if (isState[kind]) told.keepOnly(channel.name, kind, ofKind);
    const fresh = told.newOf(channel.name, ofKind);
    if (fresh.length === 0) continue;
    try {
      const message = messageOf(channel, kind, fresh, { workspace: basename(workspace.root), at });
      await deliver(context, deliveryOf(channel, effects), message);
      told.add(channel.name, fresh);
      effects.log.detail(`told ${channel.name}: ${message.title}`);
    } catch (error) {
      notTold(kind, error);
    }
  }
}

function deliveryOf({ target }: NotifyChannel, effects: Effects): Delivery {
  switch (target.type) {
    case "webhook":
      return webhook(target, effects);
    case "slack":
      return slack(target, effects);
    case "email":
      return email(target, effects);
  }
}

async function deliver(
  { retryAfterMs = 1000 }: NotifyContext,
  delivery: Delivery,
  message: Parameters<Delivery>[0],
): Promise<void> {
  await pRetry(() => delivery(message), {
    retries: attempts - 1,
    minTimeout: retryAfterMs,
    factor: 3,
    shouldRetry: ({ error }) => error instanceof DeliveryError && error.isTransient,
  });
}

const messageOfError = (error: unknown): string => (error instanceof Error ? error.message : String(error));
