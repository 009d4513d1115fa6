import type { PageDefinition } from "../pages.ts";
import { anomalies } from "../sections/anomalies.ts";
import { budgetDays } from "../sections/budget-days.ts";
import { budgets } from "../sections/budgets.ts";
import { costByCostCentre } from "../sections/cost-by-cost-centre.ts";
import { costByGpuType, costByOrganization, costByRegion } from "../sections/cost-by-kind.ts";
import { costByProject } from "../sections/cost-by-project.ts";
import { coverage } from "../sections/coverage.ts";
import { gpuHoursByDay } from "../sections/gpu-hours-by-day.ts";
import { gpuHoursByProject } from "../sections/gpu-hours-by-project.ts";
import { gpuHoursByType } from "../sections/gpu-hours-by-type.ts";
import { gpuHoursTrend } from "../sections/gpu-hours-trend.ts";
import { headline } from "../sections/headline.ts";
import { idleChanges } from "../sections/idle-changes.ts";
import { idleFindings } from "../sections/idle-findings.ts";
import { idleSavings } from "../sections/idle-savings.ts";
import { gpuHoursByMonth } from "../sections/months.ts";
import { outlook } from "../sections/outlook.ts";
import { reconciliation } from "../sections/reconciliation.ts";
import { reservationDays } from "../sections/reservation-days.ts";
import { reservationSizes } from "../sections/reservation-sizes.ts";
import { reservations } from "../sections/reservations.ts";
import { topMovers } from "../sections/top-movers.ts";
import { topResources } from "../sections/top-resources.ts";
import { unpricedUsage } from "../sections/unpriced-usage.ts";

/** The report of a month, whole. */
export const monthly: PageDefinition = {
  name: "monthly",
  short: "Report",
  title: "GPU usage and cost",
  period: "month",
  path: "index.html",
  hasSummary: true,
  sections: [
    headline,
    gpuHoursByMonth,
    outlook,
    budgets,
    budgetDays,
    gpuHoursByDay,
    gpuHoursByType,
    gpuHoursTrend,
    anomalies,
    gpuHoursByProject,
    topMovers,
    costByOrganization,
    costByProject,
    costByCostCentre,
    costByGpuType,
    costByRegion,
    unpricedUsage,
    topResources,
    reservations,
    reservationDays,
    reservationSizes,
    idleFindings,
    idleChanges,
    idleSavings,
    coverage,
    reconciliation,
  ],
};
