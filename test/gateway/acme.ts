import { afterAll, beforeAll } from "vitest";
import { parseScenario } from "../../src/gateway/scenario/load.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/server.ts";
import type { Organization } from "../../src/gateway/state.ts";
import { key } from "./signed-client.ts";

/** A small organisation with one of everything, whose hours can be counted by hand. */
export const acmeYaml = `
seed: acme
now: 2026-03-10T12:00:00Z
history_from: 2026-03-01
organization: { id: org-acme, name: acme, company_name: "Acme, Inc." }
locations: [us-east1-a, eu-iceland1-a]
projects:
  - { key: alpha, id: project-alpha, name: alpha }
  - { key: beta, id: project-beta, name: "" }
vm_types:
  - { product_name: h100-80gb-sxm-ib.8x, gpu_type: H100, num_gpu: 8, cpu_cores: 176, memory_gb: 960, description: 8x H100 }
  - { product_name: l40s-48gb.2x, gpu_type: L40S, num_gpu: 2, cpu_cores: 16, memory_gb: 294, description: 2x L40S }
  - { product_name: c1a.4x, cpu_cores: 4, memory_gb: 16, description: 4 vCPU }
capacities: { us-east1-a: { h100-80gb-sxm-ib.8x: 3, c1a.4x: 9 }, eu-iceland1-a: { c1a.4x: 2 } }
identity: { name: Ada, email: ada@acme.example }
ssh_keys: [{ name: laptop, created: 2026-03-01 }]
tokens: [{ alias: ci, created: 2026-03-01, expires: 2027-03-01, last_used: 2026-03-09 }]
images:
  - { name: ubuntu22.04, created: 2026-03-01, tags: [ubuntu], product_group: cpu }
  - { name: ubuntu24.04-nvidia, created: 2026-03-01 }
  - { name: mine, created: 2026-03-02, project: alpha }
reservations:
  - { name: line, id: reservation-line, product_line: h100-80gb-sxm-ib, quantity: 16, price: "2.5", locations: [us-east1-a], projects: [alpha], from: 2026-03-04T12:00Z, to: 2027-03-01 }
  - { name: instances, id: reservation-instances, product_line: l40s-48gb.2x, quantity: 3, price: "2", locations: [us-east1-a], from: 2026-03-01, to: 2026-03-09 }
list_prices:
  - { resource_type: h100-80gb-sxm-ib.8x, unit_price: 2, to: 2026-03-03 }
  - { resource_type: h100-80gb-sxm-ib.8x, unit_price: 3, from: 2026-03-03 }
  - { resource_type: l40s-48gb.2x, unit_price: 1.25, spot_unit_price: 0.5 }
  - { resource_type: persistent-ssd, unit_price: 0.001 }
quotas:
  - { name: h100, description: H100 GPUs, counts: gpus, product_line: h100-80gb-sxm-ib, max: 16 }
  - { name: disks, counts: disk-gib, max: 5000 }
  - { name: snapshots, counts: snapshots, max: 3 }
  - { name: alpha-vms, counts: vms, max: 1, project: alpha }
fleets:
  - { name: web, project: beta, type: c1a.4x, location: eu-iceland1-a, from: 2026-03-01, vms: 3, has_group: true, has_public_ip: true }
vms:
  # Runs from 1 March 22:30:15 to 3 March 01:00:00, and again from 4 March on; reserved from 4 March 12:00.
  - { id: vm-train, name: train, project: alpha, type: h100-80gb-sxm-ib.8x, location: us-east1-a, created: 2026-03-01T22:30:15Z, os_disk_gib: 0,
      runs: [{ from: 2026-03-01T22:30:15Z, to: 2026-03-03T01:00Z }, { from: 2026-03-04 }], reservation: line,
      resets: [2026-03-05T10:00Z], failed_starts: [2026-03-03T20:00Z], gpu_utilisation: { mean: 0.8, daily_swing: 0.1, peak: "12:00", noise: 0 } }
  # Twice on one day: 10 minutes and 20 seconds.
  - { id: vm-brief, name: brief, project: alpha, type: c1a.4x, location: us-east1-a, created: 2026-03-02T08:00Z, os_disk_gib: 0,
      runs: [{ from: 2026-03-02T08:00Z, to: 2026-03-02T08:10Z }, { from: 2026-03-02T09:00Z, to: 2026-03-02T09:00:20Z }] }
  - { id: vm-gone, name: gone, project: alpha, type: l40s-48gb.2x, location: us-east1-a, created: 2026-03-05T06:00Z, deleted: 2026-03-05T18:00Z, os_disk_gib: 0, reservation: instances }
  # Runs, but its second day was not metered.
  - { id: vm-missed, name: missed, project: beta, type: l40s-48gb.2x, location: us-east1-a, created: 2026-03-06, os_disk_gib: 0, unmetered: [{ from: 2026-03-07, to: 2026-03-08 }], is_spot: true }
disks:
  # 100 GiB from 06:00, 200 GiB from 18:00 of 2 March; gone at 10:00 of 4 March.
  - { id: disk-grown, name: grown, project: alpha, location: us-east1-a, size_gib: 100, created: 2026-03-02T06:00Z, resized: [{ at: 2026-03-02T18:00Z, size_gib: 200 }], deleted: 2026-03-04T10:00Z }
  - { id: disk-shared, name: shared, project: alpha, type: shared-volume, location: us-east1-a, size_gib: 2048, created: 2026-03-09, attached: [{ vm: train, mode: read-only }, { vm: brief, to: 2026-03-10 }] }
snapshots:
  - { id: snapshot-left, name: left, disk: grown, created: 2026-03-03T12:00Z, size_gib: 10 }
firewall_rules:
  - { name: ssh, project: alpha, protocols: [tcp], sources: ["10.0.0.0/8"], destination_ports: ["22"] }
load_balancers:
  - { name: public, project: beta, fleet: web, port: 443, backend_port: 8443, created: 2026-03-01 }
  - { name: inside, project: beta, fleet: web, is_internal: true, port: 80, backend_port: 8080, created: 2026-03-01 }
`;

export const acme = (): Organization => parseScenario(acmeYaml, "acme.yaml");

/** What a test asks of a gateway that stands for the whole file; each option may be left to its default. */
export function serving(options: Partial<GatewayOptions> = {}): {
  readonly endpoint: string;
  defects: unknown[];
} {
  let gateway: Gateway | undefined;
  const defects: unknown[] = [];
  beforeAll(async () => {
    gateway = await start({ onDefect: (error) => defects.push(error), ...options });
  });
  afterAll(() => gateway?.close());
  return {
    get endpoint() {
      return gateway?.endpoint ?? "";
    },
    defects,
  };
}

export function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const organization = options.organization ?? acme();
  return startGateway({ organization, clock: () => organization.now, accessKeys: [key], ...options });
}

/** Starts a gateway for as long as `work` takes. */
export async function withGateway<T>(
  options: Partial<GatewayOptions>,
  work: (endpoint: string) => Promise<T>,
): Promise<T> {
  const gateway = await start(options);
  try {
    return await work(gateway.endpoint);
  } finally {
    await gateway.close();
  }
}
