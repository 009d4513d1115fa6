import { z } from "zod";
import {
  count,
  diskType,
  id,
  instant,
  interval,
  lifetime,
  name,
  share,
  sizeGib,
  timeOfDay,
} from "./values.ts";

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

export const fleet = z
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
    /** The share of its VMs whose data disks stay when they are deleted. */
    leaves_disks: share.default(0),
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

export const vm = z.strictObject({
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
  /** How likely it is that its data disks stay when it is deleted. */
  leaves_disks: share.default(0),
  has_public_ip: z.boolean().default(false),
});

/** Something that took VMs down for a while. */
export const incident = z.strictObject({
  name,
  from: instant,
  to: instant,
  location: name.optional(),
  fleets: z.array(name).optional(),
  /** The share of the VMs concerned that it hit. */
  share: share.default(1),
});
