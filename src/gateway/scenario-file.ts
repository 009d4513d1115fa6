import { z } from "zod";
import { readFaultRule } from "./faults/rule.ts";
import { type Instant, parseInstant } from "./instant.ts";

/** A scenario file (YAML), as written. Every table takes these keys and no others. */

const instant = z.string().transform((text, context): Instant => {
  const found = parseInstant(text);
  if (found !== null) return found;
  context.addIssue({ code: "custom", message: "not a date (2026-01-31) or a UTC time (2026-01-31T06:00Z)" });
  return z.NEVER;
});

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "not a time of day, such as 08:30")
  .transform((text) => Number(text.slice(0, 2)) * 3600 + Number(text.slice(3)) * 60);

const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
const sizeGib = z.number().int().positive();
const diskType = z.enum(["persistent-ssd", "shared-volume"]);
const interval = z.strictObject({ from: instant, to: instant.optional() });
const lifetime = { created: instant, deleted: instant.optional() };
const id = z.string().min(1).optional();
/** The file's own word for a resource, by which its other entries name it. */
const name = z.string().min(1);

const vmType = z.strictObject({
  product_name: name,
  gpu_type: z.string().default(""),
  num_gpu: count.default(0),
  cpu_cores: count,
  cpu_type: z.string().default("AMD"),
  memory_gb: count,
  disk_gb: count.default(0),
  description: z.string(),
});

const project = z.strictObject({
  id,
  key: name,
  /** What the API calls it; may be empty, as the API's own may. */
  name: z.string(),
  relation: z.string().default("owner"),
  created: instant.optional(),
  deleted: instant.optional(),
});

const reservation = z.strictObject({
  id,
  name,
  product_line: name,
  quantity: count,
  price: z.string(),
  type: z.string().default("reserved"),
  locations: z.array(name).min(1),
  projects: z.array(name).default([]),
  from: instant,
  to: instant,
});

const vmDisk = z.strictObject({ type: diskType.default("persistent-ssd"), size_gib: sizeGib });

