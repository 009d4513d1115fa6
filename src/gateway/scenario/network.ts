import { usualHealthCheck } from "../health-check.ts";
import type { Instant } from "../instant.ts";
import { hexOf, uuidOf } from "../random.ts";
import type { NetworkTarget, Organization, Subnet, VmNetworkInterface } from "../state.ts";
import type { Build } from "./build.ts";
import type { ScenarioFile } from "./format.ts";

/** Gives VMs and load balancers their addresses, and makes the networks and subnets for them as they are needed. */
export interface NetworkPlan {
  subnetOf(projectId: string, location: string, from: Instant): Subnet;
  addressIn(subnet: Subnet): string;
  interfaceOf(
    vmId: string,
    projectId: string,
    location: string,
    from: Instant,
    isPublic: boolean,
  ): VmNetworkInterface;
}

export function planNetwork(organization: Organization, seed: ScenarioFile["seed"]): NetworkPlan {
  const taken = new Map<string, number>();
  const plan: NetworkPlan = {
    subnetOf(projectId, location, from) {
      const existing = organization.subnets.find(
        (subnet) => subnet.projectId === projectId && subnet.location === location,
      );
      if (existing) {
        existing.createdAt = Math.min(existing.createdAt, from);
        return existing;
      }
      const projectNumber = organization.projects.findIndex(({ id }) => id === projectId) + 1;
      const network = networkOf(organization, seed, projectId, projectNumber);
      const subnet: Subnet = {
        id: uuidOf(seed, "subnet", projectId, location),
        name: `${location}-subnet`,
        projectId,
        networkId: network.id,
        cidr: `10.${projectNumber}.${organization.locations.indexOf(location) * 32}.0/19`,
        location,
        natGateway: null,
        createdAt: from,
        deletedAt: null,
      };
      organization.subnets.push(subnet);
      return subnet;
    },
    addressIn(subnet) {
      const number = taken.get(subnet.id) ?? 0;
      taken.set(subnet.id, number + 1);
      const [a = "10", b = "0", c = "0"] = subnet.cidr.split(".");
      // A /19 has 8192 addresses; those of VMs long gone are given out again.
      const host = 10 + (number % 8000);
      return `${a}.${b}.${Number(c) + (host >> 8)}.${host & 255}`;
    },
    interfaceOf(vmId, projectId, location, from, isPublic) {
      const subnet = plan.subnetOf(projectId, location, from);
      const mac = hexOf(6, seed, "mac", vmId).toLowerCase().match(/../g) ?? [];
      return {
        id: uuidOf(seed, "interface", vmId),
        networkId: subnet.networkId,
        subnetId: subnet.id,
        privateIp: plan.addressIn(subnet),
        // Of the range that is set aside for documents, so that it is nobody's.
        publicIp: isPublic
          ? {
              id: uuidOf(seed, "public-ip", vmId),
              address: `203.0.113.${Number.parseInt(hexOf(2, seed, "public-ip", vmId), 16)}`,
              type: "static",
            }
          : null,
        macAddress: ["00", "00", "5e", ...mac].join(":"),
      };
    },
  };
  return plan;
}

function networkOf(
  organization: Organization,
  seed: ScenarioFile["seed"],
  projectId: string,
  projectNumber: number,
) {
  const existing = organization.networks.find((network) => network.projectId === projectId);
  if (existing) return existing;
  const network = {
    id: uuidOf(seed, "network", projectId),
    name: "default-vpc-network",
    projectId,
    cidr: `10.${projectNumber}.0.0/16`,
    gateway: `10.${projectNumber}.0.1`,
    createdAt: organization.projects[projectNumber - 1]?.createdAt ?? 0,
    deletedAt: null,
  };
  organization.networks.push(network);
  return network;
}

const targetOf = (cidr: string): NetworkTarget => ({ cidr, resourceId: "" });

/** Firewall rules, load balancers, and networks that nothing asked for. */
export function addNetworking(build: Build): void {
  const { file, organization, network } = build;
  for (const [position, entry] of file.firewall_rules.entries()) {
    const project = build.find(build.projects, entry.project, `firewall_rules[${position}].project`);
    const { networkId } = network.subnetOf(project.id, file.locations[0] ?? "", project.createdAt);
    organization.firewallRules.push({
      id: uuidOf(file.seed, "firewall-rule", entry.project, entry.name),
      name: entry.name,
      projectId: project.id,
      networkId,
      action: entry.action,
      direction: entry.direction,
      protocols: entry.protocols,
      sources: entry.sources.map(targetOf),
      sourcePorts: ["1-65535"],
      destinations: [
        targetOf(organization.networks.find(({ id }) => id === networkId)?.cidr ?? "10.0.0.0/8"),
      ],
      destinationPorts: entry.destination_ports,
      createdAt: project.createdAt,
      deletedAt: project.deletedAt,
    });
  }
  for (const [position, entry] of file.load_balancers.entries()) {
    const path = `load_balancers[${position}]`;
    const project = build.find(build.projects, entry.project, `${path}.project`);
    if (entry.fleet !== undefined) build.find(build.vmsByFleet, entry.fleet, `${path}.fleet`);
    const vms = (entry.vms ?? []).map((name) => build.find(build.vmsByName, name, `${path}.vms`));
    const location =
      entry.location ??
      file.fleets.find(({ name }) => name === entry.fleet)?.location ??
      vms[0]?.location ??
      "";
    const subnet = network.subnetOf(project.id, location, entry.created);
    organization.loadBalancers.push({
      id: uuidOf(file.seed, "load-balancer", entry.project, entry.name),
      name: entry.name,
      projectId: project.id,
      networkId: subnet.networkId,
      subnetId: subnet.id,
      location,
      isInternal: entry.is_internal,
      address: entry.is_internal
        ? network.addressIn(subnet)
        : `198.51.100.${Number.parseInt(hexOf(2, file.seed, "vip", entry.name), 16)}`,
      protocols: ["tcp"],
      algorithm: "random",
      healthCheck: usualHealthCheck,
      pool: {
        port: entry.port,
        backendPort: entry.backend_port,
        groupId: entry.fleet === undefined ? null : uuidOf(file.seed, "group", entry.fleet),
        vmIds: vms.map(({ id }) => id),
      },
      listeners: [],
      destinations: [],
      createdAt: entry.created,
      deletedAt: entry.deleted ?? null,
    });
  }
  // Last, so that none of them is taken for the one that a project is given.
  for (const [position, entry] of file.networks.entries()) {
    const project = build.find(build.projects, entry.project, `networks[${position}].project`);
    const id = uuidOf(file.seed, "network", entry.project, entry.name);
    const prefix = `172.${16 + (position % 16)}`;
    const lifetime = { createdAt: entry.created, deletedAt: entry.deleted ?? null };
    organization.networks.push({
      id,
      name: entry.name,
      projectId: project.id,
      cidr: `${prefix}.0.0/16`,
      gateway: `${prefix}.0.1`,
      ...lifetime,
    });
    for (const [index, { name, location }] of entry.subnets.entries()) {
      organization.subnets.push({
        id: uuidOf(file.seed, "subnet", entry.project, entry.name, name),
        name,
        projectId: project.id,
        networkId: id,
        cidr: `${prefix}.${(index % 8) * 32}.0/19`,
        location: build.find(build.locations, location, `networks[${position}].subnets[${index}].location`),
        natGateway: null,
        ...lifetime,
      });
    }
  }
}
