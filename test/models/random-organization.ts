import type { GeneratorValue } from "fast-check";
import { type Account, nowhere, type Placement, randomAccount } from "./random-account.ts";
import { type Finance, randomFinance } from "./random-finance.ts";
import { randomMonitoring, type UtilisationSeries } from "./random-monitoring.ts";
import { randomSuppressions, type SuppressionLine } from "./random-suppressions.ts";
import { randomTools } from "./random-tools.ts";
import type { RawRow } from "./raw-tables.ts";

/*
 * A random organisation as plain data: what the API said, when it was read, and the files of the workspace.
 * Days are counted from 20 September 2026, so that 44 is today, 3 November; amounts are whole 10^-12.
 */

export const today = 44;

/** How many GPUs a type has, as it came to be known; null where nothing says. */
interface ResourceType {
  name: string;
  gpus: number | null;
  gpuType?: string;
  rows: RawRow[];
}

/** Every way in which a type's GPUs are known, or not. */
export const resourceTypes: ResourceType[] = [
  {
    name: "h100-80gb-sxm-ib.8x",
    gpus: 8,
    gpuType: "H100",
    rows: [{ product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 }],
  },
  {
    name: "h100-80gb-sxm-ib.4x",
    gpus: 4,
    gpuType: "H100",
    rows: [{ product_name: "h100-80gb-sxm-ib.4x", gpu_type: "H100", num_gpu: 4 }],
  },
  // The list changed its mind: what it says now counts.
  {
    name: "a100-80gb.4x",
    gpus: 4,
    gpuType: "A100",
    rows: [
      { product_name: "a100-80gb.4x", gpu_type: "A100", num_gpu: 2, _valid_to: "2026-06-01 00:00:00" },
      {
        product_name: "a100-80gb.4x",
        gpu_type: "A100",
        num_gpu: 4,
        _valid_from: "2026-06-01 00:00:00",
      },
    ],
  },
  // Only half of it would do; less would not.
  ...[1, 2].map((gpus) => ({
    name: `a100-80gb.${gpus}x`,
    gpus,
    gpuType: "A100",
    rows: [{ product_name: `a100-80gb.${gpus}x`, gpu_type: "A100", num_gpu: gpus }],
  })),
  // No longer listed: what was said last counts.
  {
    name: "b200-special",
    gpus: 6,
    gpuType: "B200",
    rows: [{ product_name: "b200-special", gpu_type: "B200", num_gpu: 6, _valid_to: "2026-10-01 00:00:00" }],
  },
  // Never listed: its name says it.
  { name: "a40.3x", gpus: 3, gpuType: "A40", rows: [] },
  // A GPU by its name, of a size that nothing says.
  { name: "h200-custom", gpus: null, gpuType: "H200", rows: [] },
  { name: "c1a.8x", gpus: 0, rows: [{ product_name: "c1a.8x", gpu_type: null, num_gpu: 0 }] },
  { name: "quantum-thing.4x", gpus: 0, rows: [] },
];

export const resourceTypeRows: RawRow[] = resourceTypes.flatMap(({ rows }) => rows);

export const typeNamed = (type: string) => resourceTypes.find(({ name }) => name === type.toLowerCase());

/** Spellings of a metric, with the one that tally has for it and what it measures. */
const metrics = {
  gpu: { name: "gpu-hours", spellings: ["gpu-hours", "GPU_HOURS", "gpu hours", "Gpu.Hours", "gpuHours"] },
  instance: {
    name: "instance-hours",
    spellings: ["instance-hours", "Instance Hours", "INSTANCE_HOURS", "vm hours", "instance.hours"],
  },
  storage: { name: "gib-hours", spellings: ["gib-hours", "GiB Hours", "GIB_HOURS"] },
  other: { name: "token-count", spellings: ["Token_Count", "token count", "tokenCount"] },
} as const;
export type Metric = keyof typeof metrics;
export const metricName = (metric: Metric) => metrics[metric].name;

