import type { Counts } from "./diff.ts";

/** What became of one stream in a run. */
export interface StreamSummary extends Counts {
  stream: string;
  /** Requests made, failed attempts among them. */
  requests: number;
  failures: number;
  isOffered: boolean;
}

/** What could not be read or loaded, though tried again. */
export interface IngestFailure {
  stream: string;
  organizationId: string | null;
  projectId: string | null;
  /** The days that are missing; null for inventory. */
  window: { from: string; to: string } | null;
  message: string;
  hint: string | undefined;
}

/** What a run read, and what it could not. */
export interface IngestSummary {
  runId: string;
  streams: StreamSummary[];
  failures: IngestFailure[];
}

export interface SummaryKeeper {
  of(stream: string): StreamSummary;
  add(stream: string, counts: Counts): void;
  fail(failure: IngestFailure): void;
  done(): IngestSummary;
}

/** Keeps count while a run goes on. */
export function createSummary(runId: string): SummaryKeeper {
  const byStream = new Map<string, StreamSummary>();
  const failures: IngestFailure[] = [];
  const of = (stream: string): StreamSummary => {
    const kept = byStream.get(stream) ?? {
      stream,
      requests: 0,
      rows: 0,
      new: 0,
      changed: 0,
      gone: 0,
      unchanged: 0,
      failures: 0,
      isOffered: true,
    };
    byStream.set(stream, kept);
    return kept;
  };
  return {
    of,
    add(stream, counts) {
      const kept = of(stream);
      for (const name of ["rows", "new", "changed", "gone", "unchanged"] as const) kept[name] += counts[name];
    },
    fail(failure) {
      of(failure.stream).failures++;
      failures.push(failure);
    },
    done: () => ({ runId, streams: [...byStream.values()], failures }),
  };
}

const count = (value: number, noun: string): string =>
  `${value.toLocaleString("en-US")} ${noun}${value === 1 ? "" : "s"}`;

/** `usage: 14 requests, 1,204 rows: 1,200 new, 4 changed, 0 gone, 0 unchanged` */
export function summaryLine(summary: StreamSummary): string {
  if (!summary.isOffered) return `${summary.stream}: not offered to this account`;
  const { new: opened, changed, gone, unchanged, failures } = summary;
  const parts = [`${opened.toLocaleString("en-US")} new`];
  parts.push(`${changed.toLocaleString("en-US")} changed`, `${gone.toLocaleString("en-US")} gone`);
  parts.push(`${unchanged.toLocaleString("en-US")} unchanged`);
  const failed = failures > 0 ? `; ${count(failures, "read")} failed` : "";
  return `${summary.stream}: ${count(summary.requests, "request")}, ${count(summary.rows, "row")}: ${parts.join(", ")}${failed}`;
}
