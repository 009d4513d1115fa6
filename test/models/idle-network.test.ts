import { describe, expect, test, vi } from "vitest";
import { allListed, findingsOf, listed, runningVm } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

const networking = allListed(
  "networks",
  "subnets",
  "vms",
  "load_balancers",
  "internal_load_balancers",
  "instance_templates",
);
const network = (id: string, more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id,
  name: `net ${id}`,
  cidr: "10.1.0.0/16",
  subnets: [],
  _valid_from: "2026-10-01 00:10:00",
  ...more,
});
const subnet = (id: string, network_id: string, more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id,
  name: `sub ${id}`,
  vpc_network_id: network_id,
  location: "us-east1-a",
  cidr: "10.1.0.0/20",
  nat_gateways: [],
  _valid_from: "2026-10-01 00:10:00",
  ...more,
});
const interfaces = (networkId: string | null, subnetId: string | null, address = "10.1.0.5") => [
  {
    id: "if",
    network: networkId,
    subnet: subnetId,
    ips: [{ private_ipv4: { address }, public_ipv4: { address: "203.0.113.7" } }],
  },
];

describe("a network or subnet", () => {
  const places = (rows: Parameters<typeof findingsOf>[1], files = {}) =>
    findingsOf(["unused_network", "unused_subnet"], { read_windows: networking, ...rows }, files);

  test("with nothing in it is found, since the last VM in it was gone or since it was first seen", async () => {
    const found = await places({
      networks: [network("n-left"), network("n-never", { subnets: ["s-nat"] })],
      subnets: [subnet("s-left", "n-left"), subnet("s-nat", "n-never", { nat_gateways: [{ id: "g" }] })],
      vms: [
        runningVm({
          network_interfaces: interfaces(null, "s-left"),
          _valid_from: "2026-10-01 00:10:00",
          _valid_to: "2026-10-24 00:10:00",
        }),
      ],
    });
    expect(found).toMatchObject([
      {
        rule_id: "unused_network",
        resource_kind: "network",
        resource_id: "n-left",
        resource_name: "net n-left",
        project_id: "alpha",
        idle_since: "2026-10-24 00:10:00",
        idle_days: 10,
        monthly_waste: null,
        currency: null,
        severity: "low",
        last_seen_at: "2026-11-03 00:10:00",
        evidence:
          "No VM, load balancer or template is in the network 10.1.0.0/16 with 0 subnets; the last was gone on 2026-10-24, 10 days ago; no price is in force for networks.",
      },
      {
        resource_id: "n-never",
        idle_since: "2026-10-01 00:10:00",
        evidence:
          "No VM, load balancer or template is in the network 10.1.0.0/16 with 1 subnet, nor was any seen since 2026-10-01, 33 days ago; no price is in force for networks.",
      },
      { rule_id: "unused_subnet", resource_id: "s-left", location: "us-east1-a", idle_days: 10 },
      {
        resource_id: "s-nat",
        evidence:
          "No VM, load balancer or template is in the subnet 10.1.0.0/20 with its NAT gateway, nor was any seen since 2026-10-01, 33 days ago; no price is in force for subnets.",
      },
    ]);
  });

  test("is in use by a VM in any state, by either kind of load balancer, or by a template", async () => {
    const found = await places({
      networks: ["n-vm", "n-name", "n-lb", "n-ilb", "n-template", "n-empty"].map((id) => network(id)),
      subnets: [
        subnet("s-vm", "n-vm"),
        subnet("s-vm-empty", "n-vm"),
        subnet("s-ilb", "n-ilb"),
        subnet("s-template", "n-template"),
      ],
      vms: [
        runningVm({ state: "STATE_SHUTOFF", network_interfaces: interfaces("n-vm", "s-vm") }),
        // Named, not numbered; a name is one of its own project.
        runningVm({ id: "vm-2", network_interfaces: interfaces("net n-name", null) }),
        runningVm({ id: "vm-3", project_id: "beta", network_interfaces: interfaces("net n-empty", null) }),
      ],
      load_balancers: [{ project_id: "alpha", id: "lb", vpc_id: "n-lb", listen_ports_and_backends: [] }],
      internal_load_balancers: [
        { project_id: "alpha", id: "ilb", network_interfaces: [{ subnet: "s-ilb" }], destinations: [] },
      ],
      instance_templates: [{ project_id: "alpha", id: "t", subnet_id: "s-template" }],
    });
    expect(found.map(({ resource_id }) => resource_id)).toEqual(["n-empty", "s-vm-empty"]);
  });

  test("that every project is given is none, nor a subnet of it that is called after its place", async () => {
    const found = await places({
      networks: [network("n", { name: "default-vpc-network" })],
      subnets: [
        subnet("s-place", "n", { name: "us-east1-a-subnet" }),
        subnet("s-default", "n", { name: "Default subnet" }),
        subnet("s-own", "n", { name: "batch" }),
      ],
    });
    expect(found.map(({ resource_id }) => resource_id)).toEqual(["s-own"]);
  });

  test("is no finding before its days are over, nor where a list that it rests on failed or was never read", async () => {
    const projects = ["failed", "unread", "without", "well"].map((id) => ({ id }));
    const found = await places(
      {
        projects,
        networks: [
          ...projects.map(({ id }) => network(id, { project_id: id, _valid_from: "2026-10-29 06:00:00" })),
          network("too-young", { project_id: "well", _valid_from: "2026-10-29 06:00:01" }),
        ],
        read_windows: [
          ...projects.flatMap(({ id }) => networking.map((read): RawRow => ({ ...read, project_id: id }))),
          listed("vms", { project_id: "failed", status: "failed", attempted_at: "2026-11-03 02:00:00" }),
        ]
          .filter(({ project_id, stream }) => project_id !== "unread" || stream !== "load_balancers")
          .map((read) =>
            read.project_id === "without" && read.stream === "load_balancers"
              ? { ...read, status: "not_offered" }
              : read,
          ),
      },
      { "tally.toml": "[idle.unused_network]\nmin_days = 5\n" },
    );
    expect(found.map(({ resource_id }) => resource_id)).toEqual(["well", "without"]);
  });
});