const hostile = [
  "=cmd|' /C calc'!A0",
  "<script>alert(1)</script>",
  "Robert'); drop table raw.usage; --",
  'with "quotes", and a comma',
  "two\nlines",
  "\u202egnp.exe 🚀",
  "100 % %s {{x}}",
];

export interface UsageRow {
  project: string;
  day: number;
  region: string | null;
  type: string;
  metric: Metric;
  spelling: string;
  reservation: string | null;
  quantity: bigint;
  /** Whether it still is what is known. */
  isKnown: boolean;
}

export type Category = "committed" | "spot" | "on_demand";

export interface PriceLine {
  type: string | null;
  metric: Metric | null;
  spelling: string | null;
  project: string | null;
  region: string | null;
  reservation: string | null;
  category: Category | null;
  /** In 10^-8. */
  price: bigint;
  currency: string;
  from: number;
  to: number;
  line: number;
}

export interface CentreLine {
  project: string | null;
  centre: string;
  from: number;
  to: number;
}

export interface ReadWindow {
  project: string;
  from: number;
  to: number;
  /** In hours since the first day. */
  attemptedAt: number;
  status: "complete" | "partial" | "failed";
}

export interface Reservation {
  id: string;
  type: string;
  /** As many of the type at the end of each day from the given ones on. */
  sizes: { from: number; quantity: number }[];
  starts: number;
  ends: number | null;
}

/** A VM, disk or snapshot; times are hours since the first day. */
export interface Resource {
  project: string;
  id: string;
  type: string;
  createdAt: number;
  updatedAt: number;
  firstSeenAt: number;
  /** When it was first seen as it is now, where it was otherwise before. */
  changedAt: number | null;
  state: "running" | "stopped";
  reservation: string | null;
  /** The VM that holds a disk, or the disk that a snapshot is of. */
  of: string | null;
  sizeText: string;
  /** In 10^-9 GiB. */
  size: bigint;
  /** When it was first seen gone. */
  goneAt: number | null;
  /** The last day on which it was metered by itself. */
  meteredOn: number | null;
}

export type Vm = Resource & Placement;

export interface Disk extends Resource {
  /** Another VM that holds it too. */
  alsoOf: string | null;
  /** Whether its VM starts from it. */
  isOs: boolean;
  /** Whether it was smaller before it changed. */
  hasGrown: boolean;
}

/** A good or failed read of a list, or one that was refused. */
export interface ListRead {
  stream: string;
  /** Null for a list of the account's. */
  project: string | null;
  at: number;
  status: "complete" | "failed" | "not_offered";
}

/** A start of a VM as its operation says. */
export interface Start {
  vm: string;
  project: string;
  at: number;
  hasSucceeded: boolean;
}

/** What tally.toml says of an idle rule. */
export type RuleSetting = Partial<Record<"min_days" | "threshold" | "window_days", number>>;

export interface RandomOrganization {
  projects: { id: string; name: string | null }[];
  meteredBy: "gpu" | "instance";
  usage: UsageRow[];
  windows: ReadWindow[];
  /** The same of usage by resource. */
  resourceWindows: ReadWindow[];
  listReads: ListRead[];
  prices: PriceLine[];
  centres: CentreLine[];
  reservations: Reservation[];
  vms: Vm[];
  disks: Disk[];
  snapshots: Resource[];
  account: Account;
  monitoring: UtilisationSeries[];
  starts: Start[];
  idleSettings: Record<string, RuleSetting>;
  finance: Finance;
  suppressions: SuppressionLine[];
}

const sizes: [string, bigint][] = [
  ["100GiB", 100_000_000_000n],
  ["1TiB", 1_024_000_000_000n],
  // 500 × 10^9 / 2^30 = 465.6612873077…
  ["500 GB", 465_661_287_308n],
  ["3GiB", 3_000_000_000n],
];

/** Lists of projects that are read once, and may be refused. */
const otherLists = [
  "snapshots",
  "instance_groups",
  "instance_templates",
  "custom_images",
  "networks",
  "subnets",
  "load_balancers",
  "internal_load_balancers",
  "metrics_timeseries",
] as const;

