import { parseScenario } from "../../src/gateway/scenario/load.ts";
import type { Organization } from "../../src/gateway/state.ts";

/** An organisation whose hours can be counted by hand. */
const scenario = `
seed: nights
now: 2026-03-10T02:30:00Z
history_from: 2026-03-01
organization: { id: 5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a001, name: nights }
locations: [us-east1-a]
projects:
  - { key: alpha, id: 5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a002, name: "=alpha" }
  - { key: beta, id: 5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a003, name: beta }
vm_types:
  - { product_name: h100-80gb-sxm-ib.8x, gpu_type: H100, num_gpu: 8, cpu_cores: 176, memory_gb: 960, description: 8x H100 }
  - { product_name: l40s-48gb.2x, gpu_type: L40S, num_gpu: 2, cpu_cores: 16, memory_gb: 294, description: 2x L40S }
vms:
  # Runs all day, but for the 20th from 12:00 to the 21st at 06:00.
  - { id: 5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a004, name: train, project: alpha, type: h100-80gb-sxm-ib.8x, location: us-east1-a, created: 2026-03-01, os_disk_gib: 0,
      runs: [{ from: 2026-03-01, to: 2026-03-20T12:00Z }, { from: 2026-03-21T06:00Z }] }
  - { id: 5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a005, name: serve, project: beta, type: l40s-48gb.2x, location: us-east1-a, created: 2026-03-15, os_disk_gib: 0, runs: [{ from: 2026-03-15 }] }
disks:
  - { id: 5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a006, name: data, project: alpha, location: us-east1-a, size_gib: 100, created: 2026-03-01 }
`;

export const nightsOrganization = (): Organization => parseScenario(scenario, "nights.yaml");

/** Nothing is known of the price of the L40S. */
export const nightsPrices = "resource_type,unit_price\nh100-80gb-sxm-ib.8x,2.50\npersistent-ssd,0.001\n";

/** The night after nine whole days. */
export const firstNight = Date.UTC(2026, 2, 10, 2, 30);
export const dayMs = 86_400_000;

/** GPU-hours, and cost in tenths of a cent, of all days before the one that is so many after the 1st of March. */
export function expectedBefore(days: number): { gpuHours: number; cost: number } {
  let gpuHours = 0;
  let cost = 0;
  for (let day = 1; day <= days; day++) {
    const trainHours = day === 20 ? 12 : day === 21 ? 18 : 24;
    gpuHours += 8 * trainHours + (day >= 15 ? 2 * 24 : 0);
    // 2.50 for a GPU-hour of the H100, 0.001 for a GiB-hour; nothing is known of the price of the L40S.
    cost += 8 * trainHours * 2500 + 100 * 24;
  }
  return { gpuHours, cost };
}
