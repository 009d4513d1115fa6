import type { NotifyKind } from "../notify-settings.ts";

/** Something to be told, once. */
export interface NotifyEvent {
  kind: NotifyKind;
  /** What is told under the same key is the same event. */
  key: string;
  /** In one line. */
  summary: string;
  /** The same for machines. */
  data: Readonly<Record<string, string | number | null>>;
}

/** What one channel is told at once: all that is new of one kind. */
export interface Message {
  kind: NotifyKind;
  title: string;
  text: string;
  workspace: string;
  at: Date;
  events: readonly NotifyEvent[];
}
