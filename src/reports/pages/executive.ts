import type { PageDefinition } from "../pages.ts";
import { budgetsInBrief } from "../sections/budgets.ts";
import { headline } from "../sections/headline.ts";
import { topActions } from "../sections/idle-findings.ts";
import { gpuHoursByMonth } from "../sections/months.ts";
import { outlook } from "../sections/outlook.ts";

/** The month on one sheet of paper. */
export const executive: PageDefinition = {
  name: "executive",
  short: "One page",
  title: "GPU usage and cost, in brief",
  period: "month",
  path: "executive.html",
  hasSummary: true,
  isOneSheet: true,
  sections: [headline, gpuHoursByMonth, outlook, budgetsInBrief, topActions],
};
