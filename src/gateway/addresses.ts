import type { Instant } from "./instant.ts";
import { isLiving } from "./inventory.ts";
import { hexOf, uuidOf } from "./random.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";
import type { Subnet, VmNetworkInterface } from "./state.ts";

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

/** The next address of a subnet; those of who is long gone are given out again. */
export function nextAddress({ organization }: Call, subnet: Subnet): string {
  const [base = "10.0.0.0", bits = "24"] = subnet.cidr.split("/");
  const given =
    organization.vms.filter((vm) => vm.networkInterface?.subnetId === subnet.id).length +
    organization.loadBalancers.filter(({ subnetId }) => subnetId === subnet.id).length;
  const hosts = Math.max(1, 2 ** (32 - Number(bits)) - 12);
  const first = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const address = first + 10 + (given % hosts);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/**
 * The subnet that a VM is to be in: the one that was named, or the project's first in the location, which is made
 * where there is none.
 *
 * @throws Refusal 400 where the one that was named is not there
 */
export function subnetFor(
  call: Call,
  { projectId, location, subnetId }: { projectId: string; location: string; subnetId: string },
): Subnet {
  const subnets = call.organization.subnets.filter(
    (subnet) => subnet.projectId === projectId && subnet.location === location && isLiving(subnet, call.at),
  );
  const found = subnetId ? subnets.find(({ id }) => id === subnetId) : subnets[0];
  if (found) return found;
  if (subnetId) throw new Refusal(400, `subnet: there is no ${JSON.stringify(subnetId)} in ${location}`);
  return makeSubnet(call, projectId, location, call.at);
}

/** A project's first network is there as soon as something needs it. */
function makeSubnet(
  { organization, at }: Call,
  projectId: string,
  location: string,
  createdAt: Instant,
): Subnet {
  const number = (organization.projects.findIndex(({ id }) => id === projectId) + 1) % 256;
  let network = organization.networks.find((one) => one.projectId === projectId && isLiving(one, at));
  if (!network) {
    network = {
      id: uuidOf(organization.id, "network", projectId),
      name: "default-vpc-network",
      projectId,
      cidr: `10.${number}.0.0/16`,
      gateway: `10.${number}.0.1`,
      createdAt,
      deletedAt: null,
    };
    organization.networks.push(network);
  }
  const subnet: Subnet = {
    id: uuidOf(organization.id, "subnet", projectId, location, createdAt),
    name: `${location}-subnet`,
    projectId,
    networkId: network.id,
    cidr: network.cidr.replace(
      /\.\d+\.\d+\/\d+$/,
      `.${(organization.locations.indexOf(location) % 8) * 32}.0/19`,
    ),
    location,
    createdAt,
    deletedAt: null,
  };
  organization.subnets.push(subnet);
  return subnet;
}
