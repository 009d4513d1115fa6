import { accountRows, placementCells } from "./account-rows.ts";
import { dayText, decimalText, hourText } from "./exact-text.ts";
import type { TestOrganization } from "./organization.ts";
import type { Finance } from "./random-finance.ts";
import { monitoredFrom } from "./random-monitoring.ts";
import {
  type Disk,
  type RandomOrganization,
  type Resource,
  resourceTypeRows,
  today,
} from "./random-organization.ts";
import type { RawRow } from "./raw-tables.ts";

const csv = (rows: (string | number | null)[][]) =>
  rows
    .map((row) =>
      row.map((cell) => (cell === null ? "" : `"${String(cell).replaceAll('"', '""')}"`)).join(","),
    )
    .join("\n");
const from = (day: number) => (day === 0 ? null : dayText(day));
const to = (day: number) => (day === 400 ? null : dayText(day));

/** The organisation as the raw tables and the workspace's files hold it. */
export function organizationRows(organization: RandomOrganization): TestOrganization {
  const {
    projects,
    usage,
    windows,
    resourceWindows,
    listReads,
    prices,
    centres,
    reservations,
    vms,
    disks,
    snapshots,
    finance,
    suppressions,
  } = organization;
  return {
    now: "2026-11-03T06:00:00Z",
    rows: {
      projects: projects.map(({ id, name }) => ({ id, name })),
      usage_options: [
        {
          start_date: dayText(0),
          end_date: dayText(44),
          projects: projects.map(({ id }) => id),
          regions: [],
          resource_types: [],
        },
      ],
      vm_types: resourceTypeRows,
      usage: usage.map((row) => ({
        project_id: row.project,
        usage_date: dayText(row.day),
        region: row.region,
        resource_type: row.type,
        billable_metric: row.spelling,
        reservation_id: row.reservation,
        quantity: decimalText(row.quantity, 12),
        _known_from: "2026-11-01 00:10:00",
        _known_to: row.isKnown ? null : "2026-11-02 00:10:00",
      })),
      resource_usage: [...vms, ...snapshots.filter(({ of }) => of?.startsWith("lost"))].flatMap((resource) =>
        resource.meteredOn === null
          ? []
          : [
              {
                project_id: resource.project,
                usage_date: dayText(resource.meteredOn),
                resource_type: resource.type,
                billable_metric: "gpu-hours",
                quantity: "1",
                resource_id: resource.of ?? resource.id,
              },
            ],
      ),
      read_windows: [
        ...Object.entries({ usage: windows, resource_usage: resourceWindows }).flatMap(([stream, ofStream]) =>
          ofStream.map((window) => ({
            stream,
            project_id: window.project,
            window_from: dayText(window.from),
            window_to: dayText(window.to),
            attempted_at: hourText(window.attemptedAt),
            status: window.status,
          })),
        ),
        ...listReads.map(({ stream, project, at, status }) => ({
          stream,
          project_id: project,
          ...(project === null ? { organization_id: null } : {}),
          ...(stream === "metrics_timeseries"
            ? { window_from: dayText(monitoredFrom), window_to: dayText(today) }
            : {}),
          attempted_at: hourText(at),
          status,
        })),
      ],
      reservations: reservations.flatMap(({ id, type, sizes, starts, ends }) =>
        sizes.map(({ from: since, quantity }, at) => ({
          id,
          product_line: type,
          quantity,
          locations: ["us-east1-b"],
          contract_start_date: dayText(starts),
          contract_end_date: ends === null ? null : dayText(ends),
          _valid_from: hourText(since * 24 + 6),
          _valid_to: at + 1 < sizes.length ? hourText((sizes[at + 1]?.from ?? 0) * 24 + 6) : null,
        })),
      ),
      vms: vms.flatMap((vm) =>
        versions(
          vm,
          {
            ...inventory(vm),
            type: vm.type,
            reservation_id: vm.reservation,
            ...placementCells(vm),
            disks: disks
              .filter((disk) => holdersOf(disk).includes(vm.id) && isSaidByVm(disk))
              .map(({ id, isOs }) => ({ id, attachment_type: isOs ? "os" : "data" })),
          },
          { state: vm.state === "running" ? "STATE_SHUTOFF" : "STATE_RUNNING" },
          { state: vm.state === "running" ? "RUNNING" : "STOPPED" },
        ),
      ),
      disks: disks.flatMap((disk) => {
        const holders = disk.of === null ? ["vm-of-old"] : holdersOf(disk);
        const attachment_type = disk.isOs ? "os" : "data";
        const held = { attached_to: holders.map((vm_id) => ({ vm_id, attachment_type })) };
        const free = { attached_to: [] };
        const isHeld = disk.of !== null && !isSaidByVm(disk);
        return versions(
          disk,
          { ...inventory(disk), type: "persistent-ssd", size: disk.sizeText },
          { ...(disk.of === null ? held : free), ...(disk.hasGrown ? { size: "90GiB" } : {}) },
          isHeld ? held : free,
        );
      }),
      snapshots: snapshots.map((snapshot) => ({
        ...inventory(snapshot),
        size: snapshot.sizeText,
        created_from: snapshot.of,
        location: undefined,
        _valid_from: hourText(snapshot.firstSeenAt),
      })),
      ...accountRows(organization),
    },
    files: {
      "prices.csv": csv([
        "resource_type,billable_metric,project_id,region,reservation_id,pricing_category,unit_price,currency,effective_from,effective_to".split(
          ",",
        ),
        ...prices.map((price) => [
          price.type,
          price.spelling,
          price.project,
          price.region,
          price.reservation,
          price.category,
          decimalText(price.price, 8),
          price.currency,
          from(price.from),
          to(price.to),
        ]),
      ]),
      "cost-centres.csv": csv([
        "project_id,cost_centre,owner,effective_from,effective_to".split(","),
        ...centres.map((row) => [row.project, row.centre, null, from(row.from), to(row.to)]),
      ]),
      ...financeFiles(finance),
      "suppressions.csv": csv([
        ["rule_id", "resource_id", "until", "reason"],
        ...suppressions.map(({ rule, resource, until }) => [
          rule,
          resource,
          until === null ? null : dayText(until),
          "meant to be so",
        ]),
      ]),
      "tally.toml": [
        ...Object.entries(organization.idleSettings).map(([rule, setting]) =>
          [`[idle.${rule}]`, ...Object.entries(setting).map(([name, value]) => `${name} = ${value}`)].join(
            "\n",
          ),
        ),
        ...finance.sharedCosts.map(({ name, projects: shared, hasUnusedReservations, key }) =>
          [
            "[[shared_cost]]",
            `name = ${JSON.stringify(name)}`,
            `projects = ${JSON.stringify(shared)}`,
            `unused_reservations = ${hasUnusedReservations}`,
            `key = "${key}"`,
          ].join("\n"),
        ),
      ].join("\n"),
    },
  };
}

