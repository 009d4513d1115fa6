import { addressText, type Cidr, cidrText, doOverlap, parseCidr, partOf } from "./cidr.ts";
import { isLiving } from "./inventory.ts";
import { hexOf, uuidOf } from "./random.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";
import type { Lifetime, Network, Subnet, VmNetworkInterface } from "./state.ts";
import { deletionUnderWay, isThereOrComing, newId } from "./writing.ts";

/** The public address of the range that is set aside for documents, so that it is nobody's. */
export const publicIp = (id: string, type: "static" | "dynamic") => ({
  id: uuidOf("public-ip", id),
  address: `203.0.113.${Number.parseInt(hexOf(2, "public-ip", id), 16)}`,
  type,
});

/** A new VM's way into the subnet. */
export function interfaceIn(
  call: Call,
  subnet: Subnet,
  vmId: string,
  publicType: "static" | "dynamic" | null,
): VmNetworkInterface {
  const mac = hexOf(6, "mac", vmId).toLowerCase().match(/../g) ?? [];
  return {
    id: uuidOf("interface", vmId),
    networkId: subnet.networkId,
    subnetId: subnet.id,
    privateIp: nextAddress(call, subnet),
    publicIp: publicType === null ? null : publicIp(vmId, publicType),
    macAddress: ["00", "00", "5e", ...mac].join(":"),
  };
}

/** The next address of a subnet that nobody has; those of who is gone are given out again, once all were given. */
export function nextAddress({ organization, at }: Call, subnet: Subnet): string {
  const { first, bits } = parseCidr(subnet.cidr) ?? { first: 0, bits: 32 };
  const isGone = ({ deletedAt }: Lifetime) => deletedAt !== null && deletedAt <= at;
  let given = 0;
  const taken = new Set<string>();
  const note = (holder: Lifetime, address: string) => {
    given++;
    if (!isGone(holder)) taken.add(address);
  };
  for (const vm of organization.vms) {
    if (vm.networkInterface?.subnetId === subnet.id) note(vm, vm.networkInterface.privateIp);
  }
  for (const one of organization.loadBalancers) if (one.subnetId === subnet.id) note(one, one.address);
  const hosts = Math.max(1, 2 ** (32 - bits) - 12);
  const addressAt = (number: number) => addressText(first + 10 + (number % hosts));
  let next = given;
  while (next < given + hosts && taken.has(addressAt(next))) next++;
  return addressAt(next);
}

/**
 * The subnet that a VM is to be in: the one that was named, or the project's first in the location, which is made
 * where there is none.
 *
 * @throws Refusal 400 where the one that was named is not there, or there is no room for one; 409 where it is going
 */
export function subnetFor(
  call: Call,
  { projectId, location, subnetId }: { projectId: string; location: string; subnetId: string },
): Subnet {
  const subnets = call.organization.subnets.filter(
    (subnet) => subnet.projectId === projectId && subnet.location === location && isLiving(subnet, call.at),
  );
  const found = subnetId ? subnets.find(({ id }) => id === subnetId) : subnets[0];
  if (found && deletionUnderWay(call, found)) throw new Refusal(409, `${found.name} is being deleted`);
  if (found) return found;
  if (subnetId) throw new Refusal(400, `subnet: there is no ${JSON.stringify(subnetId)} in ${location}`);
  return makeSubnet(call, projectId, location);
}

function makeSubnet(call: Call, projectId: string, location: string): Subnet {
  const { organization, at } = call;
  const network = firstNetwork(call, projectId);
  const subnet: Subnet = {
    id: newId(call),
    name: `${location}-subnet`,
    projectId,
    networkId: network.id,
    cidr: cidrText(roomIn(call, network, location)),
    location,
    natGateway: null,
    createdAt: at,
    deletedAt: null,
  };
  organization.subnets.push(subnet);
  return subnet;
}

/** A project's first network is there as soon as something needs it. */
function firstNetwork(call: Call, projectId: string): Network {
  const { organization, at } = call;
  const found = organization.networks.find(
    (one) => one.projectId === projectId && isLiving(one, at) && !deletionUnderWay(call, one),
  );
  if (found) return found;
  const number = (organization.projects.findIndex(({ id }) => id === projectId) + 1) % 256;
  const network: Network = {
    id: newId(call),
    name: "default-vpc-network",
    projectId,
    cidr: `10.${number}.0.0/16`,
    gateway: `10.${number}.0.1`,
    createdAt: at,
    deletedAt: null,
  };
  organization.networks.push(network);
  return network;
}

/** Where in the network a subnet of usual size fits: each location has its place, if nobody else has taken it. */
function roomIn(call: Call, network: Network, location: string): Cidr {
  const { organization } = call;
  const whole = parseCidr(network.cidr);
  if (!whole) throw new RangeError(`${network.cidr} is no stretch of addresses`);
  const taken = organization.subnets.flatMap((subnet) =>
    subnet.networkId === network.id && isThereOrComing(call, subnet) ? (parseCidr(subnet.cidr) ?? []) : [],
  );
  const bits = Math.min(28, Math.max(19, whole.bits + 3));
  const place = organization.locations.indexOf(location);
  for (let number = 0; number < 2 ** (bits - whole.bits); number++) {
    const part = partOf(whole, bits, place + number);
    if (!taken.some((one) => doOverlap(one, part))) return part;
  }
  throw new Refusal(400, `subnet: ${network.name} has no room for one in ${location}`);
}
