import type { Counts } from "./diff.ts";

/** What became of one stream in a run. */
export interface StreamSummary extends Counts {
  stream: string;
  /** Requests made, failed attempts among them. */
  requests: number;
  /** Reads that ended in an answer. */
  answered: number;
  failures: number;
  /** Rows, and whole answers, that could not be read and were put aside. */
  quarantined: number;
  /** Reads that the account was told it does not have. */
  notOffered: number;
}

/** What could not be read or loaded, though tried again. */
export interface IngestFailure {
  stream: string;
  /** Whose it is, by a name, where the run reads several organisations. */
  organization: string | null;
  organizationId: string | null;
  projectId: string | null;
  /** The days that are missing; null for inventory. */
  window: { from: string; to: string } | null;
  message: string;
  hint: string | undefined;
  /** Whether the rest of it was loaded. */
  isPartial: boolean;
}

/** What a run read, and what it could not. */
export interface IngestSummary {
  runId: string;
  streams: StreamSummary[];
  failures: IngestFailure[];
}

/** How far a run is. */
export interface Progress {
  streams: number;
  planned: number;
  finished: number;
  rows: number;
}

export interface SummaryKeeper {
  of(stream: string): StreamSummary;
  add(stream: string, counts: Counts, quarantined: number): void;
  fail(failure: IngestFailure): void;
  /** Says that so much more is to be read. */
  plan(units: number): void;
  /** Says that one of it was. */
  finish(): void;
  progress(): Progress;
  done(): IngestSummary;
}

/** Keeps count while a run goes on. */
export function createSummary(runId: string): SummaryKeeper {
  const byStream = new Map<string, StreamSummary>();
  const failures: IngestFailure[] = [];
  let planned = 0;
  let finished = 0;
  const of = (stream: string): StreamSummary => {
    const kept = byStream.get(stream) ?? {
      stream,
      requests: 0,
      answered: 0,
      rows: 0,
      new: 0,
      changed: 0,
      gone: 0,
      unchanged: 0,
      failures: 0,
      quarantined: 0,
      notOffered: 0,
    };
    byStream.set(stream, kept);
    return kept;
  };
  return {
    of,
    add(stream, counts, quarantined) {
      const kept = of(stream);
      kept.answered++;
      kept.quarantined += quarantined;
      for (const name of ["rows", "new", "changed", "gone", "unchanged"] as const) kept[name] += counts[name];
    },
    fail(failure) {
      of(failure.stream).failures++;
      failures.push(failure);
    },
    plan(units) {
      planned += units;
    },
    finish() {
      finished++;
    },
    progress: () => ({
      streams: byStream.size,
      planned,
      finished,
      rows: [...byStream.values()].reduce((sum, { rows }) => sum + rows, 0),
    }),
    done: () => ({ runId, streams: [...byStream.values()], failures }),
  };
}

const inWords = (value: number): string => value.toLocaleString("en-US");

const count = (value: number, noun: string): string => `${inWords(value)} ${noun}${value === 1 ? "" : "s"}`;

/** `usage: 14 requests, 1,204 rows: 1,200 new, 4 changed, 0 gone, 0 unchanged` */
export function summaryLine(summary: StreamSummary): string {
  const { stream, requests, rows, new: opened, changed, gone, unchanged } = summary;
  const { answered, failures, quarantined, notOffered } = summary;
  if (notOffered > 0 && answered + failures === 0) return `${stream}: not offered to this account`;
  const parts = [
    `${inWords(opened)} new`,
    `${inWords(changed)} changed`,
    `${inWords(gone)} gone`,
    `${inWords(unchanged)} unchanged`,
  ];
  const aside = quarantined > 0 ? `; ${inWords(quarantined)} put aside` : "";
  const failed = failures > 0 ? `; ${count(failures, "read")} incomplete` : "";
  return `${stream}: ${count(requests, "request")}, ${count(rows, "row")}: ${parts.join(", ")}${aside}${failed}`;
}
