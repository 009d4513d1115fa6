import {
  type Column,
  id,
  json,
  name,
  notOffered,
  operations,
  organizationId,
  projectId,
  type Stream,
  stream,
  text,
} from "./stream.ts";

const network = (streamName: string, description: string, path: string, columns: readonly Column[]): Stream =>
  stream({
    name: streamName,
    description,
    path: `/projects/{project_id}/networking/${path}`,
    scope: "project",
    cadence: "weekly",
    notOfferedOn: notOffered,
    columns: [organizationId, projectId, id, name(), ...columns],
  });

/** Networks, what guards them and what spreads load over them. */
export const networkingStreams = [
  network("networks", "VPC networks.", "vpc-networks", [text("cidr"), text("gateway"), json("subnets")]),
  operations("network_operations", "VPC networks", "networking/vpc-networks"),
  network("subnets", "Subnets of VPC networks.", "vpc-subnets", [
    text("vpc_network_id"),
    text("location"),
    text("cidr"),
    json("nat_gateways"),
  ]),
  operations("subnet_operations", "subnets", "networking/vpc-subnets"),
  network("firewall_rules", "Firewall rules of VPC networks.", "vpc-firewall-rules", [
    text("vpc_network_id"),
    text("state"),
    text("action"),
    text("direction"),
    json("protocols"),
    json("sources"),
    json("source_ports"),
    json("destinations"),
    json("destination_ports"),
  ]),
  operations("firewall_rule_operations", "firewall rules", "networking/vpc-firewall-rules"),
  network("load_balancers", "Load balancers that the outside reaches.", "load-balancers", [
    text("vpc_id"),
    text("location"),
    text("protocol"),
    text("vip"),
    json("listen_ports_and_backends"),
    json("health_check_options"),
  ]),
  operations("load_balancer_operations", "load balancers", "networking/load-balancers"),
  network("internal_load_balancers", "Load balancers within a network.", "internal-load-balancers", [
    text("location"),
    text("type"),
    text("algorithm"),
    json("protocols"),
    json("destinations"),
    json("ips"),
    json("network_interfaces"),
    json("health_check"),
  ]),
  operations(
    "internal_load_balancer_operations",
    "internal load balancers",
    "networking/internal-load-balancers",
  ),
];
