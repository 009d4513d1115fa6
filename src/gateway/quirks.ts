import type { Metric } from "./metering.ts";
import type { ArrayForm } from "./query.ts";

/** Ways in which servers of this API are known to differ. The defaults are those of the reference. */
export interface Quirks {
  /** Values of usage rows, and the dates of its options, carry quotes inside the string. Default false. */
  literalQuotes: boolean;
  /** Whether usage of `end_date` itself is answered, or even a day more on both sides. Default inclusive. */
  endDate: "inclusive" | "exclusive" | "overshooting";
  /** What a GPU VM's hours are counted in. Default gpu-hours. */
  gpuMetric: "gpu-hours" | "instance-hours";
  /** How metrics are spelled, such as `(metric) => metric.toUpperCase()`. Default as they are. */
  spellMetric: (metric: Metric) => string;
  /** How arrays in a query are understood. Default either way. */
  arrays: ArrayForm;
  /** Whether usage demands all the parameters that the seed says it requires. Default true. */
  requiresAllUsageParameters: boolean;
  /** How VM states read: STATE_RUNNING and STATE_SHUTOFF, or RUNNING and STOPPED. Default prefixed. */
  vmStates: "prefixed" | "plain";
  /** VMs on a page where no limit is asked for. Default 20. */
  defaultLimit: number;
  /** The most VMs on a page, whatever limit is asked for. Default 100. */
  maxLimit: number;
  /** Items on a page of every other list; null sends them whole. Default null. */
  pageSizeOfOtherLists: number | null;
  /** Fields, by their names in the API, that items come without, such as `reservation_id`. Default none. */
  omittedFields: readonly string[];
  /** Fields that nobody has heard of, added to each item. Default none. */
  extraFields: Readonly<Record<string, unknown>>;
  /** Other names for columns of the export; null leaves one out. Default none. */
  exportColumns: Readonly<Partial<Record<ExportColumn, string | null>>>;
  /** Columns that nobody has heard of, with their value in each row of the export. Default none. */
  extraExportColumns: Readonly<Record<string, string>>;
  /** Routes that this account has not: by pattern, the status that they answer with. Default none. */
  notOffered: Readonly<Record<string, 403 | 404 | 501>>;
  /** For how many hours an operation is answered after it came to its end. Default 336, two weeks. */
  operationsKeptHours: number;
  /**
   * How many seconds operations take, by kind and action, such as `{ "vm CREATE": 90 }`; 0 does one at once.
   * Default about as many as each takes in the cloud.
   */
  operationSeconds: Readonly<Record<string, number>>;
  /** The longest path and query that is taken; a longer one is answered with 414. Default 8000. */
  maxTargetLength: number;
}

/** Quirks as plain data, which a scenario may have and a state file keeps. */
export type SavedQuirks = Partial<Omit<Quirks, "spellMetric">> & {
  /** Other words for metrics. */
  metricNames?: Partial<Record<Metric, string | undefined>> | undefined;
};

export function quirksOf({ metricNames = {}, ...saved }: SavedQuirks): Quirks {
  return { ...referenceQuirks, spellMetric: (metric) => metricNames[metric] ?? metric, ...saved };
}

export type ExportColumn =
  | "usage_date"
  | "project_id"
  | "project_name"
  | "resource_id"
  | "resource_name"
  | "resource_type"
  | "region"
  | "billable_metric"
  | "reservation_id"
  | "quantity";

export const referenceQuirks: Quirks = {
  literalQuotes: false,
  endDate: "inclusive",
  gpuMetric: "gpu-hours",
  spellMetric: (metric) => metric,
  arrays: "either",
  requiresAllUsageParameters: true,
  vmStates: "prefixed",
  defaultLimit: 20,
  maxLimit: 100,
  pageSizeOfOtherLists: null,
  omittedFields: [],
  extraFields: {},
  exportColumns: {},
  extraExportColumns: {},
  notOffered: {},
  operationsKeptHours: 336,
  operationSeconds: {},
  maxTargetLength: 8000,
};
