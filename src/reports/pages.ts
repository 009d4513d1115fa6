import type { PageName } from "../report-selections.ts";
import { executive } from "./pages/executive.ts";
import { inventory } from "./pages/inventory.ts";
import { monthly } from "./pages/monthly.ts";
import { projects } from "./pages/projects.ts";
import { weekly } from "./pages/weekly.ts";
import type { Section } from "./section.ts";

/** A page of a report: its sections in their order, what it is about, and where it lies. */
export interface PageDefinition {
  name: PageName;
  /** The word for it where pages are listed. */
  short: string;
  /** Over the period's name, and in the title. */
  title: string;
  period: "month" | "week";
  /** Its path in the folder of its period; of a page for each project, the folder of these. */
  path: string;
  /** Whether there is one for each project, of the rows that name it. */
  isPerProject?: boolean;
  /** Whether it shows what is so now, whatever the period. */
  isOfNow?: boolean;
  /** Whether it opens with what needs to be known, in sentences. */
  hasSummary?: boolean;
  /** Whether it is to be printed on one sheet. */
  isOneSheet?: boolean;
  sections: readonly Section[];
}

/** Every page that there is. A new one is one more object in pages/ and a line here. */
export const pageDefinitions: readonly PageDefinition[] = [monthly, executive, inventory, projects, weekly];
