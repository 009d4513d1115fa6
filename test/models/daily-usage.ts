import { sqlText } from "../../src/warehouse.ts";
import { type Analytics, openOrganization } from "./organization.ts";

/** What a test says of one project: GPU-hours by day, and the days on which it could not be read. */
export interface ProjectSeries {
  project: string;
  hours: readonly number[];
  /** Days, counted from 0, whose reading failed: their hours never came. */
  unread?: readonly number[];
  resourceType?: string;
  region?: string;
  /** The first day of the series, counted from 0; days before were read and had none. */
  from?: number;
}

export interface DailyUsage {
  /** An ISO date: day 0. */
  start: string;
  /** How many days were read, up to yesterday. */
  days: number;
  series: readonly ProjectSeries[];
  files?: Record<string, string>;
}

export function dayText(start: string, offset: number): string {
  return new Date(Date.parse(`${start}T00:00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10);
}

/** An organisation whose usage is these series, a row for each day above 0, opened and not built. */
export async function openDailyUsage({ start, days, series, files }: DailyUsage): Promise<Analytics> {
  const today = dayText(start, days);
  const analytics = await openOrganization({ now: `${today}T06:00:00Z`, ...(files ? { files } : {}) });
  const usage: string[] = [];
  const reads: string[] = [];
  for (const { project, hours, unread = [], resourceType, region, from = 0 } of series) {
    hours.slice(0, days - from).forEach((quantity, at) => {
      const day = from + at;
      if (quantity === 0 || unread.includes(day)) return;
      usage.push(
        `(${sqlText(project)}, date ${sqlText(dayText(start, day))}, ${sqlText(region ?? "us-east1")}, ${sqlText(resourceType ?? "h100.8x")}, ${quantity.toFixed(6)}::decimal(28, 12))`,
      );
    });
    for (let day = 0; day < days; day++) {
      reads.push(
        `(${sqlText(project)}, date ${sqlText(dayText(start, day))}, ${sqlText(unread.includes(day) ? "failed" : "complete")})`,
      );
    }
  }
  await analytics.context.warehouse.run(`
    insert into raw.usage by name
    select 'org' as organization_id, col0 as project_id, col1 as usage_date, col2 as region,
      col3 as resource_type, 'gpu-hours' as billable_metric, col4 as quantity,
      timestamp '${today} 00:10:00' as _known_from
    from (values ${usage.join(", ")});
    insert into raw.read_windows by name
    select distinct 'load' as load_id, 'usage' as stream, 'org' as organization_id, col0 as project_id,
      col1 as window_from, col1 as window_to, timestamp '${today} 00:10:00' as attempted_at, col2 as status
    from (values ${reads.join(", ")});
  `);
  return analytics;
}
