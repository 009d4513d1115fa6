import { hourText } from "./exact-text.ts";
import {
  areRead,
  type Finding,
  findingsOf,
  lastStatus,
  minHours,
  now,
  since,
  standing,
  stoppedSince,
  summed,
  vmCost,
  windowDays,
} from "./independent-idle.ts";
import type { Sums } from "./independent-sums.ts";
import type { Listed } from "./random-account.ts";
import type { RandomOrganization, Vm } from "./random-organization.ts";

/** What the rules about everything that stands beside VMs, disks and snapshots should find. */
export function accountFindings(organization: RandomOrganization, found: Sums<Finding>): void {
  groups(organization, found);
  imagesAndTemplates(organization, found);
  networks(organization, found);
  balancers(organization, found);
  credentials(organization, found);
}

const balancing = ["load_balancers", "internal_load_balancers"];

function groups(organization: RandomOrganization, found: Sums<Finding>): void {
  const empty = findingsOf(organization, "empty_instance_group", found);
  const above = findingsOf(organization, "instance_group_above_desired", found);
  for (const group of organization.account.groups) {
    if (!areRead(organization, group.project, ["instance_groups", "vms"])) continue;
    const ever = organization.vms.filter((vm) => vm.group === group.id);
    const members = standing(ever);
    const running = members.filter(({ state }) => state === "running");
    const changed = since(organization, group, "instance_groups");
    if (members.length === 0) {
      empty(group.id, Math.max(changed, ...ever.map(({ goneAt }) => goneAt ?? 0)), null);
    }
    if (group.desired === null || running.length <= group.desired) continue;
    const costs = running.map((vm) => ({ id: vm.id, cost: vmCost(organization, vm) }));
    const isPriced = summed(costs.map(({ cost }) => cost)) !== null;
    // Of those that cost the same the first by id.
    const cheapest = costs
      .map(({ id, cost }) => ({ id, amount: cost?.amount ?? 0n, cost }))
      .sort((a, b) => (a.amount === b.amount ? (a.id < b.id ? -1 : 1) : a.amount < b.amount ? -1 : 1))
      .slice(0, running.length - group.desired);
    const parts = cheapest.map(({ id, amount }): [string, bigint] => [`vm:${id}`, amount]);
    const cost = isPriced ? summed(cheapest.map((one) => one.cost)) : null;
    above(group.id, changed, cost, undefined, parts);
  }
}

function imagesAndTemplates(organization: RandomOrganization, found: Sums<Finding>): void {
  const { account, projects, vms } = organization;
  const image = findingsOf(organization, "unused_image", found);
  const template = findingsOf(organization, "unused_instance_template", found);
  const areTemplatesRead = projects.every(
    ({ id }) => lastStatus(organization, "instance_templates", id) === "complete",
  );
  for (const one of account.images) {
    if (!areTemplatesRead || !areRead(organization, one.project, ["custom_images", "vms"])) continue;
    const naming = account.templates.filter(({ image: named }) => named === one.id || named === one.name);
    const made = vms.filter((vm) => naming.some(({ id }) => id === vm.template));
    if (standing(naming).length > 0 || standing(made).length > 0) continue;
    const last = [...naming, ...made].map(({ goneAt }) => goneAt ?? 0);
    image(one.id, Math.max(one.createdAt ?? one.firstSeenAt, ...last), null);
  }
  for (const one of standing(account.templates)) {
    if (!areRead(organization, one.project, ["instance_templates", "instance_groups", "vms"])) continue;
    const made = vms.filter((vm) => vm.template === one.id);
    if (account.groups.some((group) => group.template === one.id) || standing(made).length > 0) continue;
    const last = made.map(({ goneAt }) => goneAt ?? 0);
    template(one.id, Math.max(one.createdAt ?? one.firstSeenAt, ...last), null);
  }
}

