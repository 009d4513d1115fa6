import { listOf } from "./paging.ts";
import type { Need } from "./permissions.ts";
import { Refusal } from "./refusal.ts";
import { getBillingCosts, getBillingOptions } from "./resources/billing.ts";
import { postVms } from "./resources/bulk-creation.ts";
import { listCapacities, listLocations, listVmTypes } from "./resources/compute.ts";
import { postCustomImage } from "./resources/custom-image-actions.ts";
import { deleteDisk, patchDisk, postDisk } from "./resources/disk-actions.ts";
import { listEntities, putEntity } from "./resources/entities.ts";
import { listIbNetworks, listIbPartitions } from "./resources/fabric.ts";
import { deleteFirewallRule, patchFirewallRule, postFirewallRule } from "./resources/firewall-actions.ts";
import { getGpuTracking, getLatestGpuTracking } from "./resources/gpu-tracking.ts";
import { getIdentity, putIdentity } from "./resources/identity.ts";
import { getImage, listCustomImages, listImages } from "./resources/images.ts";
import {
  deleteInstanceGroup,
  getInstanceGroup,
  listInstanceGroups,
  patchInstanceGroup,
  postInstanceGroup,
} from "./resources/instance-groups.ts";
import {
  deleteInternalLoadBalancer,
  deleteLoadBalancer,
  patchInternalLoadBalancer,
  patchLoadBalancer,
  postInternalLoadBalancer,
  postLoadBalancer,
} from "./resources/load-balancer-actions.ts";
import { getTimeseries, queryByParameters, queryInstant, queryRange } from "./resources/metrics.ts";
import {
  deleteNetwork,
  deleteSubnet,
  patchNetwork,
  patchSubnet,
  postNetwork,
  postSubnet,
} from "./resources/network-actions.ts";
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
import { exportProductLines } from "./resources/product-lines.ts";
import { deleteProject, getProject, listProjects, postProject, putProject } from "./resources/projects.ts";
import { listOrganizationQuotas, listProjectQuotas } from "./resources/quotas.ts";
import { getReservation, listReservations } from "./resources/reservations.ts";
import { deleteSnapshot, patchSnapshot, postSnapshot } from "./resources/snapshot-actions.ts";
import { deleteSshKey, listSshKeys, postSshKey } from "./resources/ssh-keys.ts";
import { getDisk, getSnapshot, listDisks, listSnapshots } from "./resources/storage.ts";
import { deleteTemplate, getTemplate, listTemplates, postTemplate } from "./resources/templates.ts";
import { deleteToken, listTokens, postToken } from "./resources/tokens.ts";
import { getUsage, getUsageExport, getUsageOptions } from "./resources/usage.ts";
import { attachDisks, deleteVmOf, detachDisks, patchVm, postVm } from "./resources/vm-actions.ts";
import { getVm, listVms } from "./resources/vms.ts";
import { type Handler, type Method, type Route, requireProject } from "./route.ts";

const organization = "/organizations/{organization_id}";
const project = "/projects/{project_id}";

const listNone: Handler = (call) => {
  requireProject(call);
  return listOf(call, []);
};

type Entry = Handler | { need: Need; handle: Handler };

/** One route for each entry, by its method and path. What reads needs to be allowed to read, and what writes to write. */
const table = (entries: Readonly<Record<`${Method} /${string}`, Entry>>): Route[] =>
  Object.entries(entries).map(([name, entry]) => {
    const space = name.indexOf(" ");
    // The keys' type says that they begin with one of the methods.
    const method = name.slice(0, space) as Method;
    const usual: Need = method === "GET" ? "read" : "write";
    const { handle, need } = typeof entry === "function" ? { handle: entry, need: usual } : entry;
    return { method, pattern: name.slice(space + 1), need, handle };
  });

