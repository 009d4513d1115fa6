import type { Answer } from "../answer.ts";
import { changeFrom } from "../former.ts";
import { living } from "../inventory.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody, requireOne, requireWritableProject } from "../route.ts";
import type { FirewallRule, NetworkTarget } from "../state.ts";
import { begin, newId, record, requireFreeName, requireSettled } from "../writing.ts";
import { deletionOf } from "./deletion.ts";
import { requireNetwork } from "./network-actions.ts";
import { firewallRuleChange, newFirewallRule } from "./network-schemas.ts";
import { inProject } from "./networking.ts";
import { operationAnswer } from "./operations.ts";

export function postFirewallRule(call: Call): Answer {
  const { id: projectId } = requireWritableProject(call);
  const order = requireBody(call, newFirewallRule);
  const { action, direction, name, protocols, sources, destinations } = order;
  const network = requireNetwork(call, order.vpc_network_id);
  requireTargets(call, [...sources, ...destinations]);
  requireFreeName(call, call.organization.firewallRules, { name, projectId });
  const operation = begin(call, "firewall-rule", "CREATE");
  const rule: FirewallRule = {
    id: newId(call),
    name,
    projectId,
    networkId: network.id,
    action,
    direction,
    protocols,
    sources,
    sourcePorts: order.source_ports,
    destinations,
    destinationPorts: order.destination_ports,
    createdAt: operation.completedAt,
    deletedAt: null,
  };
  call.organization.firewallRules.push(rule);
  return operationAnswer(call, record(call, operation, { resource: rule }));
}

/**
 * Sees to it that what is named by its id is in the project.
 *
 * @throws Refusal 404
 */
export function requireTargets(call: Call, targets: readonly NetworkTarget[]): void {
  const { vms, networks, subnets, loadBalancers } = call.organization;
  const { id: projectId } = requireWritableProject(call);
  for (const { resourceId } of targets) {
    if (resourceId === "") continue;
    const found = [vms, networks, subnets, loadBalancers].some(
      (resources) =>
        living(
          resources.filter((one) => one.id === resourceId && one.projectId === projectId),
          call.at,
        ).length > 0,
    );
    if (!found) throw new Refusal(404, `there is no resource ${JSON.stringify(resourceId)} in this project`);
  }
}

function requireRuleOfPath(call: Call): FirewallRule {
  requireWritableProject(call);
  return requireOne(call, inProject(call, call.organization.firewallRules), "vpc_firewall_rule_id");
}

export function patchFirewallRule(call: Call): Answer {
  const rule = requireRuleOfPath(call);
  const change = requireBody(call, firewallRuleChange);
  const { name, protocols, sources, destinations } = change;
  requireSettled(call, rule);
  if (name !== undefined) {
    const { id: except, projectId } = rule;
    requireFreeName(call, call.organization.firewallRules, { name, projectId, except });
  }
  requireTargets(call, [...(sources ?? []), ...(destinations ?? [])]);
  const operation = begin(call, "firewall-rule", "UPDATE");
  changeFrom(rule, operation.completedAt, {
    name,
    protocols,
    sources,
    destinations,
    sourcePorts: change.source_ports,
    destinationPorts: change.destination_ports,
  });
  return operationAnswer(call, record(call, operation, { resource: rule }));
}

export const deleteFirewallRule = (call: Call): Answer =>
  deletionOf(call, "firewall-rule", requireRuleOfPath(call));
