import { expect, test, vi } from "vitest";
import { buildOrganization, type TestOrganization } from "./organization.ts";

/** As far as these tests look. */
const buildProjects = (organization: TestOrganization) =>
  buildOrganization(organization, { select: "+dim_project,+fct_usage_coverage,+fct_gpu_hours_daily" });

// Each build of a new warehouse takes about a second on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const listRead = (attempted_at: string, status = "complete") => ({
  stream: "projects",
  attempted_at: `2026-${attempted_at} 03:00:00`,
  status,
});
const read = (project_id: string, stream: string, day: string, message?: string) => ({
  project_id,
  stream,
  attempted_at: `2026-${day} 03:00:00`,
  status: message === undefined ? "complete" : "failed",
  message,
});
const version = (id: string, name: string | null, from: string, to?: string) => ({
  id,
  name,
  _valid_from: `2026-${from} 03:00:00`,
  ...(to && { _valid_to: `2026-${to} 03:00:00` }),
});
const forbidden = (id: string) =>
  `GET /v1alpha5/projects/${id}/compute/vms/instances answered 403 (forbidden).`;

test("a project that came, went, came back, was renamed or refuses its lists says so, under the name last known", async () => {
  const analytics = await buildProjects({
    now: "2026-11-03T06:00:00Z",
    rows: {
      projects: [
        version("steady", "Steady", "09-01"),
        version("renamed", "One", "09-01", "09-10"),
        version("renamed", "Two", "09-10", "10-05"),
        version("renamed", "Three", "10-05"),
        version("gone", "Gone", "09-01", "10-20"),
        version("back", "Back", "09-01", "09-20"),
        version("back", "Back again", "10-01"),
        version("refused", "Refused", "09-01"),
        version("hidden", "Hidden", "09-01"),
        version("flaky", "Flaky", "09-01"),
      ],
      read_windows: [
        listRead("10-19"),
        listRead("10-20"),
        listRead("11-02"),
        listRead("11-03", "failed"),
        ...["steady", "refused", "hidden", "flaky"].flatMap((id) => [
          read(id, "vms", "10-10"),
          read(id, "disks", "10-10"),
        ]),
        // Every list is refused.
        read("refused", "vms", "10-11", forbidden("refused")),
        read("refused", "vms", "11-02", forbidden("refused")),
        read("refused", "disks", "10-12", forbidden("refused")),
        read("refused", "disks", "11-02", forbidden("refused")),
        // One of two.
        read("hidden", "vms", "11-02", forbidden("hidden")),
        read("hidden", "disks", "11-02"),
        // In vain, but not refused.
        read("flaky", "vms", "11-02", "GET /v1alpha5/projects/x-403/compute/vms/instances answered 502."),
        read("flaky", "disks", "11-02", "GET /v1alpha5/projects/x-403/storage/disks answered 502."),
      ],
      usage: [
        {
          project_id: "ghost",
          usage_date: "2026-10-01",
          resource_type: "persistent-ssd",
          billable_metric: "gib-hours",
          quantity: 1,
          _known_from: "2026-10-02 03:00:00",
        },
      ],
    },
  });
  const rows = await analytics.all(`
    select project_id, project_name, is_current, status, strftime(last_seen_at, '%m-%d') as seen,
      array_to_string(previous_names, '|') as before, message
    from marts.dim_project order by project_id
  `);
  expect(rows.map((row) => Object.values(row))).toEqual([
    [
      "back",
      "Back again",
      true,
      "current",
      "11-02",
      "Back",
      "Listed again since 2026-10-01, after not having been since 2026-09-20. Called Back until 2026-09-20.",
    ],
    ["flaky", "Flaky", true, "current", "11-02", "", null],
    [
      "ghost",
      "ghost",
      false,
      "unlisted",
      "10-02",
      "",
      "Never listed by the API; it shows in usage or inventory only.",
    ],
    [
      "gone",
      "Gone",
      false,
      "gone",
      "10-19",
      "",
      "Not listed since 2026-10-20: deleted, or out of the key's sight.",
    ],
    ["hidden", "Hidden", true, "current", "11-02", "", null],
    [
      "refused",
      "Refused",
      true,
      "no_access",
      "11-02",
      "",
      `Its lists are refused since 2026-10-11: ${forbidden("refused")}`,
    ],
    ["renamed", "Three", true, "current", "11-02", "Two|One", "Called Two until 2026-10-05."],
    ["steady", "Steady", true, "current", "11-02", "", null],
  ]);
});

test("what a project that is gone used is still under its name, and its unread days say that it is gone", async () => {
  const usage = {
    project_id: "gone",
    usage_date: "2026-10-01",
    resource_type: "h100-80gb-sxm-ib.8x",
    billable_metric: "gpu-hours",
    quantity: 8,
  };
  const analytics = await buildProjects({
    now: "2026-10-22T06:00:00Z",
    rows: {
      projects: [version("gone", "Gone", "09-01", "10-20")],
      usage: [usage],
      usage_options: [{ start_date: "2026-10-20", end_date: "2026-10-21", projects: ["gone"] }],
    },
  });
  expect(
    await analytics.all("select project_name, gpu_hours::integer as hours from marts.fct_gpu_hours_daily"),
  ).toEqual([{ project_name: "Gone", hours: 8 }]);
  expect(
    await analytics.all(
      "select distinct project_name, status, message from marts.fct_usage_coverage where stream = 'usage'",
    ),
  ).toEqual([
    {
      project_name: "Gone",
      status: "not_yet",
      message: "Not listed since 2026-10-20: deleted, or out of the key's sight.",
    },
  ]);
});

test("a project that appears is current from its first list on, and its days are not read yet", async () => {
  const analytics = await buildProjects({
    now: "2026-11-03T06:00:00Z",
    rows: {
      projects: [version("new", "New", "11-03")],
      usage_options: [{ start_date: "2026-11-01", end_date: "2026-11-03", projects: [] }],
    },
  });
  expect(await analytics.all("select status, first_seen_at, message from marts.dim_project")).toEqual([
    { status: "current", first_seen_at: "2026-11-03 03:00:00", message: null },
  ]);
  expect(
    await analytics.all(
      "select strftime(usage_date, '%d') as day, status from marts.fct_usage_coverage where stream = 'usage' order by 1",
    ),
  ).toEqual([
    { day: "01", status: "not_yet" },
    { day: "02", status: "not_yet" },
  ]);
});
