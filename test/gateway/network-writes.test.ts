import { describe, expect, it } from "vitest";
import { acme } from "./acme.ts";
import { moved, viewer } from "./moved-gateway.ts";
import type { Item } from "./signed-client.ts";

const project = "/projects/project-alpha";
const networks = `${project}/networking/vpc-networks`;
const subnets = `${project}/networking/vpc-subnets`;
const rules = `${project}/networking/vpc-firewall-rules`;
const external = `${project}/networking/load-balancers`;
const internal = `${project}/networking/internal-load-balancers`;
const vms = `${project}/compute/vms/instances`;

const operationSeconds = Object.fromEntries(
  ["network", "subnet", "firewall-rule", "load-balancer", "internal-load-balancer"].flatMap((list) =>
    ["CREATE", "UPDATE", "DELETE"].map((action) => [`${list} ${action}`, 10]),
  ),
);

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICpuH/fqCFLbAConChyVH6rZzSaxlnHSwQk6qvtPsf5E";
const organization = acme();
// The scenario gives project alpha no VM more than it has.
organization.quotas = [];
const gateway = moved({ organization, quirks: { operationSeconds } });
const refused = (path: string, body: unknown) => gateway.refusal("POST", path, body);
const made = async (path: string, body: unknown): Promise<string> => {
  const { id } = await gateway.begins("POST", path, body);
  gateway.advance(10);
  return id;
};
const ids = { network: "", subnet: "" };

