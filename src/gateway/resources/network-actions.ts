import { publicIp } from "../addresses.ts";
import { type Answer, json } from "../answer.ts";
import { addressText, cidrText, doOverlap, isWithin, parseCidr } from "../cidr.ts";
import { changeFrom } from "../former.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody, requireOne, requireWritableProject } from "../route.ts";
import type { Network, Subnet } from "../state.ts";
import { requireLocation } from "../vm-orders.ts";
import {
  begin,
  beginAtOnce,
  deletionUnderWay,
  isThereOrComing,
  newId,
  record,
  requireFreeName,
  requireSettled,
} from "../writing.ts";
import { deletionOf } from "./deletion.ts";
import { networkChange, newNetwork, newSubnet, subnetChange } from "./network-schemas.ts";
import { inProject, networkBody, subnetBody } from "./networking.ts";
import { operationAnswer } from "./operations.ts";

/** A network is there when it is answered, and so is a subnet: neither is an operation. */
export function postNetwork(call: Call): Answer {
  const { id: projectId } = requireWritableProject(call);
  const { cidr, name } = requireBody(call, newNetwork);
  requireFreeName(call, call.organization.networks, { name, projectId });
  const network: Network = {
    id: newId(call),
    name,
    projectId,
    cidr: cidrText(cidr),
    gateway: addressText(cidr.first + 1),
    createdAt: call.at,
    deletedAt: null,
  };
  call.organization.networks.push(network);
  record(call, beginAtOnce(call, "network", "CREATE"), { resource: network });
  return json({ network: networkBody(network, call) });
}

function requireNetworkOfPath(call: Call): Network {
  requireWritableProject(call);
  return requireOne(call, inProject(call, call.organization.networks), "vpc_network_id");
}

/**
 * The network that a body names.
 *
 * @throws Refusal 404 where it is not in the project, 409 where it is going
 */
export function requireNetwork(call: Call, id: string): Network {
  const found = inProject(call, call.organization.networks).find((network) => network.id === id);
  if (!found) throw new Refusal(404, `there is no network ${JSON.stringify(id)} in this project`);
  if (deletionUnderWay(call, found)) throw new Refusal(409, `${found.name} is being deleted`);
  return found;
}

export function patchNetwork(call: Call): Answer {
  const network = requireNetworkOfPath(call);
  const { name } = requireBody(call, networkChange);
  requireSettled(call, network);
  const { id: except, projectId } = network;
  requireFreeName(call, call.organization.networks, { name, projectId, except });
  const operation = begin(call, "network", "UPDATE");
  changeFrom(network, operation.completedAt, { name });
  return operationAnswer(call, record(call, operation, { resource: network }));
}

export function deleteNetwork(call: Call): Answer {
  const network = requireNetworkOfPath(call);
  const { subnets, firewallRules, loadBalancers } = call.organization;
  return deletionOf(call, "network", network, () => {
    const user = [...subnets, ...firewallRules, ...loadBalancers].find(
      (one) => one.networkId === network.id && isThereOrComing(call, one),
    );
    if (user) throw new Refusal(409, `${network.name} is in use by ${user.name}`);
  });
}

export function postSubnet(call: Call): Answer {
  const { id: projectId } = requireWritableProject(call);
  const order = requireBody(call, newSubnet);
  const { cidr, name } = order;
  const location = requireLocation(call, order.location);
  const network = requireNetwork(call, order.vpc_network_id);
  const whole = parseCidr(network.cidr);
  if (whole && !isWithin(cidr, whole)) {
    throw new Refusal(400, `cidr: is not within the network's ${network.cidr}`);
  }
  const neighbour = call.organization.subnets.find((subnet) => {
    const other = subnet.networkId === network.id && isThereOrComing(call, subnet) && parseCidr(subnet.cidr);
    return other && doOverlap(cidr, other);
  });
  if (neighbour) throw new Refusal(400, `cidr: overlaps with ${neighbour.cidr} of ${neighbour.name}`);
  requireFreeName(call, call.organization.subnets, { name, projectId });
  const subnet: Subnet = {
    id: newId(call),
    name,
    projectId,
    networkId: network.id,
    cidr: cidrText(cidr),
    location,
    natGateway: order.nat_gateway_enabled ? newNatGateway(call) : null,
    createdAt: call.at,
    deletedAt: null,
  };
  call.organization.subnets.push(subnet);
  record(call, beginAtOnce(call, "subnet", "CREATE"), { resource: subnet });
  return json({ subnet: subnetBody(subnet, call) });
}

function newNatGateway(call: Call): NonNullable<Subnet["natGateway"]> {
  const id = newId(call);
  const { id: addressId, address } = publicIp(id, "static");
  return { id, address, addressId };
}

function requireSubnetOfPath(call: Call): Subnet {
  requireWritableProject(call);
  return requireOne(call, inProject(call, call.organization.subnets), "vpc_subnet_id");
}

export function patchSubnet(call: Call): Answer {
  const subnet = requireSubnetOfPath(call);
  const { name, nat_gateway_action: action } = requireBody(call, subnetChange);
  requireSettled(call, subnet);
  const { id: except, projectId } = subnet;
  requireFreeName(call, call.organization.subnets, { name, projectId, except });
  if (action && (action === "enable") === Boolean(subnet.natGateway)) {
    throw new Refusal(
      409,
      `${subnet.name} has ${subnet.natGateway ? "a NAT gateway already" : "no NAT gateway"}`,
    );
  }
  const operation = begin(call, "subnet", "UPDATE");
  const natGateway = action ? (action === "enable" ? newNatGateway(call) : null) : undefined;
  changeFrom(subnet, operation.completedAt, { name, natGateway });
  return operationAnswer(call, record(call, operation, { resource: subnet }));
}

export function deleteSubnet(call: Call): Answer {
  const subnet = requireSubnetOfPath(call);
  const { vms, loadBalancers } = call.organization;
  return deletionOf(call, "subnet", subnet, () => {
    const user =
      vms.find((vm) => vm.networkInterface?.subnetId === subnet.id && isThereOrComing(call, vm)) ??
      loadBalancers.find((one) => one.subnetId === subnet.id && isThereOrComing(call, one));
    if (user) throw new Refusal(409, `${subnet.name} is in use by ${user.name}`);
  });
}
