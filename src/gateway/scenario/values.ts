import { z } from "zod";
import { type Instant, parseInstant } from "../instant.ts";

/** The kinds of values that entries of a scenario file hold. */

export const instant = z.string().transform((text, context): Instant => {
  const found = parseInstant(text);
  if (found !== null) return found;
  context.addIssue({ code: "custom", message: "not a date (2026-01-31) or a UTC time (2026-01-31T06:00Z)" });
  return z.NEVER;
});

export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "not a time of day, such as 08:30")
  .transform((text) => Number(text.slice(0, 2)) * 3600 + Number(text.slice(3)) * 60);

export const share = z.number().min(0).max(1);

export const count = z.number().int().min(0);

export const sizeGib = z.number().int().positive();

export const diskType = z.enum(["persistent-ssd", "shared-volume"]);

export const interval = z.strictObject({ from: instant, to: instant.optional() });

export const lifetime = { created: instant, deleted: instant.optional() };

export const id = z.string().min(1).optional();

/** The file's own word for a resource, by which its other entries name it. */
export const name = z.string().min(1);