/** Everything that the gateway answers, under each version prefix. Of two that match a path the first holds. */
export const routes: readonly Route[] = [
  // Before the resources that they are of: `operations` is the id of none.
  ...operationRoutes,
  ...table({
    "GET /capacities": listCapacities,
    "GET /locations": listLocations,
    "GET /compute/images": listImages,
    "GET /compute/images/{image_id}": getImage,
    "GET /users/identities": getIdentity,
    "PUT /users/identities": { need: "own", handle: putIdentity },
    "GET /users/ssh-keys": listSshKeys,
    "POST /users/ssh-keys": { need: "own", handle: postSshKey },
    "DELETE /users/ssh-keys": { need: "own", handle: deleteSshKey },
    "GET /users/tokens": listTokens,
    "POST /users/tokens": { need: "own", handle: postToken },
    "DELETE /users/tokens": { need: "own", handle: deleteToken },
    "GET /organizations/entities": listEntities,
    "PUT /organizations/entities": { need: "manage", handle: putEntity },
    "GET /organizations/projects": listProjects,
    "POST /organizations/projects": { need: "manage", handle: postProject },
    "PUT /organizations/projects": { need: "manage", handle: putProject },
    "GET /organizations/projects/{project_id}": getProject,
    "DELETE /organizations/projects/{project_id}": { need: "manage", handle: deleteProject },
    [`GET ${organization}/usage`]: getUsage,
    [`GET ${organization}/usage/export`]: getUsageExport,
    [`GET ${organization}/usage/options`]: getUsageOptions,
    [`GET ${organization}/billing/costs`]: getBillingCosts,
    [`GET ${organization}/billing/export-productline`]: exportProductLines,
    [`GET ${organization}/billing/options`]: getBillingOptions,
    [`GET ${organization}/quotas`]: listOrganizationQuotas,
    [`GET ${organization}/reservations/gpu-tracking`]: getGpuTracking,
    [`GET ${organization}/reservations/gpu-tracking/latest`]: getLatestGpuTracking,
    [`GET ${organization}/reservations`]: listReservations,
    [`GET ${organization}/reservations/{reservation_id}`]: getReservation,
    [`GET ${project}/quotas`]: listProjectQuotas,
    [`GET ${project}/metrics/timeseries`]: getTimeseries,
    [`GET ${project}/metrics/timeseries/api/v1/query`]: queryInstant,
    [`GET ${project}/metrics/timeseries/api/v1/query-range`]: queryRange,
    [`GET ${project}/metrics/timeseries/query-parameters`]: queryByParameters,
    [`GET ${project}/compute/vms/types`]: listVmTypes,
    [`GET ${project}/compute/vms/instances`]: listVms,
    [`GET ${project}/compute/vms/instances/{vm_id}`]: getVm,
    [`POST ${project}/compute/vms/instances`]: postVm,
    [`DELETE ${project}/compute/vms/instances/{vm_id}`]: deleteVmOf,
    [`PATCH ${project}/compute/vms/instances/{vm_id}`]: patchVm,
    [`POST ${project}/compute/vms/instances/{vm_id}/attach-disks`]: attachDisks,
    [`POST ${project}/compute/vms/instances/{vm_id}/detach-disks`]: detachDisks,
    [`GET ${project}/compute/custom-images`]: listCustomImages,
    [`POST ${project}/compute/vms/bulk-instances`]: postVms,
    [`POST ${project}/compute/custom-images`]: postCustomImage,
    [`POST ${project}/compute/instance-templates`]: postTemplate,
    [`DELETE ${project}/compute/instance-templates/{instance_template_id}`]: deleteTemplate,
    [`POST ${project}/compute/instance-groups`]: postInstanceGroup,
    [`PATCH ${project}/compute/instance-groups/{instance_group_id}`]: patchInstanceGroup,
    [`DELETE ${project}/compute/instance-groups/{instance_group_id}`]: deleteInstanceGroup,
    [`GET ${project}/compute/instance-templates`]: listTemplates,
    [`GET ${project}/compute/instance-templates/{instance_template_id}`]: getTemplate,
    [`GET ${project}/compute/instance-groups`]: listInstanceGroups,
    [`GET ${project}/compute/instance-groups/{instance_group_id}`]: getInstanceGroup,
    [`GET ${project}/networking/ib-networks`]: listIbNetworks,
    [`GET ${project}/networking/ib-partitions`]: listIbPartitions,
    // What the gateway keeps none of.
    [`GET ${project}/kubernetes/clusters`]: listNone,
    [`GET ${project}/kubernetes/nodepools`]: listNone,
    [`GET ${project}/slurm/clusters`]: listNone,
    [`GET ${project}/storage/s3/buckets`]: listNone,
    [`GET ${project}/storage/disks`]: listDisks,
    [`GET ${project}/storage/disks/{disk_id}`]: getDisk,
    [`POST ${project}/storage/disks`]: postDisk,
    [`PATCH ${project}/storage/disks/{disk_id}`]: patchDisk,
    [`DELETE ${project}/storage/disks/{disk_id}`]: deleteDisk,
    [`GET ${project}/storage/snapshots`]: listSnapshots,
    [`GET ${project}/storage/snapshots/{snapshot_id}`]: getSnapshot,
    [`POST ${project}/storage/snapshots`]: postSnapshot,
    [`PATCH ${project}/storage/snapshots/{snapshot_id}`]: patchSnapshot,
    [`DELETE ${project}/storage/snapshots/{snapshot_id}`]: deleteSnapshot,
    [`GET ${project}/networking/vpc-networks`]: listNetworks,
    [`GET ${project}/networking/vpc-networks/{vpc_network_id}`]: getNetwork,
    [`POST ${project}/networking/vpc-networks`]: postNetwork,
    [`PATCH ${project}/networking/vpc-networks/{vpc_network_id}`]: patchNetwork,
    [`DELETE ${project}/networking/vpc-networks/{vpc_network_id}`]: deleteNetwork,
    [`GET ${project}/networking/vpc-subnets`]: listSubnets,
    [`GET ${project}/networking/vpc-subnets/{vpc_subnet_id}`]: getSubnet,
    [`POST ${project}/networking/vpc-subnets`]: postSubnet,
    [`PATCH ${project}/networking/vpc-subnets/{vpc_subnet_id}`]: patchSubnet,
    [`DELETE ${project}/networking/vpc-subnets/{vpc_subnet_id}`]: deleteSubnet,
    [`GET ${project}/networking/vpc-firewall-rules`]: listFirewallRules,
    [`GET ${project}/networking/vpc-firewall-rules/{vpc_firewall_rule_id}`]: getFirewallRule,
    [`POST ${project}/networking/vpc-firewall-rules`]: postFirewallRule,
    [`PATCH ${project}/networking/vpc-firewall-rules/{vpc_firewall_rule_id}`]: patchFirewallRule,
    [`DELETE ${project}/networking/vpc-firewall-rules/{vpc_firewall_rule_id}`]: deleteFirewallRule,
    [`GET ${project}/networking/load-balancers`]: listLoadBalancers,
    [`GET ${project}/networking/load-balancers/{load_balancer_id}`]: getLoadBalancer,
    [`POST ${project}/networking/load-balancers`]: postLoadBalancer,
    [`PATCH ${project}/networking/load-balancers/{load_balancer_id}`]: patchLoadBalancer,
    [`DELETE ${project}/networking/load-balancers/{load_balancer_id}`]: deleteLoadBalancer,
    [`GET ${project}/networking/internal-load-balancers`]: listInternalLoadBalancers,
    [`GET ${project}/networking/internal-load-balancers/{load_balancer_id}`]: getInternalLoadBalancer,
    [`POST ${project}/networking/internal-load-balancers`]: postInternalLoadBalancer,
    [`PATCH ${project}/networking/internal-load-balancers/{load_balancer_id}`]: patchInternalLoadBalancer,
    [`DELETE ${project}/networking/internal-load-balancers/{load_balancer_id}`]: deleteInternalLoadBalancer,
  }),
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
