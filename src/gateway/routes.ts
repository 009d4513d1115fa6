import { Refusal } from "./refusal.ts";
import { getIdentity, listSshKeys, listTokens } from "./resources/account.ts";
import { getBillingCosts, getBillingOptions } from "./resources/billing.ts";
import {
  getImage,
  getInstanceGroup,
  getReservation,
  getTemplate,
  listCapacities,
  listCustomImages,
  listImages,
  listInstanceGroups,
  listLocations,
  listReservations,
  listTemplates,
  listVmTypes,
} from "./resources/compute.ts";
import { getGpuTracking, getLatestGpuTracking } from "./resources/gpu-tracking.ts";
import { getTimeseries, queryByParameters, queryInstant, queryRange } from "./resources/metrics.ts";
import {
  getFirewallRule,
  getInternalLoadBalancer,
  getLoadBalancer,
  getNetwork,
  getSubnet,
  listFirewallRules,
  listInternalLoadBalancers,
  listLoadBalancers,
  listNetworks,
  listSubnets,
} from "./resources/networking.ts";
import { operationRoutes } from "./resources/operations.ts";
import { getProject, listEntities, listProjects } from "./resources/organizations.ts";
import { listOrganizationQuotas, listProjectQuotas } from "./resources/quotas.ts";
import { getDisk, getSnapshot, listDisks, listSnapshots } from "./resources/storage.ts";
import { getUsage, getUsageExport, getUsageOptions } from "./resources/usage.ts";
import { getVm, listVms } from "./resources/vms.ts";
import type { Route } from "./route.ts";

const organization = "/organizations/{organization_id}";
const project = "/projects/{project_id}";

