import type { RandomTools } from "./random-tools.ts";

/*
 * What stands in a random organisation beside VMs, disks and snapshots: groups, templates, images, networks, load
 * balancers, tokens, keys and what monitoring saw. Times are hours since the first day.
 */

/** Something that is listed, and was seen first and perhaps last at these times. */
export interface Listed {
  project: string;
  id: string;
  name: string;
  firstSeenAt: number;
  goneAt: number | null;
}

export interface Image extends Listed {
  createdAt: number | null;
}

export interface Template extends Listed {
  createdAt: number | null;
  /** The image by its name or id, or one of nobody's. */
  image: string | null;
  subnet: string | null;
}

export interface Group extends Listed {
  createdAt: number;
  updatedAt: number;
  /** When it was first seen as it is, where it had other VMs or another size before. */
  changedAt: number | null;
  template: string | null;
  desired: number | null;
}

export interface Subnet extends Listed {
  network: string;
}

/** A VM by its id or address, or an address of nobody's. */
export interface Backend {
  vm: string | null;
  by: "id" | "address";
}

export interface Balancer extends Listed {
  kind: "load_balancer" | "internal_load_balancer";
  /** When it was first seen with these backends, where it had others before. */
  changedAt: number | null;
  backends: Backend[];
  before: Backend[];
  network: string | null;
}

export interface Token {
  alias: string;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

export interface Account {
  images: Image[];
  templates: Template[];
  groups: Group[];
  networks: Listed[];
  subnets: Subnet[];
  balancers: Balancer[];
  tokens: Token[];
  keys: { id: string; createdAt: number }[];
}

/** Where a VM stands and what it was made for; none of it changes. */
export interface Placement {
  group: string | null;
  template: string | null;
  /** By name or id, as its interface says it. */
  network: string | null;
  subnet: string | null;
  address: string;
  hasStaticAddress: boolean;
  isSpot: boolean;
}

export const nowhere = (address: string): Placement => ({
  group: null,
  template: null,
  network: null,
  subnet: null,
  address,
  hasStaticAddress: false,
  isSpot: false,
});

interface PlacedVm extends Placement {
  project: string;
  id: string;
  meteredOn: number | null;
  reservation: string | null;
}

/** Fills the account of some projects, and places their VMs in it. */
export function randomAccount(
  { int, oneOf, chance }: RandomTools,
  projects: readonly string[],
  vms: readonly PlacedVm[],
  now: number,
): Account {
  const account: Account = {
    images: [],
    templates: [],
    groups: [],
    networks: [],
    subnets: [],
    balancers: [],
    tokens: [],
    keys: [],
  };
  const seen = () => now - int(1, 60 * 24);
  for (const [at, project] of projects.entries()) {
    const listed = (id: string): Listed => ({
      project,
      id: `${id}-${at}`,
      name: `name of ${id}-${at} '"`,
      firstSeenAt: seen(),
      goneAt: null,
    });
    const made = (thing: Listed) => (chance(15) ? null : thing.firstSeenAt - int(0, 300 * 24));

    const networks = Array.from({ length: int(0, 2) }, (_, n) => {
      const network = listed(`net-${n}`);
      return chance(20) ? { ...network, name: "Default-vpc-network" } : network;
    });
    const subnets = networks.flatMap((network) =>
      Array.from({ length: int(0, 2) }, (_, n): Subnet => {
        const subnet = { ...listed(`sub-${n}-of-${network.id}`), network: network.id };
        return chance(20) ? { ...subnet, name: "us-east1-b-subnet" } : subnet;
      }),
    );
    account.networks.push(...networks);
    account.subnets.push(...subnets);

    const images = Array.from({ length: int(0, 3) }, (_, n): Image => {
      const image = listed(`img-${n}`);
      return { ...image, createdAt: made(image) };
    });
    account.images.push(...images);
    const templates = Array.from({ length: int(0, 3) }, (_, n): Template => {
      const template = listed(`tpl-${n}`);
      const image = images.length > 0 && chance(60) ? oneOf(images) : null;
      return {
        ...template,
        createdAt: made(template),
        goneAt: chance(30) ? int(template.firstSeenAt, now - 1) + 1 : null,
        image: image === null ? (chance(50) ? "ubuntu22.04" : null) : chance(50) ? image.id : image.name,
        subnet: subnets.length > 0 && chance(25) ? oneOf(subnets).id : null,
      };
    });
    account.templates.push(...templates);

    const groups = Array.from({ length: int(0, 3) }, (_, n): Group => {
      const group = listed(`grp-${n}`);
      const changedAt = chance(50) ? int(group.firstSeenAt, now - 1) + 1 : null;
      return {
        ...group,
        createdAt: group.firstSeenAt - int(1, 200),
        updatedAt: (changedAt ?? group.firstSeenAt) - int(0, 60),
        changedAt,
        template: templates.length > 0 && chance(50) ? oneOf(templates).id : null,
        desired: chance(10) ? null : int(0, 3),
      };
    });
    account.groups.push(...groups);

    const own = vms.filter((vm) => vm.project === project);
    for (const vm of own) {
      if (groups.length > 0 && chance(35)) vm.group = oneOf(groups).id;
      if (templates.length > 0 && chance(30)) vm.template = oneOf(templates).id;
      if (networks.length > 0 && chance(40)) {
        const network = oneOf(networks);
        const within = subnets.filter((subnet) => subnet.network === network.id);
        if (chance(70)) vm.network = chance(50) ? network.id : network.name;
        if (within.length > 0 && chance(70)) vm.subnet = oneOf(within).id;
      }
      vm.hasStaticAddress = chance(40);
      // What spot VMs are metered by is told apart elsewhere.
      vm.isSpot = chance(25) && vm.meteredOn === null && vm.reservation === null;
    }

    for (let n = int(0, 3); n > 0; n--) {
      const kind = chance(50) ? "load_balancer" : "internal_load_balancer";
      const backends = () =>
        Array.from({ length: int(0, 2) }, (): Backend => {
          const vm = own.length > 0 && chance(85) ? oneOf(own).id : null;
          return {
            vm,
            by: kind === "internal_load_balancer" && vm !== null && chance(50) ? "id" : "address",
          };
        });
      const balancer = listed(`lb-${n}`);
      account.balancers.push({
        ...balancer,
        kind,
        changedAt: chance(50) ? int(balancer.firstSeenAt, now - 1) + 1 : null,
        backends: backends(),
        before: [{ vm: null, by: "address" }, ...backends()],
        network: networks.length > 0 && chance(50) ? oneOf(networks).id : null,
      });
    }
  }
  account.tokens = Array.from({ length: int(0, 6) }, (_, n): Token => {
    const createdAt = now - int(1, 600 * 24);
    return {
      alias: `token ${n}`,
      createdAt,
      expiresAt: chance(40) ? null : now + int(-100 * 24, 300 * 24),
      lastUsedAt: chance(30) ? null : int(createdAt, now),
    };
  });
  account.keys = Array.from({ length: int(0, 4) }, (_, n) => ({
    id: `key-${n}`,
    createdAt: now - int(1, 600 * 24),
  }));
  return account;
}