describe("a network", () => {
  it("is there when it is answered, with its subnets, and keeps them apart", async () => {
    const { network } = await gateway.does("POST", networks, { cidr: "172.27.0.0/16", name: "own" });
    ids.network = (network as { id: string }).id;
    expect(network).toEqual({
      cidr: "172.27.0.0/16",
      gateway: "172.27.0.1",
      id: ids.network,
      name: "own",
      subnets: [],
    });
    const order = {
      name: "east",
      cidr: "172.27.4.0/22",
      location: "us-east1-a",
      vpc_network_id: ids.network,
    };
    const { subnet } = await gateway.does("POST", subnets, { ...order, nat_gateway_enabled: true });
    ids.subnet = (subnet as { id: string }).id;
    expect(subnet).toEqual({
      cidr: "172.27.4.0/22",
      id: ids.subnet,
      location: "us-east1-a",
      name: "east",
      nat_gateways: [
        {
          id: expect.any(String),
          public_ipv4_address: expect.stringMatching(/^203\.0\.113\.\d+$/),
          public_ipv4_id: expect.any(String),
        },
      ],
      vpc_network_id: ids.network,
    });
    expect(await gateway.one(`${networks}/${ids.network}`)).toEqual({
      ...(network as Item),
      subnets: [ids.subnet],
    });
    const at = (cidr: string) => refused(subnets, { ...order, name: "other", cidr });
    expect([
      await at("172.28.0.0/24"),
      await at("172.16.0.0/12"),
      await at("172.27.7.0/24"),
      await at("172.27.0.0/16"),
      await at("172.27.8.1/24"),
      await at("172.27.8.0/29"),
      await at("172.27.8.0"),
      await at("172.27.8.256/24"),
      // Next to it, and as clients of before gateways send it.
      await at("172.27.8.0/24"),
    ]).toEqual([
      "400 bad_request: cidr: is not within the network's 172.27.0.0/16",
      "400 bad_request: cidr: is not within the network's 172.27.0.0/16",
      "400 bad_request: cidr: overlaps with 172.27.4.0/22 of east",
      "400 bad_request: cidr: overlaps with 172.27.4.0/22 of east",
      "400 bad_request: cidr: does not begin with its first address",
      "400 bad_request: cidr: is none from /8 to /28",
      "400 bad_request: cidr: is no stretch of IPv4 addresses, such as 10.1.0.0/16",
      "400 bad_request: cidr: is no stretch of IPv4 addresses, such as 10.1.0.0/16",
      "200",
    ]);
  });

  it("and its subnets are called otherwise, and a gateway comes and goes, each when that is completed", async () => {
    const network = await gateway.begins("PATCH", `${networks}/${ids.network}`, { name: "renamed" });
    await gateway.begins("PATCH", `${subnets}/${ids.subnet}`, {
      name: "east",
      nat_gateway_action: "disable",
    });
    const now = async () => {
      const [{ name }, { nat_gateways: ways }] = [
        await gateway.one(`${networks}/${ids.network}`),
        await gateway.one(`${subnets}/${ids.subnet}`),
      ];
      return [name, (ways as Item[]).length];
    };
    gateway.advance(9);
    expect(await now()).toEqual(["own", 1]);
    expect(await gateway.refusal("PATCH", `${networks}/${ids.network}`, { name: "x" })).toBe(
      "409 conflict: renamed: its UPDATE is still under way",
    );
    gateway.advance(1);
    expect(await now()).toEqual(["renamed", 0]);
    expect(await gateway.one(`${networks}/operations/${network.operationId}`)).toMatchObject({
      state: "SUCCEEDED",
      result: { name: "renamed" },
    });
    const again = { name: "east", nat_gateway_action: "disable" };
    expect(await gateway.refusal("PATCH", `${subnets}/${ids.subnet}`, again)).toBe(
      "409 conflict: east has no NAT gateway",
    );
  });

  it("gives a VM an address of the subnet that it names, and goes only when nothing uses it", async () => {
    const path = `${networks}/${ids.network}`;
    const { id } = await gateway.begins("POST", vms, {
      name: "in-it",
      type: "c1a.4x",
      location: "us-east1-a",
      ssh_public_key: publicKey,
      network_interfaces: [{ subnet: ids.subnet, ips: [] }],
    });
    const inUse = "409 conflict: east is in use by in-it";
    // Also while it is only being made.
    expect(await gateway.refusal("DELETE", `${subnets}/${ids.subnet}`)).toBe(inUse);
    gateway.advance(200);
    const [way] = (await gateway.one(`${vms}/${id}`)).network_interfaces as Item[];
    expect(way).toMatchObject({
      network: ids.network,
      subnet: ids.subnet,
      ips: [{ private_ipv4: { address: "172.27.4.10" } }],
    });
    expect(await gateway.refusal("DELETE", `${subnets}/${ids.subnet}`)).toBe(inUse);
    expect(await gateway.refusal("DELETE", path)).toBe("409 conflict: renamed is in use by east");
    await gateway.begins("DELETE", `${vms}/${id}`);
    gateway.advance(200);
    for (const { id: subnet } of await gateway.items(subnets)) {
      const { vpc_network_id: of } = await gateway.one(`${subnets}/${subnet}`);
      if (of === ids.network) await gateway.begins("DELETE", `${subnets}/${subnet}`);
    }
    gateway.advance(10);
    const first = await gateway.begins("DELETE", path);
    expect(await gateway.begins("DELETE", path)).toEqual(first);
    const late = { name: "late", cidr: "172.27.9.0/24", location: "us-east1-a", vpc_network_id: ids.network };
    expect(await refused(subnets, late)).toBe("409 conflict: renamed is being deleted");
    gateway.advance(10);
    expect(await gateway.refusal("GET", path)).toMatch(/^404 /);
    const told = await gateway.items(`${networks}/operations`, { resource_id: ids.network });
    expect(told.map(({ metadata, state }) => [(metadata as { action: string }).action, state])).toEqual([
      ["CREATE", "SUCCEEDED"],
      ["UPDATE", "SUCCEEDED"],
      ["DELETE", "SUCCEEDED"],
    ]);
  });
});

