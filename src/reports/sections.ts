import type { Section } from "./section.ts";
import { anomalies } from "./sections/anomalies.ts";
import { costByCostCentre } from "./sections/cost-by-cost-centre.ts";
import { costByProject } from "./sections/cost-by-project.ts";
import { coverage } from "./sections/coverage.ts";
import { gpuHoursByDay } from "./sections/gpu-hours-by-day.ts";
import { gpuHoursByProject } from "./sections/gpu-hours-by-project.ts";
import { gpuHoursByType } from "./sections/gpu-hours-by-type.ts";
import { gpuHoursTrend } from "./sections/gpu-hours-trend.ts";
import { headline } from "./sections/headline.ts";
import { idleFindings } from "./sections/idle-findings.ts";
import { reconciliation } from "./sections/reconciliation.ts";
import { topResources } from "./sections/top-resources.ts";
import { unpricedUsage } from "./sections/unpriced-usage.ts";

/** The monthly report: its sections in their order. A new section is one more query, view and line here. */
export const monthlySections: readonly Section[] = [
  headline,
  gpuHoursByDay,
  gpuHoursByType,
  gpuHoursTrend,
  anomalies,
  gpuHoursByProject,
  costByProject,
  costByCostCentre,
  unpricedUsage,
  topResources,
  idleFindings,
  coverage,
  reconciliation,
];
