import { expect, test, vi } from "vitest";
import { findingsOf, listed } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 120_000 });

const ofAccount = (stream: string, more: RawRow = {}) =>
  listed(stream, { organization_id: null, project_id: null, ...more });
const token = (alias: string, more: RawRow = {}): RawRow => ({
  organization_id: undefined,
  alias,
  created_at: "2026-06-01 00:00:00",
  expires_at: "2027-06-01 00:00:00",
  last_used: "2026-11-01 00:00:00",
  ...more,
});

test("a token is found that has expired, was not used for 90 days, or is a year old, and no other", async () => {
  const found = await findingsOf(["old_token"], {
    read_windows: [ofAccount("tokens")],
    tokens: [
      token("a expired", { expires_at: "2026-11-03 06:00:00" }),
      token("b still valid", { expires_at: "2026-11-03 06:00:01" }),
      token("c unused", { last_used: "2026-08-05 06:00:00" }),
      token("d used just lately enough", { last_used: "2026-08-05 06:00:01" }),
      token("e never used", { last_used: null }),
      token("f old", { created_at: "2025-11-03 06:00:00" }),
      token("g not so old", { created_at: "2025-11-03 06:00:01" }),
      token("h young and never used", { created_at: "2026-10-30 00:00:00", last_used: null }),
      token("i gone", { expires_at: "2026-07-01 00:00:00", _valid_to: "2026-10-01 00:00:00" }),
      // What was known of the last use is what the latest version says.
      token("j used since", { last_used: "2026-03-01 00:00:00", _valid_to: "2026-11-01 00:00:00" }),
      token("j used since", { _valid_from: "2026-11-01 00:00:00" }),
    ],
  });
  expect(found.map(({ resource_name, idle_since }) => [resource_name, idle_since])).toEqual([
    ["f old", "2025-11-03 06:00:00"],
    ["a expired", "2026-11-03 06:00:00"],
    ["c unused", "2026-08-05 06:00:00"],
    ["e never used", "2026-06-01 00:00:00"],
  ]);
  expect(found[1]).toMatchObject({
    resource_kind: "token",
    resource_id: "2026-06-01T00:00:00Z a expired",
    organization_id: null,
    project_id: null,
    monthly_waste: null,
    severity: "medium",
    last_seen_at: "2026-11-03 00:10:00",
    evidence:
      "Expired on 2026-11-03, 0 days ago, and still listed; last used on 2026-11-01, 2 days ago; made on 2026-06-01, 155 days ago.",
  });
  expect(found[3]?.evidence).toBe(
    "Never used as far as the API says; made on 2026-06-01, 155 days ago; valid until 2027-06-01.",
  );
});

test("an SSH key is found from its first birthday on; a list that failed last time says nothing of keys or tokens", async () => {
  const ssh_keys = [
    { organization_id: undefined, id: "key-old", created_at: "2025-11-03 06:00:00" },
    { organization_id: undefined, id: "key-younger", created_at: "2025-11-03 06:00:01" },
  ];
  const failed = (stream: string) =>
    ofAccount(stream, { status: "failed", attempted_at: "2026-11-03 02:00:00" });
  const rules = ["old_ssh_key", "old_token"];
  expect(
    await findingsOf(rules, {
      ssh_keys,
      tokens: [token("old", { created_at: "2024-01-01 00:00:00" })],
      read_windows: [ofAccount("ssh_keys"), ofAccount("tokens"), failed("tokens")],
    }),
  ).toMatchObject([
    {
      rule_id: "old_ssh_key",
      resource_id: "key-old",
      resource_name: null,
      severity: "low",
      idle_days: 365,
      evidence: "Made on 2025-11-03, 365 days ago, and still listed; a key should be changed after 365 days.",
    },
  ]);
  expect(
    await findingsOf(rules, { ssh_keys, read_windows: [ofAccount("ssh_keys"), failed("ssh_keys")] }),
  ).toEqual([]);
});
