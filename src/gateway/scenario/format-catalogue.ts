import { z } from "zod";
import { count, id, instant, lifetime, name } from "./values.ts";

/** What there is to be had, what it costs, and what was contracted for. */

export const vmType = z.strictObject({
  product_name: name,
  gpu_type: z.string().default(""),
  num_gpu: count.default(0),
  cpu_cores: count,
  cpu_type: z.string().default("AMD"),
  memory_gb: count,
  disk_gb: count.default(0),
  description: z.string(),
});

export const image = z.strictObject({
  name,
  description: z.string().default(""),
  tags: z.array(z.string()).default([]),
  product_group: z.string().default("gpu"),
  /** The project whose own image it is; the provider's without one. */
  project: name.optional(),
  ...lifetime,
});

export const reservation = z.strictObject({
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

/** What is billed without a contract, per GPU-hour, instance-hour or GiB-hour. */
export const listPrice = z.strictObject({
  resource_type: name,
  unit_price: z.number().min(0),
  spot_unit_price: z.number().min(0).optional(),
  from: instant.optional(),
  to: instant.optional(),
});

export const quota = z.strictObject({
  name,
  description: z.string().default(""),
  counts: z.enum(["gpus", "vms", "disk-gib", "snapshots"]),
  product_line: name.optional(),
  max: count,
  /** The whole organisation's without one. */
  project: name.optional(),
});