/** Everything that the gateway answers, under each version prefix. Of two that match a path the first holds. */
export const routes: readonly Route[] = [
  // Before the resources that they are of: `operations` is the id of none.
  ...operationRoutes,
  { method: "GET", pattern: "/capacities", handle: listCapacities },
  { method: "GET", pattern: "/locations", handle: listLocations },
  { method: "GET", pattern: "/compute/images", handle: listImages },
  { method: "GET", pattern: "/compute/images/{image_id}", handle: getImage },
  { method: "GET", pattern: "/users/identities", handle: getIdentity },
  { method: "GET", pattern: "/users/ssh-keys", handle: listSshKeys },
  { method: "GET", pattern: "/users/tokens", handle: listTokens },
  { method: "GET", pattern: "/organizations/entities", handle: listEntities },
  { method: "GET", pattern: "/organizations/projects", handle: listProjects },
  { method: "GET", pattern: "/organizations/projects/{project_id}", handle: getProject },
  { method: "GET", pattern: `${organization}/usage`, handle: getUsage },
  { method: "GET", pattern: `${organization}/usage/export`, handle: getUsageExport },
  { method: "GET", pattern: `${organization}/usage/options`, handle: getUsageOptions },
  { method: "GET", pattern: `${organization}/billing/costs`, handle: getBillingCosts },
  { method: "GET", pattern: `${organization}/billing/options`, handle: getBillingOptions },
  { method: "GET", pattern: `${organization}/quotas`, handle: listOrganizationQuotas },
  { method: "GET", pattern: `${organization}/reservations/gpu-tracking`, handle: getGpuTracking },
  {
    method: "GET",
    pattern: `${organization}/reservations/gpu-tracking/latest`,
    handle: getLatestGpuTracking,
  },
  { method: "GET", pattern: `${organization}/reservations`, handle: listReservations },
  { method: "GET", pattern: `${organization}/reservations/{reservation_id}`, handle: getReservation },
  { method: "GET", pattern: `${project}/quotas`, handle: listProjectQuotas },
  { method: "GET", pattern: `${project}/metrics/timeseries`, handle: getTimeseries },
  { method: "GET", pattern: `${project}/metrics/timeseries/api/v1/query`, handle: queryInstant },
  { method: "GET", pattern: `${project}/metrics/timeseries/api/v1/query-range`, handle: queryRange },
  { method: "GET", pattern: `${project}/metrics/timeseries/query-parameters`, handle: queryByParameters },
  { method: "GET", pattern: `${project}/compute/vms/types`, handle: listVmTypes },
  { method: "GET", pattern: `${project}/compute/vms/instances`, handle: listVms },
  { method: "GET", pattern: `${project}/compute/vms/instances/{vm_id}`, handle: getVm },
  { method: "GET", pattern: `${project}/compute/custom-images`, handle: listCustomImages },
  { method: "GET", pattern: `${project}/compute/instance-templates`, handle: listTemplates },
  {
    method: "GET",
    pattern: `${project}/compute/instance-templates/{instance_template_id}`,
    handle: getTemplate,
  },
  { method: "GET", pattern: `${project}/compute/instance-groups`, handle: listInstanceGroups },
  {
    method: "GET",
    pattern: `${project}/compute/instance-groups/{instance_group_id}`,
    handle: getInstanceGroup,
  },
  { method: "GET", pattern: `${project}/storage/disks`, handle: listDisks },
  { method: "GET", pattern: `${project}/storage/disks/{disk_id}`, handle: getDisk },
  { method: "GET", pattern: `${project}/storage/snapshots`, handle: listSnapshots },
  { method: "GET", pattern: `${project}/storage/snapshots/{snapshot_id}`, handle: getSnapshot },
  { method: "GET", pattern: `${project}/networking/vpc-networks`, handle: listNetworks },
  { method: "GET", pattern: `${project}/networking/vpc-networks/{vpc_network_id}`, handle: getNetwork },
  { method: "GET", pattern: `${project}/networking/vpc-subnets`, handle: listSubnets },
  { method: "GET", pattern: `${project}/networking/vpc-subnets/{vpc_subnet_id}`, handle: getSubnet },
  { method: "GET", pattern: `${project}/networking/vpc-firewall-rules`, handle: listFirewallRules },
  {
    method: "GET",
    pattern: `${project}/networking/vpc-firewall-rules/{vpc_firewall_rule_id}`,
    handle: getFirewallRule,
  },
  { method: "GET", pattern: `${project}/networking/load-balancers`, handle: listLoadBalancers },
  {
    method: "GET",
    pattern: `${project}/networking/load-balancers/{load_balancer_id}`,
    handle: getLoadBalancer,
  },
  {
    method: "GET",
    pattern: `${project}/networking/internal-load-balancers`,
    handle: listInternalLoadBalancers,
  },
  {
    method: "GET",
    pattern: `${project}/networking/internal-load-balancers/{load_balancer_id}`,
    handle: getInternalLoadBalancer,
  },
];

const split = routes.map((route) => ({ route, segments: route.pattern.split("/") }));

/**
 * The route of a path without its version prefix, and what stands in the path for the pattern's names.
 *
 * @throws Refusal 404 where there is none, 405 where there is one but not for this method, 400 for a path that
 * is malformed
 */
export function findRoute(method: string, path: string): { route: Route; params: Record<string, string> } {
  const segments = path.split("/").map(unescaped);
  const matches = split.filter(
    (candidate) =>
      candidate.segments.length === segments.length &&
      candidate.segments.every((part, position) =>
        part.startsWith("{") ? segments[position] !== "" : part === segments[position],
      ),
  );
  if (matches.length === 0) throw new Refusal(404, "the API has no such path");
  const match = matches.find(({ route }) => route.method === method);
  if (!match) throw new Refusal(405, "the path is not served for that method");
  const params = match.segments.flatMap((part, position) =>
    part.startsWith("{") ? [[part.slice(1, -1), segments[position] ?? ""] as const] : [],
  );
  return { route: match.route, params: Object.fromEntries(params) };
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(400, "the path holds a malformed escape");
  }
}
