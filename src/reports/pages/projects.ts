import type { PageDefinition } from "../pages.ts";
import { projectFindings } from "../sections/idle-findings.ts";
import { projectDays, projectFigures, projectTypes } from "../sections/project.ts";

/** A page for each project, with all that names it. */
export const projects: PageDefinition = {
  name: "projects",
  short: "Project",
  title: "GPU usage and cost",
  period: "month",
  path: "projects",
  isPerProject: true,
  sections: [projectFigures, projectDays, projectTypes, projectFindings],
};
