import fc from "fast-check";
import { anyFleet, type Fleet, inventoryRows, meter, operationRows, readRows } from "./fleet-life.ts";
import type { TestOrganization } from "./organization.ts";
import { organizationRows } from "./organization-rows.ts";
import { randomOrganization } from "./random-organization.ts";
import type { RawRow } from "./raw-tables.ts";

/** An organisation of every kind of thing, which is the same each time. */
export function sampledOrganization(): TestOrganization {
  return withFleet(sampled());
}

const sampled = (): TestOrganization => {
  const seed = Number(process.env.TALLY_TEST_SEED ?? 20_261_103);
  const [organization] = fc.sample(
    fc.gen().map((g) => randomOrganization(g, { projectCount: 4, rowsPerProject: 40 })),
    { numRuns: 1, seed },
  );
  if (!organization) throw new Error("fast-check gave no organisation");
  return organizationRows(organization);
};

/** The same with the life of a fleet of its own project beside: versions, operations, usage to the second. */
function withFleet(organization: TestOrganization): TestOrganization {
  const [fleet] = fc.sample(anyFleet, { numRuns: 1, seed: 7 }) as [Fleet];
  const project_id = "fleet";
  const metered = meter(fleet, "gpu-hours").map(({ seconds, ...row }) => ({
    ...row,
    quantity: (seconds / 3600).toFixed(12),
  }));
  const added: Record<string, readonly RawRow[]> = {
    projects: [{ id: project_id, name: "Fleet" }],
    usage: metered.map(({ resource_id, ...row }, n) => ({ ...row, project_id, reservation_id: `r-${n}` })),
    resource_usage: metered.map((row) => ({ ...row, project_id })),
    vms: inventoryRows(fleet).vms.map((row) => ({ project_id, ...row })),
    disks: inventoryRows(fleet).disks.map((row) => ({ project_id, ...row })),
    vm_operations: operationRows(fleet).map((row) => ({ project_id, ...row })),
    read_windows: readRows({ hasExport: true, hasOperations: true }).map((row) => ({ project_id, ...row })),
  };
  const rows: Record<string, readonly RawRow[]> = { ...organization.rows };
  for (const [table, more] of Object.entries(added)) rows[table] = [...(rows[table] ?? []), ...more];
  return { ...organization, rows };
}
