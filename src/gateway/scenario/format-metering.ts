import { z } from "zod";
import { share } from "./values.ts";

const withinDays = z.number().positive().max(366);

/** How figures of usage come to be what they are; what is left out does not happen. */
export const metering = z.strictObject({
  /** A day's usage is answered from so many hours after its end on; without it, as it is metered. */
  settles_after_hours: z
    .number()
    .min(0)
    .max(24 * 366)
    .optional(),
  /** That share of a day's rows comes only at some time in the days after. */
  late: z.strictObject({ share, within_days: withinDays }).optional(),
  /** That share of a day's rows is so many times what it should be, until some time in the days after. */
  restated: z.strictObject({ share, factor: z.number().min(0), within_days: withinDays }).optional(),
});
