import { packageVersion } from "../package.ts";
import type { WorkspaceStatus } from "../status/status.ts";

export interface MetricsInput {
  status: WorkspaceStatus;
  /** Runs since the schedule began, by exit code; `signal` where a signal ended it. */
  runsByCode: ReadonlyMap<string, number>;
  nextRunAt: Date | null;
  isRunning: boolean;
}

interface Metric {
  name: string;
  type: "gauge" | "counter";
  help: string;
  samples: readonly Sample[];
}

interface Sample {
  labels?: Record<string, string>;
  /** Null where nothing is known: then there is no sample, since 0 would be something else. */
  value: number | null;
}

/** The metrics in Prometheus' text format. */
export function metricsText(input: MetricsInput): string {
  return metricsOf(input)
    .map(({ name, type, help, samples }) => {
      const lines = samples.flatMap(({ labels = {}, value }) =>
        value === null ? [] : [`tally_${name}${labelText(labels)} ${value}`],
      );
      return lines.length === 0
        ? ""
        : `# HELP tally_${name} ${help}\n# TYPE tally_${name} ${type}\n${lines.join("\n")}\n`;
    })
    .join("");
}

function metricsOf({ status, runsByCode, nextRunAt, isRunning }: MetricsInput): Metric[] {
  const { lastRun, lastGoodRun, published, failingTests, staleness, now } = status;
  const gauge = (name: string, help: string, ...samples: Sample[]): Metric => ({
    name,
    type: "gauge",
    help,
    samples,
  });
  const steps = lastRun?.steps ?? [];
  const tests = (severity: string) => failingTests.filter((test) => test.severity === severity).length;
  return [
    gauge("build_info", "The version of tally; always 1.", {
      labels: { version: packageVersion() },
      value: 1,
    }),
    gauge("stale", "Whether the workspace is stale, as tally status says.", {
      value: Number(staleness.length > 0),
    }),
    gauge("running", "Whether a run of the schedule is under way.", { value: Number(isRunning) }),
    gauge("next_run_timestamp_seconds", "When the next run is due.", { value: seconds(nextRunAt) }),
    {
      name: "runs_total",
      type: "counter",
      help: "Runs since the schedule began, by exit code.",
      samples: [...runsByCode].map(([code, value]) => ({ labels: { code }, value })),
    },
    gauge("last_run_timestamp_seconds", "When the last run ended.", {
      value: secondsOf(lastRun?.finished_at),
    }),
    gauge("last_run_exit_code", "What the last run ended with.", { value: lastRun?.exit_code ?? null }),
    gauge("last_run_duration_seconds", "How long the last run took.", {
      value: inSeconds(lastRun?.duration_ms),
    }),
    gauge(
      "last_good_run_timestamp_seconds",
      "When the last run ended whose tables and reports were published.",
      {
        value: secondsOf(lastGoodRun?.finished_at),
      },
    ),
    gauge(
      "step_duration_seconds",
      "How long each step of the last run took.",
      ...steps.map(({ step, duration_ms: ms }) => ({ labels: { step }, value: ms / 1000 })),
    ),
    gauge(
      "step_failed",
      "Whether each step of the last run failed or was incomplete.",
      ...steps.map(({ step, status: outcome }) => ({ labels: { step }, value: Number(outcome !== "done") })),
    ),
    gauge(
      "step_rows",
      "Rows that ingest read, and that build's tables have, in the last run.",
      ...steps.map(({ step, row_count: rows }) => ({ labels: { step }, value: rows })),
    ),
    gauge("published_timestamp_seconds", "The clock of the build that is published.", {
      value: seconds(published?.builtAt),
    }),
    gauge("published_age_seconds", "How old the published tables are.", {
      value: published && (now.getTime() - published.builtAt.getTime()) / 1000,
    }),
    gauge("usage_read_timestamp_seconds", "When usage was last read.", {
      value: seconds(published?.lastReadAt),
    }),
    gauge("usage_days_behind", "Days that are over and follow on the last one that was read in full.", {
      value: published?.daysBehind ?? null,
    }),
    gauge("project_days", "Days of projects that are over since reading began.", {
      value: published?.projectDays ?? null,
    }),
    gauge("missing_project_days", "Those of them on which usage was not read in full.", {
      value: published?.missingProjectDays ?? null,
    }),
    gauge(
      "table_rows",
      "Rows of each published table.",
      ...(published?.tables ?? []).map(({ name, rows }) => ({ labels: { table: name }, value: rows })),
    ),
    gauge(
      "failing_tests",
      "Data tests that failed, by severity.",
      ...["error", "warn"].map((severity) => ({ labels: { severity }, value: tests(severity) })),
    ),
    gauge(
      "open_findings",
      "Idle resources that are open, by severity.",
      ...Object.entries(published?.findings.bySeverity ?? {}).map(([severity, value]) => ({
        labels: { severity },
        value,
      })),
    ),
    gauge(
      "findings_monthly_waste",
      "What open findings waste in a month, by currency.",
      ...(published?.findings.monthlyWaste ?? []).map(({ currency, amount }) => ({
        labels: { currency },
        value: Number(amount),
      })),
    ),
  ];
}

const seconds = (at: Date | null | undefined): number | null => (at ? at.getTime() / 1000 : null);

const secondsOf = (instant: string | undefined): number | null =>
  instant === undefined ? null : Date.parse(instant) / 1000;

const inSeconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000);

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
