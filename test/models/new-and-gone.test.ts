import { expect, test, vi } from "vitest";
import { dayText, openDailyUsage } from "./daily-usage.ts";

vi.setConfig({ testTimeout: 240_000 });

const start = "2026-06-01";
const days = 120;

test("what is first used after known days without is new, what is no longer used is gone, what was not read is neither", async () => {
  const used = (from: number, to: number) => ({
    from,
    hours: Array.from({ length: to - from + 1 }, () => 5),
  });
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const analytics = await openDailyUsage({
    start,
    days,
    series: [
      { project: "steady", ...used(0, 119) },
      { project: "new", ...used(100, 119), resourceType: "b200.8x" },
      // First used as lately, but a week before it was not read: it may be older.
      { project: "perhaps-new", ...used(100, 119), unread: range(85, 90) },
      { project: "gone", ...used(10, 60), resourceType: "a100.1x" },
      { project: "unread", ...used(0, 70), resourceType: "l40s.1x", unread: range(80, 119) },
      { project: "paused", ...used(0, 100) },
      { project: "delisted", ...used(0, 110) },
    ],
  });
  await analytics.insert("projects", [
    { id: "delisted", name: "Away", _valid_to: `${dayText(start, 112)} 00:10:00` },
    { id: "steady", name: "Training" },
  ]);
  await analytics.insert("read_windows", [
    { stream: "projects", attempted_at: `${dayText(start, 111)} 00:10:00` },
    { stream: "projects", attempted_at: `${dayText(start, 112)} 00:10:00` },
  ]);
  await analytics.build({ select: "+fct_new_and_gone" });
  const rows = await analytics.all(`
    select kind, name, status, since, days_known_before as before, days_read_since as read_since,
      days_unread_since as unread_since, message
    from marts.fct_new_and_gone where status <> 'active' order by kind, name
  `);
  const row = (
    kind: string,
    name: string,
    status: string,
    since: number | null,
    message: string,
    known = {},
  ) => ({
    kind,
    name,
    status,
    since: since === null ? null : dayText(start, since),
    before: 0,
    read_since: 0,
    unread_since: 0,
    message,
    ...known,
  });
  const firstUse = `First used on ${dayText(start, 100)}, after 100 days that were read and had none.`;
  const lastUse = `Last used on ${dayText(start, 60)}; 59 days since were read and had none.`;
  const unknown = `Last used on ${dayText(start, 70)}; 40 of the 49 days since were not read, so it need not be gone.`;
  expect(rows).toEqual([
    row(
      "project",
      "Away",
      "gone",
      111,
      `Last used on ${dayText(start, 110)}; last listed on ${dayText(start, 111)}.`,
      { unread_since: 9 },
    ),
    row("project", "gone", "gone", 61, lastUse, { before: 10, read_since: 59 }),
    row("project", "new", "new", 100, firstUse, { before: 100 }),
    row("project", "unread", "unread", null, unknown, { read_since: 9, unread_since: 40 }),
    row("resource_type", "a100.1x", "gone", 61, lastUse, { before: 10, read_since: 59 }),
    row("resource_type", "b200.8x", "new", 100, firstUse, { before: 100 }),
    row("resource_type", "l40s.1x", "unread", null, unknown, { read_since: 9, unread_since: 40 }),
  ]);
});
