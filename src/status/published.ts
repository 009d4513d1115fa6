import {
  openPublished,
  type PublishedContext,
  type PublishedTables,
  readingPublished,
} from "../open-published.ts";
import { isoInstant, readDataset } from "../reports/dataset.ts";
import type { Freshness } from "../reports/overview.ts";
import { countRows } from "../row-counts.ts";
import type { FailingTest } from "../run-log.ts";
import type { Warehouse } from "../warehouse.ts";

/** What the published tables say of themselves. */
export interface Published {
  /** Where they are, of a warehouse that is shared; null for the workspace's own file. */
  shared: PublishedTables["shared"];
  builtAt: Date;
  tallyVersion: string;
  lastReadAt: Date | null;
  /** The last UTC day that was read in full for every project. */
  lastWholeDate: string | null;
  lastUsageDate: string | null;
  /** How many days that are over follow on the last whole one. */
  daysBehind: number | null;
  projectDays: number;
  missingProjectDays: number;
  failingTests: readonly FailingTest[];
  findings: OpenFindings;
  organizations: readonly OrganizationStatus[];
  tables: readonly { name: string; rows: number }[];
}

/** How far an organisation was read. */
export interface OrganizationStatus {
  id: string;
  name: string | null;
  /** How the last attempt to read it ended: complete, partial, failed or not_read. */
  readStatus: string;
  /** Why it could not be read; null where it could. */
  message: string | null;
  lastReadAt: Date | null;
  projectDays: number;
  missingProjectDays: number;
}

export interface OpenFindings {
  bySeverity: Readonly<Record<"high" | "medium" | "low", number>>;
  /** What they waste in a month, by currency; no cost is counted twice. */
  monthlyWaste: readonly { currency: string; amount: string }[];
  unpriced: number;
}

/**
 * Reads the published tables, of which a run that goes on meanwhile changes nothing.
 *
 * @throws TallyError where they can't be opened
 */
export async function readPublished(context: PublishedContext, now: Date): Promise<Published> {
  const analytics = await openPublished(context);
  try {
    return await readingPublished(analytics, context.workspace, () => read(analytics, now));
  } finally {
    analytics.close();
  }
}

async function read(analytics: PublishedTables, now: Date): Promise<Published> {
  const build = await analytics.first<{ built_at: string; tally_version: string }>(
    "select built_at::varchar as built_at, tally_version from meta_build",
  );
  const { rows } = await readDataset(analytics, "freshness", { today: now.toISOString().slice(0, 10) });
  const freshness = rows[0] as unknown as Freshness;
  return {
    shared: analytics.shared,
    builtAt: new Date(isoInstant(build?.built_at ?? "")),
    tallyVersion: build?.tally_version ?? "",
    lastReadAt: freshness.last_read_at === null ? null : new Date(isoInstant(freshness.last_read_at)),
    lastWholeDate: freshness.last_whole_date,
    lastUsageDate: freshness.last_usage_date,
    daysBehind: freshness.days_behind === null ? null : Number(freshness.days_behind),
    projectDays: Number(freshness.project_days),
    missingProjectDays: Number(freshness.missing_project_days),
    failingTests: await readFailingTests(analytics),
    findings: await readFindings(analytics),
    organizations: await readOrganizations(analytics, now),
    tables: [...(await countRows(analytics))].map(([name, rows]) => ({ name, rows })),
  };
}

const readFailingTests = (analytics: Warehouse) =>
  analytics.all<FailingTest>(`
    select test_name as name, severity, failing_rows::integer as failing_rows
    from meta_test
    where status = 'failed'
    order by name
  `);

async function readOrganizations(analytics: Warehouse, now: Date): Promise<OrganizationStatus[]> {
  const rows = await analytics.all<{
    organization_id: string;
    organization_name: string | null;
    read_status: string;
    message: string | null;
    last_read_at: string | null;
    project_days: number;
    missing_project_days: number;
  }>(
    `select
       organizations.organization_id,
       organizations.organization_name,
       organizations.read_status,
       organizations.message,
       organizations.last_read_at::varchar as last_read_at,
       count(coverage.status)::integer as project_days,
       count(*) filter (coverage.status <> 'complete')::integer as missing_project_days
     from dim_organization as organizations
     left join fct_usage_coverage as coverage
       on organizations.organization_id = coverage.organization_id
       and coverage.stream = 'usage'
       and coverage.usage_date < $today::date
     group by all
     order by organization_name nulls last, organization_id`,
    { today: now.toISOString().slice(0, 10) },
  );
  return rows.map((row) => ({
    id: row.organization_id,
    name: row.organization_name,
    readStatus: row.read_status,
    message: row.message,
    lastReadAt: row.last_read_at === null ? null : new Date(isoInstant(row.last_read_at)),
    projectDays: row.project_days,
    missingProjectDays: row.missing_project_days,
  }));
}

async function readFindings(analytics: Warehouse): Promise<OpenFindings> {
  const severities = await analytics.all<{ severity: keyof OpenFindings["bySeverity"]; findings: number }>(`
    select severity, count(*)::integer as findings
    from fct_idle_findings
    where status = 'open'
    group by severity
  `);
  const sums = await analytics.all<{ currency: string | null; amount: string | null; findings: number }>(`
    select
      currency,
      round(sum(counted_monthly_waste), 2)::decimal(38, 2) as amount,
      count(*)::integer as findings
    from fct_idle_findings
    where status = 'open'
    group by currency
    order by currency
  `);
  return {
    bySeverity: {
      high: 0,
      medium: 0,
      low: 0,
      ...Object.fromEntries(severities.map((row) => [row.severity, row.findings])),
    },
    monthlyWaste: sums.flatMap(({ currency, amount }) =>
      currency === null ? [] : [{ currency, amount: amount ?? "0.00" }],
    ),
    unpriced: sums.find(({ currency }) => currency === null)?.findings ?? 0,
  };
}
