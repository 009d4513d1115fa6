import type { Lifetime } from "./lifetime.ts";

export interface Network extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  cidr: string;
  gateway: string;
}

export interface Subnet extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  cidr: string;
  location: string;
}

export interface FirewallRule extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  action: "allow" | "deny";
  direction: "ingress" | "egress";
  protocols: string[];
  sources: string[];
  sourcePorts: string[];
  destinations: string[];
  destinationPorts: string[];
}

export interface LoadBalancer extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  subnetId: string;
  location: string;
  isInternal: boolean;
  address: string;
  port: number;
  backendPort: number;
  /** The group whose running VMs it spreads requests over; null where it is given single ones. */
  groupId: string | null;
  /** VMs that it spreads requests over whether they run or not. */
  vmIds: string[];
}