/** Rules whose numbers tally.toml may change, with what to. */
const changedSettings: Record<string, RuleSetting[]> = {
  unattached_disk: [{ min_days: 0 }, { min_days: 12.5 }],
  stopped_vm_with_disks: [{ min_days: 1 }, { min_days: 20 }],
  disk_on_stopped_vms: [{ min_days: 1 }, { min_days: 20 }],
  static_address_on_stopped_vm: [{ min_days: 0.5 }],
  old_snapshot: [{ min_days: 20 }, { min_days: 10, threshold: 2 }],
  unused_image: [{ min_days: 5 }],
  unused_instance_template: [{ min_days: 5 }],
  oversized_os_disk: [{ threshold: 400.5 }, { min_days: 0, threshold: 99 }],
  long_lived_vm: [
    { min_days: 10, threshold: 1.5 },
    { min_days: 30, threshold: 2, window_days: 60 },
  ],
  project_without_usage: [{ min_days: 10 }],
  spot_candidate: [{ threshold: 1 }, { threshold: 2, window_days: 12 }],
  load_balancer_dead_backends: [{ min_days: 10 }],
  load_balancer_without_backends: [{ min_days: 10 }],
  empty_instance_group: [{ min_days: 1 }, { min_days: 15 }],
  instance_group_above_desired: [{ min_days: 10 }],
  unused_network: [{ min_days: 20 }],
  unused_subnet: [{ min_days: 20 }],
  old_token: [{ min_days: 100, window_days: 20 }],
  old_ssh_key: [{ min_days: 100 }],
  underused_reservation: [{ threshold: 0.5, window_days: 7 }],
  on_demand_beside_unused_reservation: [{ threshold: 0.25, window_days: 20 }, { min_days: 1 }],
  gpu_vm_low_utilization: [{ threshold: 0.03 }, { min_days: 1, threshold: 0.5 }],
  weekend_only_waste: [{ threshold: 0.03 }, { min_days: 0.5 }],
  smaller_type_candidate: [{ threshold: 0.85 }, { min_days: 1 }],
};