function networks(organization: RandomOrganization, found: Sums<Finding>): void {
  const { account, vms } = organization;
  const network = findingsOf(organization, "unused_network", found);
  const subnet = findingsOf(organization, "unused_subnet", found);
  const isDefault = ({ name }: Listed) => name.toLowerCase().startsWith("default");
  const isNamed = ({ id, name, project }: Listed, by: { project: string }, named: string | null) =>
    named !== null && (named === id || (named === name && project === by.project));
  const canTell = (place: Listed, judged: string) =>
    areRead(
      organization,
      place.project,
      [judged, "vms"],
      [...["networks", "subnets"].filter((stream) => stream !== judged), ...balancing, "instance_templates"],
    );
  /** When each that is or was in the subnet was gone; null for what is in it. */
  const inSubnet = (place: Listed) => [
    ...vms.filter((vm) => isNamed(place, vm, vm.subnet)).map(({ goneAt }) => goneAt),
    ...account.templates.filter((one) => isNamed(place, one, one.subnet)).map(({ goneAt }) => goneAt),
  ];
  for (const place of account.subnets) {
    const own = account.networks.find(({ id }) => id === place.network);
    const isGiven = isDefault(place) || (own && isDefault(own) && place.name.startsWith("us-east1-b"));
    const occupied = inSubnet(place);
    if (isGiven || !canTell(place, "subnets") || occupied.includes(null)) continue;
    subnet(place.id, Math.max(place.firstSeenAt, ...occupied.map((gone) => gone ?? 0)), null);
  }
  for (const place of account.networks) {
    const occupied = [
      ...vms.filter((vm) => isNamed(place, vm, vm.network)).map(({ goneAt }) => goneAt),
      ...account.balancers.filter((one) => one.network === place.id).map(({ goneAt }) => goneAt),
      ...account.subnets.filter((one) => one.network === place.id).flatMap(inSubnet),
    ];
    if (isDefault(place) || !canTell(place, "networks") || occupied.includes(null)) continue;
    network(place.id, Math.max(place.firstSeenAt, ...occupied.map((gone) => gone ?? 0)), null);
  }
}

function balancers(organization: RandomOrganization, found: Sums<Finding>): void {
  const without = findingsOf(organization, "load_balancer_without_backends", found);
  const dead = findingsOf(organization, "load_balancer_dead_backends", found);
  const deadSince = (vm: Vm): number | null =>
    vm.goneAt ?? (vm.state === "stopped" ? stoppedSince(organization, vm) : null);
  for (const balancer of organization.account.balancers) {
    const { project, kind, firstSeenAt, changedAt, backends } = balancer;
    // Each kind is judged by the list of its own.
    if (!areRead(organization, project, [`${kind}s`])) continue;
    const changed = changedAt ?? firstSeenAt;
    if (backends.length === 0) without(balancer.id, changed, null);
    if (backends.length === 0 || !areRead(organization, project, ["vms"])) continue;
    const fates = backends.map(({ vm: id }) => {
      const vm = organization.vms.find((one) => one.id === id);
      return vm === undefined ? null : deadSince(vm);
    });
    if (fates.includes(null)) continue;
    // What was behind it before may have been up.
    const begun = changedAt === null ? [] : [changedAt];
    dead(balancer.id, Math.max(...fates.map((fate) => fate ?? 0), ...begun), null);
  }
}

function credentials(organization: RandomOrganization, found: Sums<Finding>): void {
  const token = findingsOf(organization, "old_token", found);
  const key = findingsOf(organization, "old_ssh_key", found);
  const { tokens, keys } = organization.account;
  const isKnown = (stream: string) => lastStatus(organization, stream, null) === "complete";
  for (const { alias, createdAt, expiresAt, lastUsedAt } of isKnown("tokens") ? tokens : []) {
    const unused = lastUsedAt ?? createdAt;
    const unusedFrom = unused + windowDays(organization, "old_token") * 24;
    const oldFrom = createdAt + minHours(organization, "old_token");
    const id = `${hourText(createdAt).replace(" ", "T")}Z ${alias}`;
    // It is idle since the gravest of its reasons, and can be told since the first, but not before it is.
    const reasons = [unusedFrom, oldFrom, ...(expiresAt === null ? [] : [expiresAt])];
    const idle = expiresAt !== null && expiresAt <= now ? expiresAt : unusedFrom <= now ? unused : createdAt;
    token(id, idle, null, Math.max(idle, Math.min(...reasons)));
  }
  for (const { id, createdAt } of isKnown("ssh_keys") ? keys : []) key(id, createdAt, null);
}
