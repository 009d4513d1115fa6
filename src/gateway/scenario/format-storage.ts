import { z } from "zod";
import { diskType, id, instant, lifetime, name, sizeGib } from "./values.ts";

export const disk = z.strictObject({
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

export const snapshot = z.strictObject({ id, name, disk: name, ...lifetime, size_gib: sizeGib.optional() });

/** Snapshots taken again and again, of which the last few are kept. */
export const snapshotPlan = z.strictObject({
  disk: name,
  from: instant,
  to: instant.optional(),
  every_days: z.number().int().positive(),
  keep: z.number().int().positive(),
  size_gib: sizeGib,
});
