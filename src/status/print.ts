import { ageInWords } from "../duration.ts";
import { printable } from "../printable.ts";
import type { SharedFacts } from "../shared-warehouse/read.ts";
import type { Published } from "./published.ts";
import type { WorkspaceStatus } from "./status.ts";

/** The status as one JSON object; names and meanings are kept from version to version. */
export function statusJson(status: WorkspaceStatus, workspace: string): string {
  const { now, lastRun, lastGoodRun, writer, published, failingTests, staleness } = status;
  return `${JSON.stringify(
    {
      workspace,
      now: now.toISOString(),
      is_stale: staleness.length > 0,
      staleness,
      shared: published?.shared
        ? {
            workspace: published.shared.workspace,
            place: published.shared.place,
            committed_at: published.shared.committedAt?.toISOString() ?? null,
          }
        : null,
      last_run: lastRun,
      last_good_run: lastGoodRun && { run_id: lastGoodRun.run_id, finished_at: lastGoodRun.finished_at },
      writer: writer && {
        pid: writer.owner.pid,
        host: writer.owner.host,
        command: writer.owner.command,
        started_at: writer.owner.started_at,
        is_left_behind: writer.isLeft,
      },
      published: published && {
        built_at: published.builtAt.toISOString(),
        age_hours: Number(((now.getTime() - published.builtAt.getTime()) / 3_600_000).toFixed(2)),
        tally_version: published.tallyVersion,
      },
      freshness: published && {
        last_read_at: published.lastReadAt?.toISOString() ?? null,
        last_whole_date: published.lastWholeDate,
        last_usage_date: published.lastUsageDate,
        days_behind: published.daysBehind,
      },
      coverage: published && {
        project_days: published.projectDays,
        missing_project_days: published.missingProjectDays,
      },
      organizations: published?.organizations.map((organization) => ({
        organization_id: organization.id,
        organization_name: organization.name,
        read_status: organization.readStatus,
        message: organization.message,
        last_read_at: organization.lastReadAt?.toISOString() ?? null,
        project_days: organization.projectDays,
        missing_project_days: organization.missingProjectDays,
      })),
      failing_tests: failingTests,
      findings: published && {
        open: openFindings(published),
        by_severity: published.findings.bySeverity,
        monthly_waste: published.findings.monthlyWaste,
        unpriced: published.findings.unpriced,
      },
    },
    null,
    2,
  )}\n`;
}

/** The status in words, a line for each subject. */
export function statusText(status: WorkspaceStatus): string {
  const { now, lastRun, lastGoodRun, writer, published, failingTests, staleness } = status;
  const shared = published?.shared;
  const lines: [string, string][] = [
    ["state", staleness.length === 0 ? "fresh" : `stale: ${staleness.join(" ")}`],
    shared ? ["read from", sharedWords(shared, now)] : ["last run", runWords(lastRun)],
  ];
  if (lastRun && !lastRun.is_published) {
    lines.push([
      "last good run",
      lastGoodRun ? `${lastGoodRun.finished_at}; its tables and reports stay` : "none",
    ]);
  }
  if (writer) {
    const { pid, command, started_at: since } = writer.owner;
    lines.push([
      "writing now",
      writer.isLeft
        ? `nobody: \`tally ${command}\`, pid ${pid}, since ${since}, died and left its lock; the next run takes it over`
        : `\`tally ${command}\`, pid ${pid}, since ${since}`,
    ]);
  }
  if (published) lines.push(...publishedLines(published, now));
  lines.push(["failing tests", testsWords(failingTests)]);
  return lines.map(([name, text]) => `${name.padEnd(14)} ${printable(text)}\n`).join("");
}

function sharedWords({ workspace, place, committedAt }: SharedFacts, now: Date): string {
  const committed = committedAt
    ? `, committed ${committedAt.toISOString()}, ${ageInWords(now.getTime() - committedAt.getTime())} ago`
    : "";
  return `${workspace ?? "all workspaces"} in ${place}${committed}`;
}

function runWords(run: WorkspaceStatus["lastRun"]): string {
  if (!run) return "none";
  const steps = run.steps
    .map(({ step, status }) => (status === "done" ? step : `${step} (${status})`))
    .join(", ");
  const words = `${run.status} at ${run.finished_at} after ${(run.duration_ms / 1000).toFixed(1)} s, exit code ${run.exit_code}: ${steps}`;
  return run.message === null ? words : `${words}. ${run.message}`;
}

function publishedLines(published: Published, now: Date): [string, string][] {
  const { builtAt, lastReadAt, lastWholeDate, lastUsageDate, daysBehind } = published;
  const { projectDays, missingProjectDays, findings } = published;
  const whole = projectDays - missingProjectDays;
  const waste = findings.monthlyWaste.map(({ currency, amount }) => `${amount} ${currency}`).join(" and ");
  const { high, medium, low } = findings.bySeverity;
  return [
    ["published", `${builtAt.toISOString()}, ${ageInWords(now.getTime() - builtAt.getTime())} ago`],
    [
      "freshness",
      lastReadAt === null
        ? "no usage was ever read"
        : `usage read ${lastReadAt.toISOString()}, whole up to ${lastWholeDate ?? "no day"}${
            daysBehind ? ` (${daysBehind} behind)` : ""
          }, last usage on ${lastUsageDate ?? "no day"}`,
    ],
    ["coverage", `${whole} of ${projectDays} project-days read in full`],
    ...organizationLines(published),
    [
      "findings",
      openFindings(published) === 0
        ? "none open"
        : `${openFindings(published)} open (${high} high, ${medium} medium, ${low} low)${waste && `, ${waste} a month`}`,
    ],
  ];
}

/** A line for each organisation, where there are several. */
function organizationLines({ organizations }: Published): [string, string][] {
  if (organizations.length < 2) return [];
  return organizations.map(
    ({ id, name, readStatus, message, lastReadAt, projectDays, missingProjectDays }) => {
      const read = lastReadAt === null ? "never read" : `read ${lastReadAt.toISOString()}`;
      const days = `${projectDays - missingProjectDays} of ${projectDays} project-days in full`;
      const failure =
        readStatus === "failed" ? `; the last attempt failed: ${message ?? "no reason given"}` : "";
      return ["organisation", `${name ?? id}: ${read}, ${days}${failure}`];
    },
  );
}

function testsWords(failing: WorkspaceStatus["failingTests"]): string {
  if (failing.length === 0) return "none";
  return failing
    .map(({ name, severity, failing_rows: rows }) => `${name} (${severity}, ${rows} rows)`)
    .join(", ");
}

const openFindings = ({ findings: { bySeverity } }: Published): number =>
  bySeverity.high + bySeverity.medium + bySeverity.low;