export function randomOrganization(
  g: GeneratorValue,
  { projectCount, rowsPerProject }: { projectCount: number; rowsPerProject: number },
): RandomOrganization {
  const tools = randomTools(g);
  const { int, oneOf, chance, bits } = tools;

  const projects = Array.from({ length: projectCount }, (_, at) => ({
    id: at % 5 === 1 ? `p'${at} "x", y` : `project-${at}`,
    name: chance(10) ? null : `${oneOf(hostile)} ${at}`,
  }));
  const meteredBy = chance(50) ? "gpu" : "instance";
  const regions = ["us-east1", "US-East1", "eu-north1", "us-east1-a", null];
  const typeNames = resourceTypes.map(({ name }) => name);

  const reservations = ["h100-80gb-sxm-ib.8x", "a100-80gb.4x", "h100-80gb-sxm-ib.4x"].flatMap(
    (type, nth): Reservation[] => {
      if (chance(nth === 2 ? 60 : 20)) return [];
      const starts = int(0, 30);
      const grown = int(starts + 1, 40);
      return [
        {
          id: `res-${type.slice(0, 4)}${nth === 2 ? "-small" : ""}`,
          type,
          sizes: [
            { from: 0, quantity: int(1, 4) },
            ...(chance(75) ? [{ from: grown, quantity: int(5, 8) }] : []),
          ],
          starts,
          ends: chance(30) ? null : chance(30) ? int(starts, 43) : int(44, 400),
        },
      ];
    },
  );

  const usage: UsageRow[] = [];
  // Some projects are not used, or no longer.
  const quiet = new Set(projects.slice(1).flatMap(({ id }) => (chance(25) ? [id] : [])));
  const busy = projects.filter(({ id }) => !quiet.has(id));
  for (const { id: project } of projects) {
    const lastDay = quiet.has(project) ? int(5, 25) : today - 1;
    const isNeverUsed = quiet.has(project) && chance(30);
    for (let count = 0; count < rowsPerProject; count++) {
      const drawn = !isNeverUsed && chance(25) && reservations.length > 0 ? oneOf(reservations) : null;
      const isCompute = !isNeverUsed && (drawn !== null || chance(75));
      const type = drawn?.type ?? (isCompute ? oneOf(typeNames) : "persistent-ssd");
      const metric: Metric = isCompute ? meteredBy : chance(70) ? "storage" : "other";
      const row: UsageRow = {
        project,
        day: int(0, isCompute ? lastDay : today - 1),
        // A reservation is drawn from in one region, so that one price is its own.
        region: drawn ? "us-east1" : oneOf(regions),
        type: chance(15) ? type.toUpperCase() : type,
        metric,
        spelling: oneOf(metrics[metric].spellings),
        reservation: drawn?.id ?? null,
        quantity: chance(5) ? 0n : bits(48),
        isKnown: true,
      };
      usage.push(row);
      // Restated, read once more in parts, or gone by a later reading.
      if (chance(15)) usage.push({ ...row, quantity: bits(48), isKnown: false });
      if (chance(5)) usage.push({ ...row, quantity: bits(40), spelling: oneOf(metrics[metric].spellings) });
      if (chance(5)) row.isKnown = false;
    }
  }
  for (const { id, type, starts, ends } of reservations) {
    const level = bits(46);
    const idleFrom = int(10, 60);
    for (let day = starts; day <= Math.min(ends ?? 43, 43); day++) {
      const quantity = day < idleFrom ? 2n ** 48n : level;
      const [spelling] = metrics[meteredBy].spellings;
      const { id: project } = oneOf(busy);
      const drawn: UsageRow = {
        project,
        day,
        region: "us-east1",
        type,
        metric: meteredBy,
        spelling,
        reservation: id,
        quantity,
        isKnown: true,
      };
      usage.push(drawn);
      // Some of the same is paid for on demand, while the reservation may have room.
      if (chance(15)) usage.push({ ...drawn, region: oneOf(regions), reservation: null, quantity: bits(50) });
    }
  }

  const readings = ({ id: project }: { id: string }): ReadWindow[] => {
    const at = 44 * 24;
    const whole: ReadWindow = { project, from: 0, to: today, attemptedAt: at, status: "complete" };
    if (chance(projectCount > 10 ? 98 : 60)) {
      // One that failed later takes nothing back.
      return chance(50) ? [whole] : [whole, { ...whole, attemptedAt: at + 2, status: "failed" }];
    }
    const gap = int(0, 40);
    const length = int(1, 3);
    return [
      ...(gap > 0 ? [{ ...whole, to: gap - 1 }] : []),
      { ...whole, from: gap + length },
      oneOf<ReadWindow[]>([
        [],
        [{ project, from: gap, to: gap + length - 1, attemptedAt: at, status: "failed" }],
        [{ project, from: gap, to: gap + length - 1, attemptedAt: at, status: "partial" }],
        // Read while the day was on.
        [{ project, from: gap, to: gap, attemptedAt: gap * 24 + 12, status: "complete" }],
      ]).flat(),
    ].flat();
  };
  const windows = projects.flatMap(readings);
  const resourceWindows = projects.flatMap((project) => (chance(70) ? readings(project) : []));

  const lastStatus = (): ListRead["status"] => (chance(projectCount > 10 ? 100 : 95) ? "complete" : "failed");
  const listReads: ListRead[] = projects.flatMap(({ id: project }) => [
    ...(["vms", "disks"] as const).flatMap((stream): ListRead[] => [
      ...[10, 20, 30].map(
        (day): ListRead => ({
          stream,
          project,
          at: day * 24 + int(0, 3),
          status: chance(80) ? "complete" : "failed",
        }),
      ),
      { stream, project, at: 44 * 24 + 1, status: lastStatus() },
    ]),
    ...otherLists.map(
      (stream): ListRead => ({
        stream,
        project,
        at: 44 * 24 + 1,
        status: chance(3) ? "not_offered" : lastStatus(),
      }),
    ),
  ]);
  for (const stream of ["tokens", "ssh_keys"]) {
    listReads.push({ stream, project: null, at: 44 * 24 + 1, status: lastStatus() });
  }

  const prices: PriceLine[] = [];
  type NewPrice = Omit<PriceLine, "line" | "spelling">;
  const addPrice = (line: NewPrice) => {
    const names = (price: NewPrice) =>
      JSON.stringify([
        price.type,
        price.metric,
        price.project,
        price.region,
        price.reservation,
        price.category,
      ]).toLowerCase();
    const clashes = prices.some(
      (other) => names(other) === names(line) && other.from <= line.to && line.from <= other.to,
    );
    const spelling = line.metric === null ? null : oneOf(metrics[line.metric].spellings);
    if (!clashes) prices.push({ ...line, spelling, line: prices.length + 2 });
  };
  // A snapshot is priced by the one type of prices.csv that is called so.
  addPrice({
    type: "snapshot",
    metric: "storage",
    project: null,
    region: null,
    reservation: null,
    category: null,
    price: bits(20),
    currency: "USD",
    from: 0,
    to: 400,
  });
  for (let count = int(10, 50); count > 0; count--) {
    const isStorage = chance(20);
    const from = int(0, 40);
    const reservation = chance(25) && reservations.length > 0 ? oneOf(reservations) : null;
    addPrice({
      type: chance(25) ? null : isStorage ? "Persistent-SSD" : (reservation?.type ?? oneOf(typeNames)),
      metric: chance(25) ? null : isStorage ? "storage" : meteredBy,
      project: chance(80) ? null : oneOf(projects).id,
      region: chance(60) ? null : oneOf(["us-east1", "US-EAST1", "eu-north1", "us-east1-a"]),
      reservation: reservation?.id ?? null,
      category:
        reservation !== null || chance(60)
          ? null
          : oneOf(["committed", "spot", "spot", "on_demand"] as const),
      price: bits(chance(50) ? 30 : 24),
      currency: chance(90) ? "USD" : "EUR",
      from,
      to: chance(60) ? 400 : int(from, 60),
    });
  }

  const centres: CentreLine[] = [];
  for (const project of [null, ...projects.slice(0, 6).map(({ id }) => id)]) {
    let from = int(0, 30);
    while (from < 44 && chance(70)) {
      const to = chance(30) ? 400 : from + int(0, 15);
      centres.push({ project, centre: `${oneOf(hostile)} ${centres.length}`, from, to });
      from = to + int(1, 5);
    }
  }

  const resource = (project: string, id: string): Resource => {
    // What was there before the first reading may be old.
    const isOld = chance(25);
    const createdAt = (isOld ? -int(1, 300) : int(0, 30)) * 24 + int(0, 23);
    const firstSeenAt = isOld ? int(24, 48) : createdAt + int(1, 100);
    const changedAt = chance(50) ? firstSeenAt + int(1, 240) : null;
    const seenAt = Math.min(changedAt ?? firstSeenAt, 44 * 24);
    const [sizeText, size] = oneOf(sizes);
    return {
      project,
      id,
      type: oneOf(typeNames),
      createdAt,
      updatedAt: seenAt - int(0, 60),
      firstSeenAt: Math.min(firstSeenAt, 44 * 24 - 1),
      changedAt: changedAt === null ? null : seenAt,
      state: chance(50) ? "running" : "stopped",
      reservation: null,
      of: null,
      sizeText,
      size,
      goneAt: null,
      meteredOn: chance(40) ? int(0, 43) : null,
    };
  };
  const vms: Vm[] = [];
  const disks: Disk[] = [];
  const snapshots: Resource[] = [];
  const placed = (vm: Resource): Vm => {
    const nth = vms.length;
    return { ...vm, ...nowhere(`10.0.${Math.floor(nth / 250)}.${(nth % 250) + 1}`) };
  };
  const inhabited = projects.slice(0, 40);
  for (const [at, { id: project }] of inhabited.entries()) {
    for (let count = int(0, 3); count > 0; count--) {
      const vm = resource(project, `vm-${at}-${count}`);
      if (chance(20) && reservations.length > 0) vm.reservation = oneOf(reservations).id;
      vms.push(placed(vm));
    }
    // Of two VMs of one type that are up, one is metered to the end.
    if (chance(60) && !quiet.has(project)) {
      const type = oneOf(["h100-80gb-sxm-ib.8x", "c1a.8x"]);
      const twin = (id: string): Resource => ({ ...resource(project, id), type, state: "running" });
      vms.push(placed({ ...twin(`busy-${at}`), meteredOn: today - 1 }));
      vms.push(placed(twin(`idle-${at}`)));
      usage.push({
        project,
        day: today - 1,
        region: "us-east1",
        type,
        metric: meteredBy,
        spelling: metrics[meteredBy].spellings[0],
        reservation: null,
        quantity: bits(48),
        isKnown: true,
      });
    }
    const held = vms.filter((vm) => vm.project === project);
    // Some came and went.
    for (let count = chance(40) ? int(3, 5) : int(0, 1); count > 0; count--) {
      const vm = { ...resource(project, `gone-${at}-${count}`), changedAt: null, meteredOn: null };
      const goneAt = Math.min(vm.firstSeenAt + int(1, 200), 44 * 24);
      vms.push(placed({ ...vm, type: "h100-80gb-sxm-ib.8x", goneAt }));
    }
    for (let count = int(0, 4); count > 0; count--) {
      const disk: Disk = {
        ...resource(project, `disk-${at}-${count}`),
        alsoOf: null,
        isOs: false,
        hasGrown: chance(40),
      };
      if (held.length > 0 && chance(60)) {
        disk.of = oneOf(held).id;
        disk.isOs = chance(40);
        if (chance(25)) disk.alsoOf = oneOf(held.map(({ id }) => (id === disk.of ? null : id)));
      } else if (chance(20)) Object.assign(disk, { goneAt: 44 * 24 - int(1, 100), changedAt: null });
      disks.push(disk);
      for (let nth = chance(50) ? int(1, 3) : 0; nth > 0; nth--) {
        const id = `${at}-${count}-${nth}`;
        snapshots.push({
          ...resource(project, `snap-${id}`),
          of: chance(20) ? `lost-${id}` : disk.id,
        });
      }
    }
  }
  const account = randomAccount(
    tools,
    inhabited.map(({ id }) => id),
    vms,
    44 * 24,
  );
  const standing = vms.filter(({ goneAt }) => goneAt === null);
  const monitoring = randomMonitoring(tools, standing, today);
  const starts = standing.flatMap(({ id: vm, project }) =>
    Array.from(
      { length: chance(30) ? int(1, 4) : 0 },
      (): Start => ({
        vm,
        project,
        at: int(5, 43) * 24 + int(0, 23),
        hasSucceeded: chance(85),
      }),
    ),
  );
  const idleSettings = Object.fromEntries(
    Object.entries(changedSettings).flatMap(([rule, settings]) =>
      chance(30) ? [[rule, oneOf(settings)]] : [],
    ),
  );
  // What is seen first or otherwise is so by a good read.
  for (const [stream, seen] of [
    ["vms", vms] as const,
    ["disks", disks] as const,
    ["instance_groups", account.groups] as const,
  ]) {
    for (const { project, firstSeenAt, changedAt } of seen) {
      for (const at of [firstSeenAt, changedAt]) {
        if (at !== null) listReads.push({ stream, project, at, status: "complete" });
      }
    }
  }
  const finance = randomFinance(
    tools,
    projects.map(({ id }) => id),
    centres.map(({ centre }) => centre),
  );
  const suppressions = randomSuppressions(
    tools,
    Object.keys(changedSettings),
    [...vms, ...disks, ...snapshots, ...account.groups, ...projects].map(({ id }) => id),
    today,
  );
  return {
    projects,
    meteredBy,
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
    account,
    monitoring,
    starts,
    idleSettings,
    finance,
    suppressions,
  };
}
