import type { TestOrganization } from "../models/organization.ts";

export const evil = '=HYPERLINK("http://evil.example")\n<script>, "Łukasz" 🦀';
const h100 = { resource_type: "h100-80gb-sxm-ib.8x", billable_metric: "gpu-hours" };
export const cpu = { resource_type: "c1a.8x", billable_metric: "instance-hours" };
const reserved = { ...h100, reservation_id: "res-1" };
export const read = {
  stream: "usage",
  window_from: "2026-10-01",
  window_to: "2026-10-31",
  attempted_at: "2026-11-01",
};

/**
 * Reservation res-1 is of 16 GPUs at 2.50, so 384 GPU-hours and 960.00 a day from 30 October on; on demand they are
 * 4.00. On 30 October 300 are used, on the 31st 480, which is 96 too many; November was not read.
 */
export const focusOrganization = (name = evil): TestOrganization => ({
  now: "2026-11-03T06:00:00Z",
  rows: {
    organizations: [{ id: "org", name: "Larkspur" }],
    projects: [
      { id: "alpha", name: "Training" },
      { id: "beta", name },
    ],
    vm_types: [
      { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
      { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
    ],
    reservations: [
      {
        id: "res-1",
        product_line: "h100-80gb-sxm-ib.8x",
        quantity: 2,
        contract_start_date: "2026-10-30",
        contract_end_date: "2027-10-29",
        _valid_from: "2026-10-01 00:10:00",
      },
    ],
    read_windows: [
      { ...read, project_id: "alpha" },
      { ...read, project_id: "beta" },
    ],
    usage: [
      { ...reserved, usage_date: "2026-10-30", quantity: "200" },
      { ...reserved, usage_date: "2026-10-30", quantity: "100", project_id: "beta" },
      { ...reserved, usage_date: "2026-10-31", quantity: "288" },
      { ...reserved, usage_date: "2026-10-31", quantity: "192", project_id: "beta" },
      { ...reserved, usage_date: "2026-11-01", quantity: "24" },
      { ...h100, usage_date: "2026-10-30", quantity: "3" },
      { ...cpu, usage_date: "2026-10-30", quantity: "1.000000000001" },
      { ...cpu, usage_date: "2026-10-30", quantity: "5", project_id: "beta" },
      { ...cpu, usage_date: "2026-10-30", quantity: "2", resource_type: "c1a.8x-spot" },
      { ...h100, usage_date: "2026-10-31", quantity: "10", resource_type: "a100.1x" },
      { ...cpu, usage_date: "2026-10-31", quantity: "11", resource_type: "mystery.1x" },
      {
        usage_date: "2026-10-31",
        resource_type: "persistent-ssd",
        billable_metric: "GiB-hours",
        quantity: "240",
      },
    ],
    resource_usage: [
      {
        ...cpu,
        usage_date: "2026-10-30",
        quantity: "0.333333333333",
        resource_id: "vm-1",
        resource_name: name,
      },
      {
        ...cpu,
        usage_date: "2026-10-30",
        quantity: "0.666666666666",
        resource_id: "vm-2",
        resource_name: "two",
      },
      { ...cpu, usage_date: "2026-10-30", quantity: "4", project_id: "beta", resource_id: "vm-3" },
    ],
  },
  files: {
    "prices.csv": [
      "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
      "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
      "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,",
      "c1a.8x,instance-hours,,,,0.33333333,USD,,",
      "c1a.8x-spot,instance-hours,,,,0.1,USD,,",
      "a100.1x,gpu-hours,,,,3,EUR,,",
      "persistent-ssd,gib-hours,,,,0.00010959,USD,,",
    ].join("\n"),
    "cost-centres.csv": "project_id,cost_centre,owner\nalpha,R & D,\nbeta,@research,Ines\n",
  },
});
