import { z } from "zod";
import type { SavedQuirks } from "../quirks.ts";
import { count, name } from "./values.ts";

const size = z.number().int().positive().max(1_000_000);

/** Ways in which the scenario's server differs from the reference; what is left out is as the reference has it. */
export const quirks = z
  .strictObject({
    literal_quotes: z.boolean().optional(),
    end_date: z.enum(["inclusive", "exclusive", "overshooting"]).optional(),
    gpu_metric: z.enum(["gpu-hours", "instance-hours"]).optional(),
    /** Other words for metrics, such as `{ gpu-hours: GPU_HOURS }`. */
    metric_names: z
      .strictObject({
        "gpu-hours": z.string().optional(),
        "instance-hours": z.string().optional(),
        "gib-hours": z.string().optional(),
      })
      .optional(),
    vm_states: z.enum(["prefixed", "plain"]).optional(),
    default_limit: size.optional(),
    max_limit: size.optional(),
    /** Every other list comes in pages of so many, and not whole. */
    page_size: size.optional(),
    omitted_fields: z.array(name).optional(),
    /** By path, such as `/organizations/{organization_id}/usage/export`, the status it answers with. */
    not_offered: z.record(name, z.union([z.literal(403), z.literal(404), z.literal(501)])).optional(),
    operations_kept_hours: count.optional(),
  })
  .transform((given): SavedQuirks => {
    const named = {
      literalQuotes: given.literal_quotes,
      endDate: given.end_date,
      gpuMetric: given.gpu_metric,
      metricNames: given.metric_names,
      vmStates: given.vm_states,
      defaultLimit: given.default_limit,
      maxLimit: given.max_limit,
      pageSizeOfOtherLists: given.page_size,
      omittedFields: given.omitted_fields,
      notOffered: given.not_offered,
      operationsKeptHours: given.operations_kept_hours,
    };
    return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  });
