import { describe, expect, test, vi } from "vitest";
import { findingsBy, readDays, usage } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

describe("a reservation that is barely used", () => {
  const findings = findingsBy("underused_reservation");
  const reservation = (more: RawRow = {}) => ({
    id: "res-1",
    product_line: "h100-80gb-sxm-ib.8x",
    quantity: 2,
    locations: ["us-east1-a"],
    contract_start_date: "2026-01-01",
    contract_end_date: "2026-12-31",
    _valid_from: "2026-10-01 00:10:00",
    ...more,
  });
  const reservationReads = [
    readDays(),
    { stream: "reservations", project_id: null, attempted_at: "2026-11-03 00:20:00" },
  ];
  const days = Array.from({ length: 14 }, (_, at) =>
    new Date(Date.UTC(2026, 9, 20 + at)).toISOString().slice(0, 10),
  );
  /** Fourteen days of 2 × 8 GPUs × 24 hours are 5376 reserved GPU-hours; 70 % of them are 3763.2. */
  const used = (total: number) =>
    days.map((usage_date) =>
      usage({ usage_date, reservation_id: "res-1", quantity: (total / 14).toFixed(12) }),
    );

  test("is found with its share, its window and the price of what is not used", async () => {
    const found = await findings({
      reservations: [reservation()],
      usage: used(1344),
      read_windows: reservationReads,
    });
    expect(found).toMatchObject([
      {
        rule_id: "underused_reservation",
        resource_kind: "reservation",
        resource_id: "res-1",
        resource_name: "h100-80gb-sxm-ib.8x",
        project_id: null,
        location: "us-east1-a",
        // The first window below the share is that of the first days that were read.
        idle_since: "2026-09-01 00:00:00",
        // 12 GPUs unused all the time: 12 × 730 × 2.5
        monthly_waste_usd: "21900.0000000000",
        first_seen_at: "2026-10-01 00:10:00",
        last_seen_at: "2026-11-03 00:20:00",
      },
    ]);
    expect(found[0]?.evidence).toBe(
      "Used 1344.00 of 5376.00 reserved GPU-hours, 25.00 %, on 14 days from 2026-10-20 to 2026-11-02; below 70.0 % since 2026-09-01; at today's price the unused share is 21900.00 USD in a month of 730 hours.",
    );
  });

  test("is found below the share and not at it", async () => {
    const exact = days.map((usage_date) => usage({ usage_date, reservation_id: "res-1", quantity: "268.8" }));
    expect(
      await findings({ reservations: [reservation()], usage: exact, read_windows: reservationReads }),
    ).toEqual([]);
    const less = exact.map((row, at) => (at === 0 ? { ...row, quantity: "268.799999" } : row));
    expect(
      await findings({ reservations: [reservation()], usage: less, read_windows: reservationReads }),
    ).toHaveLength(1);
  });

  test("is below since the first window after the last one that was used enough", async () => {
    const full = Array.from({ length: 49 }, (_, at) =>
      usage({
        usage_date: new Date(Date.UTC(2026, 8, 1 + at)).toISOString().slice(0, 10),
        reservation_id: "res-1",
        quantity: "384",
      }),
    );
    // Full use ends with 19 October. A window with k of its 14 days after that is used by (14 - k) / 14:
    // k = 4 is 71.4 %, k = 5 is 64.3 %, and that one ends on 24 October and began on the 11th.
    expect(
      await findings({ reservations: [reservation()], usage: full, read_windows: reservationReads }),
    ).toMatchObject([{ idle_since: "2026-10-11 00:00:00", first_seen_at: "2026-10-25 00:00:00" }]);
  });

  test("is judged once its contract spans the whole window, and not a day sooner", async () => {
    const begun = (contract_start_date: string) =>
      findings({
        reservations: [reservation({ contract_start_date })],
        usage: used(1344),
        read_windows: reservationReads,
      });
    expect(await begun("2026-10-21")).toEqual([]);
    expect(await begun("2026-10-20")).toMatchObject([{ idle_since: "2026-10-20 00:00:00" }]);
  });

  test("is none once its contract is over, or before it has begun", async () => {
    expect(
      await findings({
        reservations: [reservation({ contract_end_date: "2026-11-02" })],
        read_windows: reservationReads,
      }),
    ).toEqual([]);
    expect(
      await findings({
        reservations: [reservation({ contract_start_date: "2026-11-03" })],
        read_windows: reservationReads,
      }),
    ).toEqual([]);
    expect(
      await findings({
        reservations: [reservation({ date_delivered: "2026-11-20" })],
        read_windows: reservationReads,
      }),
    ).toEqual([]);
  });

  test("of GPUs, not of a VM type, is as many GPUs as it says", async () => {
    const [found] = await findings({
      reservations: [reservation({ product_line: "h100-80gb-sxm-ib", quantity: 16 })],
      usage: used(1344),
      read_windows: reservationReads,
    });
    expect(found).toMatchObject({ monthly_waste_usd: "21900.0000000000" });
  });

  test("is silent where no day was read whole", async () => {
    expect(
      await findings({ reservations: [reservation()], read_windows: [readDays({ status: "failed" })] }),
    ).toEqual([]);
  });
});
