import fc, { type GeneratorValue } from "fast-check";
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
const resourceTypes: ResourceType[] = [
  {
    name: "h100-80gb-sxm-ib.8x",
    gpus: 8,
    gpuType: "H100",
    rows: [{ product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 }],
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

export interface PriceLine {
  type: string | null;
  metric: Metric | null;
  spelling: string | null;
  project: string | null;
  region: string | null;
  reservation: string | null;
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
  /** When a disk was first seen gone. */
  goneAt: number | null;
  /** The last day on which it was metered by itself. */
  meteredOn: number | null;
}

export interface RandomOrganization {
  projects: { id: string; name: string | null }[];
  meteredBy: "gpu" | "instance";
  usage: UsageRow[];
  windows: ReadWindow[];
  /** The same of usage by resource. */
  resourceWindows: ReadWindow[];
  /** Good and failed reads of the lists of inventory, by hours. */
  listReads: { stream: "vms" | "disks"; project: string; at: number; isGood: boolean }[];
  prices: PriceLine[];
  centres: CentreLine[];
  reservations: Reservation[];
  vms: Resource[];
  disks: Resource[];
  snapshots: Resource[];
}

// fast-check would rather try small numbers, which for a choice are the first ones.
const evenInteger = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));
const evenBigInt = (bits: number) => fc.noBias(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) }));

const sizes: [string, bigint][] = [
  ["100GiB", 100_000_000_000n],
  ["1TiB", 1_024_000_000_000n],
  // 500 × 10^9 / 2^30 = 465.6612873077…
  ["500 GB", 465_661_287_308n],
  ["3GiB", 3_000_000_000n],
];

export function randomOrganization(
  g: GeneratorValue,
  { projectCount, rowsPerProject }: { projectCount: number; rowsPerProject: number },
): RandomOrganization {
  const int = (min: number, max: number) => g(evenInteger, min, max);
  const oneOf = <T>(items: readonly T[]): T => items[int(0, items.length - 1)] as T;
  const chance = (percent: number) => int(1, 100) <= percent;
  const bits = (count: number) => g(evenBigInt, count);

  const projects = Array.from({ length: projectCount }, (_, at) => ({
    id: at % 5 === 1 ? `p'${at} "x", y` : `project-${at}`,
    name: chance(10) ? null : `${oneOf(hostile)} ${at}`,
  }));
  const meteredBy = chance(50) ? "gpu" : "instance";
  const regions = ["us-east1", "US-East1", "eu-north1", "us-east1-a", null];
  const typeNames = resourceTypes.map(({ name }) => name);

  const reservations = ["h100-80gb-sxm-ib.8x", "a100-80gb.4x"].flatMap((type): Reservation[] => {
    if (chance(20)) return [];
    const starts = int(0, 30);
    const grown = int(starts + 1, 40);
    return [
      {
        id: `res-${type.slice(0, 4)}`,
        type,
        sizes: [
          { from: 0, quantity: int(1, 4) },
          ...(chance(75) ? [{ from: grown, quantity: int(5, 8) }] : []),
        ],
        starts,
        ends: chance(30) ? null : chance(30) ? int(starts, 43) : int(44, 400),
      },
    ];
  });

  const usage: UsageRow[] = [];
  for (const { id: project } of projects) {
    for (let count = 0; count < rowsPerProject; count++) {
      const drawn = chance(25) && reservations.length > 0 ? oneOf(reservations) : null;
      const isCompute = drawn !== null || chance(75);
      const type = drawn?.type ?? (isCompute ? oneOf(typeNames) : "persistent-ssd");
      const metric: Metric = isCompute ? meteredBy : chance(70) ? "storage" : "other";
      const row: UsageRow = {
        project,
        day: int(0, today - 1),
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
      const { id: project } = oneOf(projects);
      usage.push({
        project,
        day,
        region: "us-east1",
        type,
        metric: meteredBy,
        spelling,
        reservation: id,
        quantity,
        isKnown: true,
      });
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

  const listReads = projects.flatMap(({ id: project }) =>
    (["vms", "disks"] as const).flatMap((stream) => [
      ...[10, 20, 30].map((day) => ({ stream, project, at: day * 24 + int(0, 3), isGood: chance(80) })),
      { stream, project, at: 44 * 24 + 1, isGood: chance(projectCount > 10 ? 100 : 95) },
    ]),
  );

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
    const createdAt = int(0, 30) * 24 + int(0, 23);
    const firstSeenAt = createdAt + int(1, 100);
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
  const vms: Resource[] = [];
  const disks: Resource[] = [];
  const snapshots: Resource[] = [];
  for (const [at, { id: project }] of projects.slice(0, 40).entries()) {
    for (let count = int(0, 3); count > 0; count--) {
      const vm = resource(project, `vm-${at}-${count}`);
      if (chance(20) && reservations.length > 0) vm.reservation = oneOf(reservations).id;
      vms.push(vm);
    }
    // Of two VMs of one type that are up, one is metered to the end.
    if (chance(60)) {
      const type = oneOf(["h100-80gb-sxm-ib.8x", "c1a.8x"]);
      const twin = (id: string): Resource => ({ ...resource(project, id), type, state: "running" });
      const busy: Resource = { ...twin(`busy-${at}`), meteredOn: today - 1 };
      vms.push(busy, twin(`idle-${at}`));
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
    for (let count = int(0, 4); count > 0; count--) {
      const disk = resource(project, `disk-${at}-${count}`);
      if (held.length > 0 && chance(50)) disk.of = oneOf(held).id;
      else if (chance(20)) Object.assign(disk, { goneAt: 44 * 24 - int(1, 100), changedAt: null });
      disks.push(disk);
      if (chance(50)) {
        snapshots.push({
          ...resource(project, `snap-${at}-${count}`),
          of: chance(20) ? `lost-${at}-${count}` : disk.id,
        });
      }
    }
  }
  // What is seen first or otherwise is so by a good read.
  for (const [stream, seen] of [["vms", vms] as const, ["disks", disks] as const]) {
    for (const { project, firstSeenAt, changedAt } of seen) {
      for (const at of [firstSeenAt, changedAt]) {
        if (at !== null) listReads.push({ stream, project, at, isGood: true });
      }
    }
  }
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
  };
}