describe("a load balancer", () => {
  const reads = allListed("vms", "load_balancers", "internal_load_balancers");
  const balancers = (rows: Parameters<typeof findingsOf>[1], files = {}) =>
    findingsOf(
      ["load_balancer_without_backends", "load_balancer_dead_backends"],
      { read_windows: reads, ...rows },
      files,
    );
  const outer = (id: string, backends: unknown, more: RawRow = {}): RawRow => ({
    project_id: "alpha",
    id,
    name: `front ${id}`,
    location: "us-east1-a",
    protocol: "tcp",
    vpc_id: "n",
    listen_ports_and_backends: backends,
    _valid_from: "2026-10-01 00:10:00",
    ...more,
  });
  const inner = (id: string, destinations: unknown, more: RawRow = {}): RawRow => ({
    project_id: "alpha",
    id,
    name: `inner ${id}`,
    location: "us-east1-a",
    destinations,
    network_interfaces: [{ network: "n" }],
    _valid_from: "2026-10-01 00:10:00",
    ...more,
  });
  const stopped = (id: string, address: string, more: RawRow = {}): RawRow =>
    runningVm({
      id,
      name: id,
      state: "STATE_SHUTOFF",
      updated_at: "2026-10-20 12:00:00",
      _valid_from: "2026-10-21 00:10:00",
      network_interfaces: interfaces("n", "s", address),
      ...more,
    });

  test("without backends is found in both kinds, since the last was taken from it", async () => {
    const found = await balancers({
      load_balancers: [
        outer("a", [{ listen_port: 443, backends: [{ ip: "10.1.0.9", port: 8443 }] }], {
          _valid_to: "2026-10-12 00:10:00",
        }),
        outer("a", [{ listen_port: 443, backends: [] }], { _valid_from: "2026-10-12 00:10:00" }),
        // One of its two ports has somebody behind it.
        outer("b", [
          { listen_port: 80, backends: [] },
          { listen_port: 443, backends: [{ ip: "10.1.0.9", port: 1 }] },
        ]),
        outer("unknown", null),
      ],
      internal_load_balancers: [inner("c", []), inner("d", [{ cidr: "10.1.0.9/32" }])],
    });
    expect(found).toMatchObject([
      {
        rule_id: "load_balancer_without_backends",
        resource_kind: "internal_load_balancer",
        resource_id: "c",
        idle_since: "2026-10-01 00:10:00",
        last_seen_at: "2026-11-03 00:10:00",
        evidence:
          "The internal load balancer has 0 backends, nor had any when it was first seen on 2026-10-01, 33 days ago; no price is in force for load balancers.",
      },
      {
        resource_kind: "load_balancer",
        resource_id: "a",
        idle_since: "2026-10-12 00:10:00",
        idle_days: 22,
        monthly_waste: null,
        evidence:
          "The load balancer has 0 backends, since 2026-10-12, 22 days ago; no price is in force for load balancers.",
      },
    ]);
  });

  test("is found dead where each of its backends is a stopped VM or one that is gone, by id or address", async () => {
    const found = await balancers({
      vms: [
        stopped("vm-stopped", "10.1.0.5"),
        runningVm({
          id: "vm-gone",
          network_interfaces: interfaces("n", "s", "10.1.0.6"),
          _valid_to: "2026-10-25 00:10:00",
        }),
        runningVm({ id: "vm-up", name: "up", network_interfaces: interfaces("n", "s", "10.1.0.7") }),
      ],
      load_balancers: [
        outer("dead", [{ listen_port: 1, backends: [{ ip: "10.1.0.5" }, { ip: "10.1.0.6" }] }]),
        outer("half", [{ listen_port: 1, backends: [{ ip: "10.1.0.5" }, { ip: "10.1.0.7" }] }]),
        // An address that no VM ever had may be anybody's.
        outer("foreign", [{ listen_port: 1, backends: [{ ip: "10.1.0.5" }, { ip: "192.0.2.1" }] }]),
      ],
      internal_load_balancers: [
        inner("dead-inner", [{ resource_id: "vm-stopped", cidr: "10.1.0.7/32" }]),
        inner("range", [{ cidr: "10.1.0.0/24" }]),
      ],
    });
    expect(found).toMatchObject([
      {
        rule_id: "load_balancer_dead_backends",
        resource_kind: "internal_load_balancer",
        resource_id: "dead-inner",
        idle_since: "2026-10-20 12:00:00",
        severity: "medium",
        evidence:
          "Of 1 backend of the internal load balancer 1 is a stopped VM and 0 are gone; none is up since 2026-10-20, 13 days; no price is in force for load balancers.",
      },
      {
        resource_kind: "load_balancer",
        resource_id: "dead",
        idle_since: "2026-10-25 00:10:00",
        idle_days: 9,
        evidence:
          "Of 2 backends of the load balancer 1 is a stopped VM and 1 is gone; none is up since 2026-10-25, 9 days; no price is in force for load balancers.",
      },
    ]);
  });

  test("lives again where another VM was given the address, and is dead only since its backends were set so", async () => {
    const gone = runningVm({
      id: "vm-gone",
      network_interfaces: interfaces("n", "s", "10.1.0.6"),
      _valid_to: "2026-09-25 00:10:00",
    });
    const heir = runningVm({
      id: "vm-heir",
      name: "heir",
      network_interfaces: interfaces("n", "s", "10.1.0.6"),
    });
    const before = outer("again", [{ listen_port: 1, backends: [{ ip: "192.0.2.1" }] }], {
      _valid_to: "2026-10-15 00:10:00",
    });
    const since = outer("again", [{ listen_port: 1, backends: [{ ip: "10.1.0.8" }] }], {
      _valid_from: "2026-10-15 00:10:00",
    });
    const inherited = outer("inherited", [{ listen_port: 1, backends: [{ ip: "10.1.0.6" }] }]);
    expect(
      await balancers({
        vms: [gone, heir, { ...gone, id: "vm-then", network_interfaces: interfaces("n", "s", "10.1.0.8") }],
        load_balancers: [before, since, inherited],
      }),
    ).toMatchObject([{ resource_id: "again", idle_since: "2026-10-15 00:10:00" }]);
  });

  test("is dead from the very second of the third day on, and never by a list of VMs that failed", async () => {
    const projects = [{ id: "alpha" }, { id: "failed" }];
    const dead = (id: string, project_id: string, address: string, updated_at: string) => ({
      vm: stopped(id, address, { project_id, updated_at, _valid_from: "2026-11-02 00:10:00" }),
      balancer: outer(id, [{ listen_port: 1, backends: [{ ip: address }] }], { project_id }),
    });
    const cases = [
      dead("just-not", "alpha", "10.1.0.5", "2026-10-31 06:00:01"),
      dead("just-yet", "alpha", "10.1.0.6", "2026-10-31 06:00:00"),
      dead("unknown", "failed", "10.1.0.5", "2026-10-01 06:00:00"),
    ];
    const found = await balancers({
      projects,
      vms: cases.map(({ vm }) => vm),
      load_balancers: cases.map(({ balancer }) => balancer),
      read_windows: [
        ...projects.flatMap(({ id }) => reads.map((read) => ({ ...read, project_id: id }))),
        listed("vms", { project_id: "failed", status: "failed", attempted_at: "2026-11-03 02:00:00" }),
      ],
    });
    expect(found.map(({ resource_id }) => resource_id)).toEqual(["just-yet"]);
  });
});
