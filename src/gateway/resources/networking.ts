import { type Answer, json } from "../answer.ts";
import { isRunning, living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { parameter } from "../query.ts";
import { type Call, requireOne, requireProject } from "../route.ts";
import type { FirewallRule, Lifetime, LoadBalancer, Network, Subnet, Vm } from "../state.ts";

export const listNetworks = (call: Call): Answer =>
  listOf(
    call,
    inProject(call, call.organization.networks).map((network) => networkBody(network, call)),
  );

export const getNetwork = (call: Call): Answer => {
  const network = requireOne(call, inProject(call, call.organization.networks), "vpc_network_id");
  return json(shaped(call, networkBody(network, call)));
};

export const networkBody = (network: Network, { organization, at }: Call) => ({
  cidr: network.cidr,
  gateway: network.gateway,
  id: network.id,
  name: network.name,
  subnets: living(organization.subnets, at)
    .filter(({ networkId }) => networkId === network.id)
    .map(({ id }) => id),
});

export const listSubnets = (call: Call): Answer =>
  listOf(call, inProject(call, call.organization.subnets).map(subnetBody));

export const getSubnet = (call: Call): Answer =>
  json(
    shaped(call, subnetBody(requireOne(call, inProject(call, call.organization.subnets), "vpc_subnet_id"))),
  );

export const subnetBody = (subnet: Subnet) => ({
  cidr: subnet.cidr,
  id: subnet.id,
  location: subnet.location,
  name: subnet.name,
  nat_gateways: [],
  vpc_network_id: subnet.networkId,
});

export const listFirewallRules = (call: Call): Answer =>
  listOf(call, inProject(call, call.organization.firewallRules).map(firewallRuleBody));

export const getFirewallRule = (call: Call): Answer => {
  const rules = inProject(call, call.organization.firewallRules);
  return json(shaped(call, firewallRuleBody(requireOne(call, rules, "vpc_firewall_rule_id"))));
};

export const firewallRuleBody = (rule: FirewallRule) => ({
  action: rule.action,
  destination_ports: rule.destinationPorts,
  destinations: rule.destinations.map((cidr) => ({ cidr })),
  direction: rule.direction,
  id: rule.id,
  name: rule.name,
  protocols: rule.protocols,
  source_ports: rule.sourcePorts,
  sources: rule.sources.map((cidr) => ({ cidr })),
  state: "active",
  vpc_network_id: rule.networkId,
});

export function listLoadBalancers(call: Call): Answer {
  const location = parameter(call.query, "location");
  const networkId = parameter(call.query, "vpc_network_id");
  const name = parameter(call.query, "name");
  const balancers = loadBalancers(call, false).filter(
    (balancer) =>
      (!location || balancer.location === location) &&
      (!networkId || balancer.networkId === networkId) &&
      (!name || balancer.name === name),
  );
  return listOf(
    call,
    balancers.map((balancer) => externalBody(balancer, call)),
  );
}

export const getLoadBalancer = (call: Call): Answer =>
  json(shaped(call, externalBody(requireOne(call, loadBalancers(call, false), "load_balancer_id"), call)));

export const listInternalLoadBalancers = (call: Call): Answer =>
  listOf(
    call,
    loadBalancers(call, true).map((balancer) => internalBody(balancer, call)),
  );

export const getInternalLoadBalancer = (call: Call): Answer =>
  json(shaped(call, internalBody(requireOne(call, loadBalancers(call, true), "load_balancer_id"), call)));

const loadBalancers = (call: Call, isInternal: boolean): LoadBalancer[] =>
  inProject(call, call.organization.loadBalancers).filter((balancer) => balancer.isInternal === isInternal);

export const externalBody = (balancer: LoadBalancer, call: Call) => ({
  health_check_options: { failure_count: 3, interval: 60, success_count: 2, timeout: 20 },
  id: balancer.id,
  listen_ports_and_backends: [
    {
      backends: backendsOf(balancer, call).map((vm) => ({
        ip: vm.networkInterface?.privateIp ?? "",
        port: balancer.backendPort,
      })),
      listen_port: balancer.port,
    },
  ],
  location: balancer.location,
  name: balancer.name,
  project_id: balancer.projectId,
  protocol: "tcp",
  vip: balancer.address,
  vpc_id: balancer.networkId,
});

export const internalBody = (balancer: LoadBalancer, call: Call) => ({
  algorithm: "random",
  destinations: backendsOf(balancer, call).map((vm) => ({
    cidr: `${vm.networkInterface?.privateIp ?? "0.0.0.0"}/32`,
    resource_id: vm.id,
  })),
  health_check: {
    failure_count: "3",
    interval: "60",
    port: String(balancer.backendPort),
    success_count: "2",
    timeout: "20",
  },
  id: balancer.id,
  ips: [
    { private_ipv4: { address: balancer.address }, public_ipv4: { address: "", id: "", type: "dynamic" } },
  ],
  location: balancer.location,
  name: balancer.name,
  network_interfaces: [{ network: balancer.networkId, subnet: balancer.subnetId }],
  protocols: ["tcp"],
  type: "internal_ipv4",
});

const backendsOf = ({ groupId, vmIds }: LoadBalancer, { at, derived }: Call): Vm[] =>
  groupId === null
    ? vmIds.flatMap((id) => derived.inventory.vmById.get(id) ?? [])
    : (derived.inventory.vmsByGroup.get(groupId) ?? []).filter((vm) => isRunning(vm, at));

function inProject<T extends Lifetime & { projectId: string }>(call: Call, resources: readonly T[]): T[] {
  const project = requireProject(call);
  return living(resources, call.at).filter(({ projectId }) => projectId === project.id);
}
