import { type Answer, json } from "../answer.ts";
import { asOf } from "../former.ts";
import { usualHealthCheck } from "../health-check.ts";
import { isRunning, living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { parameter } from "../query.ts";
import { type Call, requireOne, requireProject } from "../route.ts";
import type {
  FirewallRule,
  Lifetime,
  LoadBalancer,
  Network,
  NetworkTarget,
  Pool,
  Subnet,
  Vm,
} from "../state.ts";

/** Those of the resources that are in the path's project now. */
export function inProject<T extends Lifetime & { projectId: string }>(
  call: Call,
  resources: readonly T[],
): T[] {
  const project = requireProject(call);
  return living(resources, call.at).filter(({ projectId }) => projectId === project.id);
}

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
  name: asOf(network, at).name,
  subnets: living(organization.subnets, at)
    .filter(({ networkId }) => networkId === network.id)
    .map(({ id }) => id),
});

export const listSubnets = (call: Call): Answer =>
  listOf(
    call,
    inProject(call, call.organization.subnets).map((subnet) => subnetBody(subnet, call)),
  );

export const getSubnet = (call: Call): Answer => {
  const subnet = requireOne(call, inProject(call, call.organization.subnets), "vpc_subnet_id");
  return json(shaped(call, subnetBody(subnet, call)));
};

export function subnetBody(subnet: Subnet, { at }: Call) {
  const { name, natGateway } = asOf(subnet, at);
  return {
    cidr: subnet.cidr,
    id: subnet.id,
    location: subnet.location,
    name,
    nat_gateways: natGateway
      ? [
          {
            id: natGateway.id,
            public_ipv4_address: natGateway.address,
            public_ipv4_id: natGateway.addressId,
          },
        ]
      : [],
    vpc_network_id: subnet.networkId,
  };
}

export const listFirewallRules = (call: Call): Answer =>
  listOf(
    call,
    inProject(call, call.organization.firewallRules).map((rule) => firewallRuleBody(rule, call)),
  );

export const getFirewallRule = (call: Call): Answer => {
  const rules = inProject(call, call.organization.firewallRules);
  return json(shaped(call, firewallRuleBody(requireOne(call, rules, "vpc_firewall_rule_id"), call)));
};

export function firewallRuleBody(lasting: FirewallRule, { at }: Call) {
  const rule = asOf(lasting, at);
  return {
    action: rule.action,
    destination_ports: rule.destinationPorts,
    destinations: rule.destinations.map(targetBody),
    direction: rule.direction,
    id: rule.id,
    name: rule.name,
    protocols: rule.protocols,
    source_ports: rule.sourcePorts,
    sources: rule.sources.map(targetBody),
    state: "active",
    vpc_network_id: rule.networkId,
  };
}

const targetBody = ({ cidr, resourceId }: NetworkTarget) => ({
  ...(cidr && { cidr }),
  ...(resourceId && { resource_id: resourceId }),
});

export function listLoadBalancers(call: Call): Answer {
  const location = parameter(call.query, "location");
  const networkId = parameter(call.query, "vpc_network_id");
  const name = parameter(call.query, "name");
  const balancers = loadBalancersOf(call, false).filter(
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
  json(shaped(call, externalBody(requireOne(call, loadBalancersOf(call, false), "load_balancer_id"), call)));

export const listInternalLoadBalancers = (call: Call): Answer =>
  listOf(
    call,
    loadBalancersOf(call, true).map((balancer) => internalBody(balancer, call)),
  );

export const getInternalLoadBalancer = (call: Call): Answer =>
  json(shaped(call, internalBody(requireOne(call, loadBalancersOf(call, true), "load_balancer_id"), call)));

export const loadBalancersOf = (call: Call, isInternal: boolean): LoadBalancer[] =>
  inProject(call, call.organization.loadBalancers).filter((balancer) => balancer.isInternal === isInternal);

export function externalBody(lasting: LoadBalancer, call: Call) {
  const balancer = asOf(lasting, call.at);
  const check = balancer.healthCheck ?? usualHealthCheck;
  return {
    health_check_options: {
      failure_count: check.failureCount,
      interval: check.interval,
      success_count: check.successCount,
      timeout: check.timeout,
    },
    id: balancer.id,
    listen_ports_and_backends: listenersOf(balancer, call).map(({ port, backends }) => ({
      backends,
      listen_port: port,
    })),
    location: balancer.location,
    name: balancer.name,
    project_id: balancer.projectId,
    protocol: balancer.protocols[0] ?? "tcp",
    vip: balancer.address,
    vpc_id: balancer.networkId,
  };
}

function listenersOf({ pool, listeners }: LoadBalancer, call: Call): LoadBalancer["listeners"] {
  if (!pool) return listeners;
  const backends = vmsOf(pool, call).map((vm) => ({
    ip: vm.networkInterface?.privateIp ?? "",
    port: pool.backendPort,
  }));
  return [{ port: pool.port, backends }];
}

export function internalBody(lasting: LoadBalancer, call: Call) {
  const balancer = asOf(lasting, call.at);
  const { pool, healthCheck } = balancer;
  const destinations = pool
    ? vmsOf(pool, call).map(({ id, networkInterface }) => ({
        cidr: `${networkInterface?.privateIp ?? "0.0.0.0"}/32`,
        resourceId: id,
      }))
    : balancer.destinations;
  return {
    algorithm: balancer.algorithm,
    destinations: destinations.map(targetBody),
    ...(healthCheck && {
      health_check: {
        failure_count: String(healthCheck.failureCount),
        interval: String(healthCheck.interval),
        port: String(healthCheck.port ?? pool?.backendPort ?? ""),
        success_count: String(healthCheck.successCount),
        timeout: String(healthCheck.timeout),
      },
    }),
    id: balancer.id,
    ips: [
      { private_ipv4: { address: balancer.address }, public_ipv4: { address: "", id: "", type: "dynamic" } },
    ],
    location: balancer.location,
    name: balancer.name,
    network_interfaces: [{ network: balancer.networkId, subnet: balancer.subnetId }],
    protocols: balancer.protocols,
    type: "internal_ipv4",
  };
}

const vmsOf = ({ groupId, vmIds }: Pool, { at, derived }: Call): Vm[] =>
  groupId === null
    ? vmIds.flatMap((id) => derived.inventory.vmById.get(id) ?? [])
    : (derived.inventory.vmsByGroup.get(groupId) ?? []).filter((vm) => isRunning(vm, at));
