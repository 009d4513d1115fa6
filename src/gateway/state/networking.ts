import type { Former, Lifetime } from "./lifetime.ts";

export interface Network extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  cidr: string;
  gateway: string;
  formerly?: Former<Network>[];
}

export interface Subnet extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  cidr: string;
  location: string;
  /** By which VMs without a public address reach the outside. */
  natGateway: { id: string; address: string; addressId: string } | null;
  formerly?: Former<Subnet>[];
}

/** What traffic comes from or goes to: addresses, a resource, or both said of one; empty is not said. */
export interface NetworkTarget {
  cidr: string;
  resourceId: string;
}

export interface FirewallRule extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  action: "allow" | "deny";
  direction: "ingress" | "egress";
  protocols: string[];
  sources: NetworkTarget[];
  sourcePorts: string[];
  destinations: NetworkTarget[];
  destinationPorts: string[];
  formerly?: Former<FirewallRule>[];
}

/** How a load balancer finds out which of its backends are well. */
export interface HealthCheck {
  /** Null where it is that of each backend. */
  port: number | null;
  failureCount: number;
  successCount: number;
  /** In seconds, as the next. */
  interval: number;
  timeout: number;
}

/** VMs over which requests are spread, as they come and go. */
export interface Pool {
  port: number;
  backendPort: number;
  /** The group whose running VMs they are; null where they are single ones. */
  groupId: string | null;
  /** VMs that are among them whether they run or not. */
  vmIds: string[];
}

export interface LoadBalancer extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  /** Empty where it hangs on none. */
  subnetId: string;
  location: string;
  isInternal: boolean;
  address: string;
  protocols: string[];
  /** How an internal one chooses. */
  algorithm: string;
  /** A scenario's VMs behind it; null where clients said what is, as follows. */
  pool: Pool | null;
  /** Of an external one: each port that it listens on, and where that leads. */
  listeners: { port: number; backends: { ip: string; port: number }[] }[];
  /** Of an internal one. */
  destinations: NetworkTarget[];
  healthCheck: HealthCheck | null;
  formerly?: Former<LoadBalancer>[];
}
