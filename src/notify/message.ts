import type { NotifyChannel, NotifyKind } from "../notify-settings.ts";
import { printable } from "../printable.ts";
import type { Message, NotifyEvent } from "./event.ts";

const titles: Record<NotifyKind, (count: number) => string> = {
  failure: () => "The run failed",
  incomplete: () => "The run is incomplete",
  stale: () => "The data are stale",
  finding: (count) => (count === 1 ? "A resource is newly idle" : `${count} resources are newly idle`),
  anomaly: (count) => (count === 1 ? "An anomaly in GPU-hours" : `${count} anomalies in GPU-hours`),
  budget: (count) => (count === 1 ? "A budget needs attention" : `${count} budgets need attention`),
};

/** The rest is counted: a message is to be read. */
const mostLines = 20;

/** Fills the channel's template with what is new of one kind. */
export function messageOf(
  { template }: Pick<NotifyChannel, "template">,
  kind: NotifyKind,
  events: readonly NotifyEvent[],
  { workspace, at }: { workspace: string; at: Date },
): Message {
  const lines = events
    .slice(0, mostLines)
    .map(({ summary }) => `- ${printable(summary).replace(/\s+/g, " ")}`);
  if (events.length > mostLines) lines.push(`- and ${events.length - mostLines} more`);
  const values: Record<string, string> = {
    title: titles[kind](events.length),
    details: lines.join("\n"),
    workspace: printable(workspace),
    kind,
    count: String(events.length),
    at: at.toISOString(),
  };
  // Filled in one pass, so that braces in a name stay what they are.
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  return { kind, title: fill(template.title), text: fill(template.text), workspace, at, events };
}
