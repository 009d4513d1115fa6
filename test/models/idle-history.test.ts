import { expect, test, vi } from "vitest";
import { buildAsOf } from "../../src/models/as-of.ts";
import { build } from "../../src/models/build.ts";
import type { Row } from "../../src/warehouse.ts";
import { type Analytics, openOrganization } from "./organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each test builds a few times: a history is what several builds make.
vi.setConfig({ testTimeout: 300_000 });

const prices = "resource_type,billable_metric,unit_price\npersistent-ssd,gib-hours,0.0001\n";
const disk = (id: string, more: RawRow = {}) => ({
  project_id: "alpha",
  id,
  name: `name of ${id}`,
  type: "persistent-ssd",
  size: "100GiB",
  location: "us-east1-a",
  attached_to: [],
  created_at: "2026-01-01 00:00:00",
  updated_at: "2026-09-01 12:00:00",
  _valid_from: "2026-09-02 00:10:00",
  ...more,
});
const read = (attempted_at: string, status = "complete") =>
  ["disks", "vms"].map((stream) => ({ stream, project_id: "alpha", attempted_at, status }));

async function organization(ids: readonly string[], files: Record<string, string> = {}): Promise<Analytics> {
  return openOrganization({
    rows: {
      organizations: [{ id: "org", name: "org" }],
      projects: [{ id: "alpha", name: "Training" }],
      disks: ids.map((id) => disk(id)),
      read_windows: read("2026-09-20 00:10:00"),
    },
    files: { "prices.csv": prices, ...files },
  });
}

/** Builds at another time, after lists were read in it. */
async function at(analytics: Analytics, now: string, status = "complete"): Promise<void> {
  await analytics.insert("read_windows", read(`${now.slice(0, 10)} 00:10:00`, status));
  await rebuild(analytics, now);
}

async function rebuild({ context }: Analytics, now: string): Promise<void> {
  const effects = { ...context.effects, now: () => new Date(now) };
  await build({ ...context, effects }, { select: "+fct_idle_history,+fct_idle_findings" });
}

const close = (analytics: Analytics, id: string, to: string) =>
  analytics.context.warehouse.run(
    "update raw.disks set _valid_to = $to::timestamp where id = $id and _valid_to is null",
    { id, to },
  );

const episodes = ({ all }: Analytics): Promise<Row[]> =>
  all(`
    select resource_id, first_found_at, last_found_at, closed_at, outcome, saved_per_month
    from marts.fct_idle_episodes
    order by resource_id, first_found_at
  `);

const statuses = async ({ all }: Analytics): Promise<Row> =>
  Object.fromEntries(
    (await all("select resource_id, status from marts.fct_idle_findings order by all")).map((row) => [
      String(row.resource_id),
      row.status ?? null,
    ]),
  );

