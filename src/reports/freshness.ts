import { counted, formatCount, formatShare } from "./format.ts";
import { type Html, html } from "./html.ts";
import { dateName, instantName } from "./month.ts";
import type { Overview } from "./overview.ts";
import type { ReportFacts } from "./section.ts";

/** How old the data are, up to which day they go, and what of them is missing; with the feed of what is idle. */
export function freshnessMarkup({ freshness, openFindings }: Overview, { build, period }: ReportFacts): Html {
  const open = openFindings.rows.length;
  return html`<section class="leads" aria-labelledby="freshness-title"><h2 id="freshness-title">Freshness</h2>
<p class="lead">${[builtWords(build.built_at, period.today), ...readWords(freshness)].join(" ")}</p>
<p>${open === 0 ? "No resource is idle." : `${counted(open, "resource is", "resources are")} idle.`} Other tools read them from <a href="findings.json">findings.json</a>.</p></section>`;
}

function builtWords(builtAt: string, today: string): string {
  const days = Math.round((Date.parse(today) - Date.parse(builtAt.slice(0, 10))) / 86_400_000);
  const age =
    days <= 0 ? "the day this list was written" : `${counted(days, "day")} before this list was written`;
  return `The data were built on ${instantName(builtAt)}, ${age}.`;
}

function readWords({
  last_read_at,
  last_whole_date,
  last_usage_date,
  days_behind,
  project_days,
  missing_project_days,
}: Overview["freshness"]): string[] {
  if (last_read_at === null || last_whole_date === null) return ["No usage has been read in full yet."];
  const behind =
    days_behind !== null && Number(days_behind) > 0
      ? `, ${counted(days_behind, "day")} short of yesterday`
      : "";
  const whole = Number(project_days) - Number(missing_project_days);
  return [
    `Usage was last read on ${instantName(last_read_at)}; the last day that is whole for every project is ${dateName(last_whole_date)}${behind}.`,
    last_usage_date === null ? "No usage was found." : `The last usage is of ${dateName(last_usage_date)}.`,
    missing_project_days === "0"
      ? `All ${formatCount(project_days)} project-days were read in full.`
      : `${formatCount(String(whole))} of ${formatCount(project_days)} project-days were read in full (${formatShare(String(whole), project_days)}).`,
  ];
}
