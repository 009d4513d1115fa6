import type { PageDefinition } from "../pages.ts";
import { anomalies } from "../sections/anomalies.ts";
import { costByProject } from "../sections/cost-by-project.ts";
import { coverage } from "../sections/coverage.ts";
import { gpuHoursByDay } from "../sections/gpu-hours-by-day.ts";
import { gpuHoursTrend } from "../sections/gpu-hours-trend.ts";
import { headline } from "../sections/headline.ts";
import { idleChanges } from "../sections/idle-changes.ts";
import { reservationDays } from "../sections/reservation-days.ts";
import { topMovers } from "../sections/top-movers.ts";

/** What a week brought: what moved, what stands out, and what became idle or was mended. */
export const weekly: PageDefinition = {
  name: "weekly",
  short: "Week",
  title: "GPU usage and cost, weekly digest",
  period: "week",
  path: "index.html",
  hasSummary: true,
  sections: [
    headline,
    gpuHoursByDay,
    gpuHoursTrend,
    anomalies,
    topMovers,
    costByProject,
    reservationDays,
    idleChanges,
    coverage,
  ],
};
