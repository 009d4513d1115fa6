import { nextAddress } from "../addresses.ts";
import type { Answer } from "../answer.ts";
import { changeFrom } from "../former.ts";
import { usualHealthCheck } from "../health-check.ts";
import { hexOf } from "../random.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody, requireOne, requireWritableProject } from "../route.ts";
import type { LoadBalancer, Subnet } from "../state.ts";
import { requireLocation } from "../vm-orders.ts";
import { begin, deletionUnderWay, newId, record, requireFreeName, requireSettled } from "../writing.ts";
import { deletionOf } from "./deletion.ts";
import { requireTargets } from "./firewall-actions.ts";
import { requireNetwork } from "./network-actions.ts";
import {
  internalLoadBalancerChange,
  loadBalancerChange,
  newInternalLoadBalancer,
  newLoadBalancer,
} from "./network-schemas.ts";
import { inProject, loadBalancersOf } from "./networking.ts";
import { operationAnswer } from "./operations.ts";

/** Those of its kind: the two kinds have names of their own. */
const ofKind = (call: Call, isInternal: boolean): LoadBalancer[] =>
  call.organization.loadBalancers.filter((one) => one.isInternal === isInternal);

function requireBalancerOfPath(call: Call, isInternal: boolean): LoadBalancer {
  requireWritableProject(call);
  return requireOne(call, loadBalancersOf(call, isInternal), "load_balancer_id");
}

export function postLoadBalancer(call: Call): Answer {
  const { id: projectId } = requireWritableProject(call);
  const order = requireBody(call, newLoadBalancer);
  const { name, protocol, listen_ports_and_backends: listeners } = order;
  const location = requireLocation(call, order.location);
  const network = requireNetwork(call, order.vpc_id);
  requireFreeName(call, ofKind(call, false), { name, projectId });
  const operation = begin(call, "load-balancer", "CREATE");
  const id = newId(call);
  const balancer: LoadBalancer = {
    id,
    name,
    projectId,
    networkId: network.id,
    // It is reached from outside, and hangs on none.
    subnetId: "",
    location,
    isInternal: false,
    address: `198.51.100.${Number.parseInt(hexOf(2, "vip", id), 16)}`,
    protocols: [protocol],
    algorithm: "random",
    pool: null,
    listeners,
    destinations: [],
    healthCheck: order.health_check_options ?? usualHealthCheck,
    createdAt: operation.completedAt,
    deletedAt: null,
  };
  call.organization.loadBalancers.push(balancer);
  return operationAnswer(call, record(call, operation, { resource: balancer }));
}

export function patchLoadBalancer(call: Call): Answer {
  const balancer = requireBalancerOfPath(call, false);
  const change = requireBody(call, loadBalancerChange);
  requireSettled(call, balancer);
  const operation = begin(call, "load-balancer", "UPDATE");
  changeFrom(balancer, operation.completedAt, {
    pool: null,
    listeners: change.listen_ports_and_backends,
    healthCheck: change.health_check_options,
  });
  return operationAnswer(call, record(call, operation, { resource: balancer }));
}

export const deleteLoadBalancer = (call: Call): Answer =>
  deletionOf(call, "load-balancer", requireBalancerOfPath(call, false));

export function postInternalLoadBalancer(call: Call): Answer {
  const { id: projectId } = requireWritableProject(call);
  const order = requireBody(call, newInternalLoadBalancer);
  const { name, algorithm, protocols, destinations, health_check: healthCheck } = order;
  const location = requireLocation(call, order.location);
  const subnet = requireSubnet(call, order.network_interfaces[0], location);
  requireTargets(call, destinations);
  requireFreeName(call, ofKind(call, true), { name, projectId });
  const operation = begin(call, "internal-load-balancer", "CREATE");
  const balancer: LoadBalancer = {
    id: newId(call),
    name,
    projectId,
    networkId: subnet.networkId,
    subnetId: subnet.id,
    location,
    isInternal: true,
    address: nextAddress(call, subnet),
    protocols,
    algorithm,
    pool: null,
    listeners: [],
    destinations,
    healthCheck: healthCheck?.check ?? null,
    createdAt: operation.completedAt,
    deletedAt: null,
  };
  call.organization.loadBalancers.push(balancer);
  return operationAnswer(call, record(call, operation, { resource: balancer }));
}

/** The subnet that an internal one hangs on, which must be where it is. */
function requireSubnet(
  call: Call,
  way: { network: string; subnet: string } | undefined,
  location: string,
): Subnet {
  const { network = "", subnet: id = "" } = way ?? {};
  const found = inProject(call, call.organization.subnets).find((subnet) => subnet.id === id);
  if (!found) throw new Refusal(404, `there is no subnet ${JSON.stringify(id)} in this project`);
  if (network !== "" && network !== found.networkId) {
    throw new Refusal(400, `network_interfaces[0].network: ${found.name} is of another network`);
  }
  if (found.location !== location) {
    throw new Refusal(400, `location: ${found.name} is in ${found.location}`);
  }
  if (deletionUnderWay(call, found)) throw new Refusal(409, `${found.name} is being deleted`);
  return found;
}

export function patchInternalLoadBalancer(call: Call): Answer {
  const balancer = requireBalancerOfPath(call, true);
  const change = requireBody(call, internalLoadBalancerChange);
  const { name, destinations } = change;
  requireSettled(call, balancer);
  if (name !== undefined) {
    const { id: except, projectId } = balancer;
    requireFreeName(call, ofKind(call, true), { name, projectId, except });
  }
  requireTargets(call, destinations ?? []);
  const operation = begin(call, "internal-load-balancer", "UPDATE");
  changeFrom(balancer, operation.completedAt, {
    name,
    destinations,
    ...(destinations && { pool: null }),
    healthCheck: change.health_check?.check,
  });
  return operationAnswer(call, record(call, operation, { resource: balancer }));
}

export const deleteInternalLoadBalancer = (call: Call): Answer =>
  deletionOf(call, "internal-load-balancer", requireBalancerOfPath(call, true));