test("what is mended is resolved with what it had wasted, and what comes back is found anew", async () => {
  const analytics = await organization(["gone", "stays"]);
  await rebuild(analytics, "2026-09-20T06:00:00Z");
  await at(analytics, "2026-09-30T06:00:00Z");
  await close(analytics, "gone", "2026-10-02 00:10:00");
  await at(analytics, "2026-10-02T06:00:00Z");
  // 100 GiB × 0.0001 × 730
  const once = {
    resource_id: "gone",
    first_found_at: "2026-09-20 06:00:00",
    last_found_at: "2026-09-30 06:00:00",
    closed_at: "2026-10-02 06:00:00",
    outcome: "resolved",
    saved_per_month: "7.3000000000",
  };
  const standing = {
    resource_id: "stays",
    first_found_at: "2026-09-20 06:00:00",
    closed_at: null,
    outcome: "standing",
    saved_per_month: null,
  };
  expect(await episodes(analytics)).toEqual([once, { ...standing, last_found_at: "2026-10-02 06:00:00" }]);
  expect(
    await analytics.all(
      "select status, idle_days, monthly_waste, last_seen_at, resolved_at from marts.fct_idle_findings where resource_id = 'gone'",
    ),
  ).toEqual([
    {
      status: "resolved",
      idle_days: 30,
      monthly_waste: "7.3000000000",
      last_seen_at: "2026-09-30 06:00:00",
      resolved_at: "2026-10-02 06:00:00",
    },
  ]);
  // Building again, at the same time or later, changes nothing of the past.
  const before = await analytics.all("from meta.idle_episode order by all");
  await rebuild(analytics, "2026-10-02T06:00:00Z");
  expect(await analytics.all("from meta.idle_episode order by all")).toEqual(before);

  await analytics.insert("disks", [
    disk("gone", { updated_at: "2026-10-10 00:00:00", _valid_from: "2026-10-10 00:10:00" }),
  ]);
  await at(analytics, "2026-11-03T06:00:00Z");
  const again = {
    resource_id: "gone",
    first_found_at: "2026-11-03 06:00:00",
    last_found_at: "2026-11-03 06:00:00",
    closed_at: null,
    outcome: "standing",
    saved_per_month: null,
  };
  expect(await episodes(analytics)).toEqual([
    once,
    again,
    { ...standing, last_found_at: "2026-11-03 06:00:00" },
  ]);
  expect(await statuses(analytics)).toEqual({ gone: "open", stays: "open" });
  expect(await analytics.all("from marts.fct_idle_history order by month_start")).toMatchObject([
    {
      month_start: "2026-09-01",
      rule_id: "unattached_disk",
      currency: "USD",
      found_count: 2,
      found_monthly_waste: "14.6000000000",
      resolved_count: 0,
      saved_per_month: "0.0000000000",
      standing_count: 2,
      standing_monthly_waste: "14.6000000000",
      saved_per_month_to_date: "0.0000000000",
    },
    {
      month_start: "2026-10-01",
      found_count: 0,
      resolved_count: 1,
      saved_per_month: "7.3000000000",
      withdrawn_count: 0,
      standing_count: 1,
      standing_monthly_waste: "7.3000000000",
      saved_per_month_to_date: "7.3000000000",
    },
    {
      month_start: "2026-11-01",
      found_count: 1,
      resolved_count: 0,
      saved_per_month: "0.0000000000",
      standing_count: 2,
      saved_per_month_to_date: "7.3000000000",
    },
  ]);

  // As of a day between, it stands as it stood; and what was kept is left alone.
  const kept = await analytics.all("from meta.idle_episode order by all");
  const { analytics: file } = await buildAsOf(analytics.context, new Date("2026-10-01T06:00:00Z"));
  await analytics.context.warehouse.run(`attach '${file}' as earlier (read_only)`);
  expect(
    await analytics.all(
      "select resource_id, first_found_at, outcome from earlier.fct_idle_episodes order by resource_id",
    ),
  ).toEqual([
    { resource_id: "gone", first_found_at: "2026-09-20 06:00:00", outcome: "standing" },
    { resource_id: "stays", first_found_at: "2026-09-20 06:00:00", outcome: "standing" },
  ]);
  expect(await analytics.all("from meta.idle_episode order by all")).toEqual(kept);
  await rebuild(analytics, "2026-09-25T06:00:00Z");
  expect(await analytics.all("from meta.idle_episode order by all")).toEqual(kept);
});

