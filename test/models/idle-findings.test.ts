import { describe, expect, test, vi } from "vitest";
import { disk, findingsBy, prices } from "./idle-organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

describe("a finding", () => {
  const findings = findingsBy("unattached_disk");
  const disks = [disk({}), disk({ id: "disk-2" })];
  const status = async (...lines: string[]) =>
    (
      await findings(
        { disks },
        { "suppressions.csv": ["rule_id,resource_id,until,reason", ...lines].join("\n") },
      )
    ).map((row) => row.status);

  test("is suppressed by rule, resource or both, until the day named", async () => {
    expect(await status()).toEqual(["open", "open"]);
    expect(await status("unattached_disk,disk-1,2026-11-03,audit")).toEqual(["suppressed", "open"]);
    expect(await status("unattached_disk,disk-1,2026-11-02,audit")).toEqual(["open", "open"]);
    expect(await status("orphaned_snapshot,disk-1,,")).toEqual(["open", "open"]);
    expect(await status(",disk-2,,kept")).toEqual(["open", "suppressed"]);
    expect(await status("unattached_disk,,,")).toEqual(["suppressed", "suppressed"]);
  });

  test("in another currency has its waste in that, and none in US dollars", async () => {
    expect(
      await findings({ disks: [disk({})] }, { "prices.csv": prices.replaceAll("USD", "EUR") }),
    ).toMatchObject([{ monthly_waste_usd: null, monthly_waste: "74.7520000000", currency: "EUR" }]);
  });

  test("without prices is there, unpriced", async () => {
    expect(await findings({ disks: [disk({})] }, { "prices.csv": "" })).toMatchObject([
      {
        monthly_waste_usd: null,
        evidence:
          "Attached to no VM since 2026-10-20, 13 days, with 1024.00 GiB; no price is in force for it.",
      },
    ]);
  });
});