it("a VM that names no subnet is given one, in what is left of its project's network", async () => {
  const made = await gateway.does("POST", "/organizations/projects", {
    name: "small",
    organization_id: "org-acme",
  });
  const small = `/projects/${(made.project as { id: string }).id}`;
  const order = { cidr: "172.30.0.0/27", name: "small" };
  const { network } = await gateway.does("POST", `${small}/networking/vpc-networks`, order);
  await gateway.does("POST", `${small}/networking/vpc-subnets`, {
    cidr: "172.30.0.0/28",
    location: "eu-iceland1-a",
    name: "iceland",
    vpc_network_id: (network as { id: string }).id,
  });
  const create = { name: "vm", type: "c1a.4x", location: "us-east1-a", ssh_public_key: publicKey };
  await gateway.begins("POST", `${small}/compute/vms/instances`, create);
  const cidrs = (await gateway.items(`${small}/networking/vpc-subnets`)).map(({ cidr }) => cidr);
  expect(cidrs).toEqual(["172.30.0.0/28", "172.30.0.16/28"]);
  gateway.advance(200);
  const [vm] = await gateway.items(`${small}/compute/vms/instances`);
  expect(vm?.network_interfaces).toMatchObject([{ ips: [{ private_ipv4: { address: "172.30.0.26" } }] }]);
});

describe("a firewall rule", () => {
  const order = async () => ({
    action: "deny",
    destination_ports: ["80", "443", "3000-8080"],
    destinations: [{ resource_id: "vm-train" }],
    direction: "ingress",
    name: "web",
    protocols: ["tcp", "udp"],
    sources: [{ cidr: "10.1.2.3/24" }, { cidr: "192.0.2.7" }],
    vpc_network_id: String((await gateway.items(networks))[0]?.id),
  });

  it("is made, changed in part, and deleted", async () => {
    const body = await order();
    const id = await made(rules, body);
    const rule = { ...body, id, source_ports: [], state: "active" };
    expect(await gateway.one(`${rules}/${id}`)).toEqual(rule);
    // What is missing or null stays.
    await gateway.begins("PATCH", `${rules}/${id}`, { destination_ports: ["443"], sources: null, name: "" });
    expect(await gateway.one(`${rules}/${id}`)).toEqual(rule);
    gateway.advance(10);
    expect(await gateway.one(`${rules}/${id}`)).toEqual({ ...rule, destination_ports: ["443"] });
    await gateway.begins("DELETE", `${rules}/${id}`);
    gateway.advance(10);
    expect(await gateway.refusal("GET", `${rules}/${id}`)).toMatch(/^404 /);
    expect(await gateway.items(`${rules}/operations`, { resource_id: id, state: "SUCCEEDED" })).toHaveLength(
      3,
    );
  });

  it("is refused where something of it is missing, wrong, taken or not there", async () => {
    const body = await order();
    const { action: _, ...without } = body;
    expect([
      await refused(rules, without),
      await refused(rules, { ...body, direction: "up" }),
      await refused(rules, { ...body, protocols: [] }),
      await refused(rules, { ...body, destination_ports: ["8080-3000"] }),
      await refused(rules, { ...body, source_ports: ["65536"] }),
      await refused(rules, { ...body, sources: [{}] }),
      await refused(rules, { ...body, sources: [{ cidr: "10.0.0.0/33" }] }),
      await refused(rules, { ...body, sources: [{ resource_id: "nothing" }] }),
      await refused(rules, { ...body, vpc_network_id: "nothing" }),
      await refused(rules, { ...body, name: "ssh" }),
    ]).toEqual([
      "400 bad_request: action: is required",
      "400 bad_request: direction: is none of ingress, egress",
      "400 bad_request: protocols: is empty",
      "400 bad_request: destination_ports[0]: is no port or range of ports, such as 443 or 3000-8080",
      "400 bad_request: source_ports[0]: is no port or range of ports, such as 443 or 3000-8080",
      "400 bad_request: sources[0]: has neither cidr nor resource_id",
      "400 bad_request: sources[0].cidr: is no IPv4 address or stretch of them",
      '404 not_found: there is no resource "nothing" in this project',
      '404 not_found: there is no network "nothing" in this project',
      '409 conflict: the name "ssh" is taken',
    ]);
  });
});