test("neither a failed read, nor a rule that is off, nor a suppression resolves a finding", async () => {
  const analytics = await organization(["one"]);
  await rebuild(analytics, "2026-09-20T06:00:00Z");
  await close(analytics, "one", "2026-10-01 00:10:00");
  await at(analytics, "2026-10-02T06:00:00Z", "failed");
  const standing = { first_found_at: "2026-09-20 06:00:00", closed_at: null, outcome: "standing" };
  expect(await episodes(analytics)).toMatchObject([standing]);
  // A rule that can't tell is silent: it shows nothing that it did not see.
  expect(await statuses(analytics)).toEqual({});

  const { config } = analytics.context;
  const settings = config.idle;
  config.idle = [{ ruleId: "unattached_disk", enabled: false }];
  await at(analytics, "2026-10-03T06:00:00Z");
  expect(await episodes(analytics)).toMatchObject([standing]);

  // Numbers that make the rule see less are no saving either.
  config.idle = [{ ruleId: "unattached_disk", minDays: 60 }];
  await at(analytics, "2026-10-04T06:00:00Z");
  expect(await episodes(analytics)).toMatchObject([
    { ...standing, closed_at: "2026-10-04 06:00:00", outcome: "withdrawn", saved_per_month: null },
  ]);
  expect(await statuses(analytics)).toEqual({});
  config.idle = settings;

  const kept = await organization(["two"], {
    "suppressions.csv":
      "rule_id,resource_id,until,reason\n,two,2026-10-05,audit\n,two,2026-10-03,short\nunattached_disk,,2026-09-01,over\n",
  });
  await rebuild(kept, "2026-09-20T06:00:00Z");
  await at(kept, "2026-10-02T06:00:00Z");
  expect(
    await kept.all("select status, suppressed_until, suppression_reason from marts.fct_idle_findings"),
  ).toEqual([{ status: "suppressed", suppressed_until: "2026-10-05", suppression_reason: "audit" }]);
  expect(await episodes(kept)).toMatchObject([standing]);
});

test("what was found by a VM's own usage stands while that can't be read", async () => {
  const usage = (project_id: string, usage_date: string, more: RawRow = {}) => ({
    project_id,
    usage_date,
    resource_type: "a100-80gb.4x",
    billable_metric: "instance-hours",
    quantity: "24",
    ...more,
  });
  const readDays = (project_id: string, stream: string, window_to: string, status = "complete") => ({
    project_id,
    stream,
    window_from: window_to === "2026-09-20" ? "2026-09-01" : window_to.replace(/..$/, "20"),
    window_to,
    attempted_at: `${window_to} 00:10:00`,
    status,
  });
  const vm = (project_id: string, id: string) => ({
    project_id,
    id,
    type: "a100-80gb.4x",
    state: "RUNNING",
    location: "us-east1-a",
    created_at: "2026-01-01 00:00:00",
    updated_at: "2026-01-01 00:00:00",
    _valid_from: "2026-01-02 00:10:00",
  });
  const analytics = await openOrganization({
    rows: {
      organizations: [{ id: "org", name: "org" }],
      projects: [{ id: "alpha" }, { id: "beta" }],
      vms: [vm("alpha", "busy"), vm("alpha", "idle"), vm("beta", "judged by its type")],
      usage: [usage("alpha", "2026-09-19")],
      resource_usage: [usage("alpha", "2026-09-19", { resource_id: "busy" })],
      read_windows: [
        ...["alpha", "beta"].map((project_id) => readDays(project_id, "usage", "2026-09-20")),
        readDays("alpha", "resource_usage", "2026-09-20"),
      ],
    },
  });
  await at(analytics, "2026-09-20T06:00:00Z");
  const open = { closed_at: null, outcome: "standing" };
  expect(await episodes(analytics)).toMatchObject([
    { resource_id: "idle", ...open },
    { resource_id: "judged by its type", ...open },
  ]);

  // Each may have been used since; of the one no more than its type is told.
  await analytics.insert("usage", [usage("alpha", "2026-09-22"), usage("beta", "2026-09-22")]);
  await analytics.insert("read_windows", [
    ...["alpha", "beta"].map((project_id) => readDays(project_id, "usage", "2026-09-23")),
    readDays("alpha", "resource_usage", "2026-09-23", "failed"),
    { stream: "vms", project_id: "beta", attempted_at: "2026-09-23 00:10:00" },
  ]);
  await at(analytics, "2026-09-23T06:00:00Z");
  const resolved = { closed_at: "2026-09-23 06:00:00", outcome: "resolved" };
  expect(await episodes(analytics)).toMatchObject([
    { resource_id: "idle", ...open },
    { resource_id: "judged by its type", ...resolved },
  ]);
});
