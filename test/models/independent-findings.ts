import { accountFindings } from "./independent-account-findings.ts";
import type { Finding } from "./independent-idle.ts";
import { monitoringFindings } from "./independent-monitoring.ts";
import { storageFindings } from "./independent-storage-findings.ts";
import type { Sums } from "./independent-sums.ts";
import { usageFindings } from "./independent-usage-findings.ts";
import type { RandomOrganization } from "./random-organization.ts";

/** What all of the idle rules should find in a random organisation, from their meaning and the decisions on them. */
export function expectedFindings(organization: RandomOrganization): Sums<Finding> {
  const found: Sums<Finding> = new Map();
  storageFindings(organization, found);
  accountFindings(organization, found);
  usageFindings(organization, found);
  monitoringFindings(organization, found);
  return found;
}