const financeFiles = ({ rates, shares, budgets }: Finance): Record<string, string> => ({
  "exchange-rates.csv": csv([
    ["currency", "rate", "effective_from", "effective_to"],
    ...rates.map((line) => [line.currency, decimalText(line.rate, 10), from(line.from), to(line.to)]),
  ]),
  "shared-costs.csv": csv([
    ["shared_cost", "project_id", "share", "effective_from", "effective_to"],
    ...shares.map((line) => [
      line.shared,
      line.project,
      decimalText(line.share, 8),
      from(line.from),
      to(line.to),
    ]),
  ]),
  "budgets.csv": csv([
    ["cost_centre", "month", "amount", "currency"],
    ...budgets.map((line) => [line.centre, line.month, decimalText(line.amount, 10), line.currency]),
  ]),
});

/** The VMs that hold a disk now. */
export const holdersOf = ({ of, alsoOf }: Disk) => [of, alsoOf].filter((vm) => vm !== null);

/** Whether the VM's entry says that it holds the disk, and not the disk's own. */
const isSaidByVm = (disk: Disk) => disk.id.endsWith("1");

function inventory({ project, id, createdAt, updatedAt }: Resource): RawRow {
  return {
    project_id: project,
    id,
    name: `=1+1 ${id}`,
    location: "us-east1-b",
    created_at: hourText(createdAt),
    updated_at: hourText(updatedAt),
  };
}

/** What was seen of it: as it is now, and otherwise before where it changed. */
function versions(resource: Resource, row: RawRow, before: RawRow, after: RawRow): RawRow[] {
  const { firstSeenAt, changedAt, goneAt, createdAt } = resource;
  const end = goneAt === null ? null : hourText(goneAt);
  if (changedAt === null) {
    return [{ ...row, ...after, _valid_from: hourText(firstSeenAt), _valid_to: end }];
  }
  return [
    {
      ...row,
      ...before,
      updated_at: hourText(createdAt),
      _valid_from: hourText(firstSeenAt),
      _valid_to: hourText(changedAt),
    },
    { ...row, ...after, _valid_from: hourText(changedAt), _valid_to: end },
  ];
}
