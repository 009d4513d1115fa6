import { type Analytics, buildOrganization, copyOfBuilt, type TestOrganization } from "./organization.ts";
import type { RawRow } from "./raw-tables.ts";

/** The instant at which the organisations of the tests of idle rules stand. */
export const now = "2026-11-03T06:00:00Z";

/** A good reading of a list of project alpha on the night before now. */
export const listed = (stream: string, more: RawRow = {}): RawRow => ({
  stream,
  project_id: "alpha",
  attempted_at: "2026-11-03 00:10:00",
  ...more,
});

/** Good readings of several lists of project alpha. */
export const allListed = (...streams: string[]): RawRow[] => streams.map((stream) => listed(stream));

/** A running VM of project alpha with eight GPUs, that has been so for long. */
export const runningVm = (more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id: "vm-1",
  name: "trainer",
  type: "h100-80gb-sxm-ib.8x",
  state: "STATE_RUNNING",
  location: "us-east1-a",
  created_at: "2026-01-01 00:00:00",
  updated_at: "2026-01-01 00:00:00",
  disks: [],
  _valid_from: "2026-01-02 00:10:00",
  ...more,
});

const upToFindings = { select: "+fct_idle_findings" };
const project = { projects: [{ id: "alpha", name: "Training" }] };

/** What the rules named find in an organisation with project alpha. */
export async function findingsOf(
  rules: readonly string[],
  rows: TestOrganization["rows"],
  files: Record<string, string> = {},
) {
  const analytics = await buildOrganization({ now, rows: { ...project, ...rows }, files }, upToFindings);
  return findingsIn(analytics, rules);
}

const findingsIn = (analytics: Analytics, rules: readonly string[]) =>
  analytics.all(
    `select * from marts.fct_idle_findings
     where rule_id in (${rules.map((rule) => `'${rule}'`).join(", ")})
     order by rule_id, resource_kind, resource_id`,
  );

/** Prices by which a month of 730 hours is easily reckoned. */
export const prices = [
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
  "persistent-ssd,gib-hours,,,,0.0001,USD,,",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,",
  "a100-80gb.4x,instance-hours,,,,8,USD,,",
  "c1a.8x,instance-hours,,,,0.5,USD,,",
  "snapshot,gib-hours,,,,0.00005,USD,,",
].join("\n");

const types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "a100-80gb.4x", gpu_type: "A100", num_gpu: 4 },
  { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
];

/** A VM of project alpha that was stopped on 20 October. */
export const vm = (more: RawRow = {}): RawRow =>
  runningVm({
    state: "STATE_SHUTOFF",
    updated_at: "2026-10-20 12:00:00",
    _valid_from: "2026-10-21 00:10:00",
    ...more,
  });

/** A disk of project alpha, 1 TiB, that has been attached to nothing since 20 October. */
export const disk = (more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id: "disk-1",
  name: "data",
  type: "persistent-ssd",
  size: "1TiB",
  location: "us-east1-a",
  attached_to: [],
  created_at: "2026-01-01 00:00:00",
  updated_at: "2026-10-20 12:00:00",
  _valid_from: "2026-10-21 00:10:00",
  ...more,
});

/** A snapshot of project alpha, 100 GiB, of a disk that is not listed. */
export const snapshot = (more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id: "snap-1",
  name: "before",
  size: "107374182400 bytes",
  created_from: "disk-gone",
  created_at: "2026-09-01 00:00:00",
  updated_at: "2026-09-01 00:00:00",
  _valid_from: "2026-10-21 00:10:00",
  ...more,
});

/** A day's usage of an H100 VM,. */
export const usage = (more: RawRow = {}): RawRow => ({
  usage_date: "2026-11-02",
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: "24",
  ...more,
});

/** A good reading of the usage of project alpha on the night before now. */
export const readDays = (more: RawRow = {}): RawRow => ({
  stream: "usage",
  project_id: "alpha",
  window_from: "2026-09-01",
  window_to: "2026-11-03",
  attempted_at: "2026-11-03 00:10:00",
  ...more,
});

/** What there is in an organisation whose usage, VMs, disks and snapshots were read well, and which has none so far. */
const readWell = {
  ...project,
  vm_types: types,
  read_windows: [readDays(), ...allListed("vms", "disks", "snapshots")],
};

/**
 * What one rule finds in an organisation whose usage, VMs, disks and snapshots were read well, and are priced. Where
 * nothing else of it is said, it had been built once before there was any of them.
 */
export const findingsBy =
  (rule: string) =>
  async (rows: TestOrganization["rows"] = {}, files: Record<string, string> = {}) => {
    const priced = { "prices.csv": prices, ...files };
    if (Object.keys(rows).some((table) => table in readWell) || Object.keys(files).length > 0) {
      return findingsOf([rule], { ...readWell, ...rows }, priced);
    }
    const before = { now, rows: readWell, files: priced };
    const analytics = await copyOfBuilt(before, upToFindings, rows);
    await analytics.build(upToFindings);
    return findingsIn(analytics, [rule]);
  };
