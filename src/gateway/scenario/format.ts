import { z } from "zod";
import { readFaultRule } from "../faults/rule.ts";
import { about, accessKey, identity, project, sshKey, token } from "./format-account.ts";
import { image, listPrice, quota, reservation, vmType } from "./format-catalogue.ts";
import { metering } from "./format-metering.ts";
import { firewallRule, loadBalancer, network } from "./format-network.ts";
import { quirks } from "./format-quirks.ts";
import { disk, snapshot, snapshotPlan } from "./format-storage.ts";
import { fleet, incident, vm } from "./format-vms.ts";
import { count, instant, name } from "./values.ts";

/** As `tally gateway --fault` takes it, key by key. */
const fault = z.unknown().transform((given, context) => {
  const read = readFaultRule(given);
  if ("rule" in read) return read.rule.given;
  context.addIssue({ code: "custom", message: read.mistake });
  return z.NEVER;
});

/** A scenario file (YAML), as written. Every table takes these keys and no others. */
export const scenarioFile = z.strictObject({
  /** Everything that is drawn is drawn from this. */
  seed: z.union([z.number().int(), z.string().min(1)]),
  /** The instant at which the organisation stands. */
  now: instant,
  /** Until when life goes on, for clocks that run past `now`. Default: `now`. */
  until: instant.optional(),
  history_from: instant,
  organization: about,
  metering: metering.optional(),
  quirks: quirks.optional(),
  access_keys: z.array(accessKey).default([]),
  identity: identity.optional(),
  ssh_keys: z.array(sshKey).default([]),
  tokens: z.array(token).default([]),
  locations: z.array(name).min(1),
  projects: z.array(project).default([]),
  vm_types: z.array(vmType).default([]),
  capacities: z.record(name, z.record(name, count)).default({}),
  images: z.array(image).default([]),
  reservations: z.array(reservation).default([]),
  list_prices: z.array(listPrice).default([]),
  quotas: z.array(quota).default([]),
  fleets: z.array(fleet).default([]),
  incidents: z.array(incident).default([]),
  vms: z.array(vm).default([]),
  disks: z.array(disk).default([]),
  snapshots: z.array(snapshot).default([]),
  snapshot_plans: z.array(snapshotPlan).default([]),
  firewall_rules: z.array(firewallRule).default([]),
  networks: z.array(network).default([]),
  load_balancers: z.array(loadBalancer).default([]),
  /** What is to go wrong with requests. */
  faults: z.array(fault).default([]),
});

export type ScenarioFile = z.infer<typeof scenarioFile>;
export type FleetEntry = ScenarioFile["fleets"][number];
export type VmEntry = ScenarioFile["vms"][number];
export type DiskEntry = ScenarioFile["disks"][number];