/** Hours of the day for those of a fleet that don't run all the time. */
const daily = z.strictObject({
  from: timeOfDay,
  hours: z.number().positive().max(24),
  days: z
    .array(z.enum(["sun", "mon", "tue", "wed", "thu", "fri", "sat"]))
    .min(1)
    .default(["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
  /** The share of days on which one really comes up. */
  presence: share.default(1),
  jitter_minutes: count.max(240).default(0),
});

/** How busy GPUs are, in shares of what they can do. */
const utilisation = z.strictObject({
  mean: share,
  daily_swing: share.default(0),
  peak: timeOfDay.default(14 * 3600),
  noise: share.default(0.03),
  /** The mean on Saturdays and Sundays, around which no day swings. */
  weekend_mean: share.optional(),
});

const fleet = z
  .strictObject({
    name,
    project: name,
    type: name,
    location: name,
    from: instant,
    to: instant.optional(),
    /** How many VMs there are: always as many, or from each time on. */
    vms: z.union([count, z.array(z.strictObject({ at: instant, vms: count })).min(1)]),
    /** Whether numbers between two times are reached in one step, or bit by bit. */
    growth: z.enum(["step", "linear"]).default("step"),
    /** The share of them that runs day and night. */
    always_on: share.default(1),
    daily: daily.optional(),
    /** After about how long one is replaced by another. */
    lifetime_days: z.number().min(1).optional(),
    /** The first so many belong to that reservation. */
    reservation: z.strictObject({ name, vms: count }).optional(),
    is_spot: z.boolean().default(false),
    os_disk_gib: count.default(128),
    data_disks: z.array(vmDisk).default([]),
    /** Whether an instance group and a template keep them. */
    has_group: z.boolean().default(false),
    /** How many the group is set to keep, in the form of `vms`, where that is not as many as there are. */
    desired: z.union([count, z.array(z.strictObject({ at: instant, vms: count })).min(1)]).optional(),
    has_public_ip: z.boolean().default(false),
    /** What monitoring shows of each; nothing without it. */
    gpu_utilisation: utilisation.optional(),
  })
  .refine((one) => one.always_on === 1 || one.daily, {
    path: ["daily"],
    message: "needed where always_on is below 1",
  });

const vm = z.strictObject({
  id,
  name,
  project: name,
  type: name,
  location: name,
  ...lifetime,
  /** Default: from its creation on. */
  runs: z.array(interval).optional(),
  /** When the provider's metering missed it, though it ran. */
  unmetered: z.array(interval).default([]),
  /** When it was reset, or could not be started. */
  resets: z.array(instant).default([]),
  failed_starts: z.array(instant).default([]),
  gpu_utilisation: utilisation.optional(),
  reservation: name.optional(),
  is_spot: z.boolean().default(false),
  os_disk_gib: count.default(128),
  data_disks: z.array(vmDisk).default([]),
  has_public_ip: z.boolean().default(false),
});

const disk = z.strictObject({
  id,
  name,
  project: name,
  type: diskType.default("persistent-ssd"),
  location: name,
  size_gib: sizeGib,
  resized: z.array(z.strictObject({ at: instant, size_gib: sizeGib })).default([]),
  ...lifetime,
  /** To one VM, or to all of a fleet, while both live and in the times named. */
  attached: z
    .array(
      z
        .strictObject({
          vm: name.optional(),
          fleet: name.optional(),
          from: instant.optional(),
          to: instant.optional(),
          mode: z.enum(["read-write", "read-only"]).default("read-write"),
        })
        .refine(
          (one) => (one.vm === undefined) !== (one.fleet === undefined),
          "names either a vm or a fleet",
        ),
    )
    .default([]),
});

const snapshot = z.strictObject({ id, name, disk: name, ...lifetime, size_gib: sizeGib.optional() });

/** Snapshots taken again and again, of which the last few are kept. */
const snapshotPlan = z.strictObject({
  disk: name,
  from: instant,
  to: instant.optional(),
  every_days: z.number().int().positive(),
  keep: z.number().int().positive(),
  size_gib: sizeGib,
});

/** Something that took VMs down for a while. */
const incident = z.strictObject({
  name,
  from: instant,
  to: instant,
  location: name.optional(),
  fleets: z.array(name).optional(),
  /** The share of the VMs concerned that it hit. */
  share: share.default(1),
});

const firewallRule = z.strictObject({
  name,
  project: name,
  action: z.enum(["allow", "deny"]).default("allow"),
  direction: z.enum(["ingress", "egress"]).default("ingress"),
  protocols: z.array(z.string()),
  sources: z.array(z.string()),
  destination_ports: z.array(z.string()).default([]),
});

/** A network besides the one that every project is given. */
const network = z.strictObject({
  name,
  project: name,
  subnets: z.array(z.strictObject({ name, location: name })).default([]),
  ...lifetime,
});

const loadBalancer = z
  .strictObject({
    name,
    project: name,
    /** Whose running VMs it spreads load over. */
    fleet: name.optional(),
    /** Instead, the VMs that it spreads load over for as long as it lives, whatever becomes of them. */
    vms: z.array(name).optional(),
    /** Default: where the fleet or the first of the VMs is. */
    location: name.optional(),
    is_internal: z.boolean().default(false),
    port: z.number().int().min(1).max(65_535),
    backend_port: z.number().int().min(1).max(65_535),
    created: instant,
    deleted: instant.optional(),
  })
  .refine((one) => (one.fleet === undefined) !== (one.vms === undefined), "names either a fleet or vms")
  .refine((one) => one.vms?.length !== 0 || one.location, {
    path: ["location"],
    message: "needed where it has no VM",
  });

/** What is billed without a contract, per GPU-hour, instance-hour or GiB-hour. */
const listPrice = z.strictObject({
  resource_type: name,
  unit_price: z.number().min(0),
  spot_unit_price: z.number().min(0).optional(),
  from: instant.optional(),
  to: instant.optional(),
});

const quota = z.strictObject({
  name,
  description: z.string().default(""),
  counts: z.enum(["gpus", "vms", "disk-gib", "snapshots"]),
  product_line: name.optional(),
  max: count,
  /** The whole organisation's without one. */
  project: name.optional(),
});

const image = z.strictObject({
  name,
  description: z.string().default(""),
  tags: z.array(z.string()).default([]),
  product_group: z.string().default("gpu"),
  /** The project whose own image it is; the provider's without one. */
  project: name.optional(),
  ...lifetime,
});

/** As `tally gateway --fault` takes it, key by key. */
const fault = z.unknown().transform((given, context) => {
  const read = readFaultRule(given);
  if ("rule" in read) return read.rule.given;
  context.addIssue({ code: "custom", message: read.mistake });
  return z.NEVER;
});

export const scenarioFile = z.strictObject({
  /** Everything that is drawn is drawn from this. */
  seed: z.union([z.number().int(), z.string().min(1)]),
  /** The instant at which the organisation stands. */
  now: instant,
  /** Until when life goes on, for clocks that run past `now`. Default: `now`. */
  until: instant.optional(),
  history_from: instant,
  organization: z.strictObject({
    id,
    name: z.string().min(1),
    company_name: z.string().optional(),
    billing_balance: z.string().default("$0.00"),
    billing_method: z.enum(["manual", "stripe"]).default("manual"),
  }),
  /** Keys of the local gateway that serves the scenario; they open nothing else. */
  access_keys: z
    .array(z.strictObject({ access_key_id: name, secret_key: z.string().regex(/^[\w-]+={0,2}$/) }))
    .default([]),
  identity: z
    .strictObject({ name: z.string(), email: z.string(), role: z.string().default("owner") })
    .optional(),
  ssh_keys: z.array(z.strictObject({ name, ...lifetime })).default([]),
  tokens: z
    .array(
      z.strictObject({ alias: z.string(), ...lifetime, expires: instant, last_used: instant.optional() }),
    )
    .default([]),
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