describe("a load balancer", () => {
  const usual = { failure_count: 3, interval: 60, success_count: 2, timeout: 20 };

  it("of the outside listens where it was told, and is told otherwise", async () => {
    const order = {
      listen_ports_and_backends: [{ backends: [{ ip: "10.1.0.10", port: 8443 }], listen_port: 443 }],
      location: "us-east1-a",
      name: "front",
      protocol: "tcp",
      vpc_id: String((await gateway.items(networks))[0]?.id),
    };
    const id = await made(external, order);
    const balancer = {
      ...order,
      id,
      health_check_options: usual,
      project_id: "project-alpha",
      vip: expect.stringMatching(/^198\.51\.100\.\d+$/),
    };
    expect(await gateway.items(external, { name: "front", vpc_network_id: order.vpc_id })).toEqual([
      balancer,
    ]);
    const change = {
      listen_ports_and_backends: [
        { backends: [], listen_port: 80 },
        { backends: [{ ip: "10.1.0.11", port: 9000 }], listen_port: 443 },
      ],
      health_check_options: { failure_count: 5, interval: 30, success_count: 1, timeout: 10 },
    };
    await gateway.begins("PATCH", `${external}/${id}`, change);
    expect(await gateway.one(`${external}/${id}`)).toEqual(balancer);
    gateway.advance(10);
    expect(await gateway.one(`${external}/${id}`)).toEqual({ ...balancer, ...change });
    const [listener] = order.listen_ports_and_backends;
    const listening = (listen_ports_and_backends: unknown) =>
      refused(external, { ...order, name: "x", listen_ports_and_backends });
    expect([
      await refused(external, order),
      await refused(external, { ...order, name: "x", protocol: "http" }),
      await refused(external, { ...order, name: "x", vpc_id: "nothing" }),
      await refused(external, { ...order, name: "x", health_check_options: { interval: 1 } }),
      await listening([listener, listener]),
      await listening([{ ...listener, backends: [{ ip: "host", port: 1 }] }]),
      await listening([{ ...listener, listen_port: 0 }]),
      await listening([{ ...listener, backends: ["10.1.0.10"] }]),
      await gateway.refusal("PATCH", `${external}/${id}`, {}),
    ]).toEqual([
      '409 conflict: the name "front" is taken',
      "400 bad_request: protocol: is none of tcp, udp",
      '404 not_found: there is no network "nothing" in this project',
      "400 bad_request: health_check_options.failure_count: is required",
      "400 bad_request: listen_ports_and_backends: names a listen_port twice",
      "400 bad_request: listen_ports_and_backends[0].backends[0].ip: is no IPv4 address",
      "400 bad_request: listen_ports_and_backends[0].listen_port: is below 1",
      "400 bad_request: listen_ports_and_backends[0].backends[0]: is not an object",
      "400 bad_request: listen_ports_and_backends: is required",
    ]);
    await gateway.begins("DELETE", `${external}/${id}`);
    gateway.advance(10);
    expect(await gateway.items(external)).toEqual([]);
    expect(await gateway.items(`${external}/operations`, { resource_id: id })).toHaveLength(3);
  });

  it("of the inside hangs on a subnet, and its health checks are switched off by port 0", async () => {
    const [subnet] = await gateway.items(subnets);
    const order = {
      algorithm: "random",
      destinations: [{ resource_id: "vm-train" }, { cidr: "10.1.0.12/32" }],
      health_check: { failure_count: "4", port: "8080" },
      location: String(subnet?.location),
      name: "back",
      network_interfaces: [{ network: String(subnet?.vpc_network_id), subnet: String(subnet?.id) }],
      protocols: ["tcp"],
      type: "internal_ipv4",
    };
    const id = await made(internal, order);
    const balancer = {
      ...order,
      id,
      health_check: { failure_count: "4", interval: "60", port: "8080", success_count: "2", timeout: "20" },
      ips: [
        {
          private_ipv4: { address: expect.stringMatching(/^10\.1\.0\.\d+$/) },
          public_ipv4: { address: "", id: "", type: "dynamic" },
        },
      ],
    };
    expect(await gateway.one(`${internal}/${id}`)).toEqual(balancer);
    expect(await gateway.refusal("DELETE", `${subnets}/${subnet?.id}`)).toMatch(/^409 /);
    await gateway.begins("PATCH", `${internal}/${id}`, { health_check: { port: 0 }, name: "behind" });
    expect(await gateway.one(`${internal}/${id}`)).toEqual(balancer);
    gateway.advance(10);
    const { health_check: __, ...unchecked } = balancer;
    expect(await gateway.one(`${internal}/${id}`)).toEqual({ ...unchecked, name: "behind" });
    expect([
      await refused(internal, { ...order, name: "behind" }),
      await refused(internal, { ...order, location: "eu-iceland1-a" }),
      await refused(internal, { ...order, network_interfaces: [] }),
      await refused(internal, { ...order, network_interfaces: [{ subnet: "nothing" }] }),
      await refused(internal, {
        ...order,
        network_interfaces: [{ ...order.network_interfaces[0], network: "x" }],
      }),
      await refused(internal, { ...order, health_check: {} }),
      await refused(internal, { ...order, health_check: { port: "many" } }),
      await refused(internal, { ...order, destinations: undefined }),
      await refused(internal, { ...order, destinations: Array(1001).fill({ cidr: "10.9.9.9" }) }),
      await refused(internal, { ...order, type: "public_ipv4" }),
    ]).toEqual([
      '409 conflict: the name "behind" is taken',
      "400 bad_request: location: us-east1-a-subnet is in us-east1-a",
      "400 bad_request: network_interfaces: is empty",
      '404 not_found: there is no subnet "nothing" in this project',
      "400 bad_request: network_interfaces[0].network: us-east1-a-subnet is of another network",
      "400 bad_request: health_check.port: is required",
      "400 bad_request: health_check.port: is not a number",
      "400 bad_request: destinations: is required",
      "400 bad_request: destinations: has more than 1000 entries",
      "400 bad_request: type: is not internal_ipv4",
    ]);
    await gateway.begins("DELETE", `${internal}/${id}`);
    gateway.advance(10);
    expect(await gateway.items(`${internal}/operations`, { resource_id: id })).toHaveLength(3);
  });

  it("of a scenario spreads over what a client says, from then on", async () => {
    const path = "/projects/project-beta/networking/internal-load-balancers";
    const [inside] = await gateway.items(path);
    expect(inside?.destinations).toHaveLength(3);
    await gateway.begins("PATCH", `${path}/${inside?.id}`, { destinations: [{ cidr: "10.9.9.9" }] });
    expect((await gateway.items(path))[0]?.destinations).toHaveLength(3);
    gateway.advance(10);
    expect((await gateway.items(path))[0]?.destinations).toEqual([{ cidr: "10.9.9.9" }]);
  });
});

it("networks are changed by who may, in projects of their own", async () => {
  for (const path of [networks, subnets, rules, external, internal]) {
    for (const [method, target] of [
      ["POST", path],
      ["PATCH", `${path}/x`],
      ["DELETE", `${path}/x`],
    ] as const) {
      expect(await gateway.refusal(method, target, {}, { key: viewer })).toBe(
        "403 forbidden: the role viewer does not allow it",
      );
      expect(await gateway.refusal(method, target.replace("alpha", "gamma"), {})).toMatch(/^403 /);
      expect(await gateway.refusal(method, target, {})).toMatch(method === "POST" ? /^400 / : /^404 /);
    }
  }
});
