/** What an idle resource is, as far as it matters for how to act on it. */
export interface Actionable {
  rule_id: string;
  resource_kind: string;
  resource_id: string;
  resource_name: string | null;
  project_id: string | null;
}

/** How to act on a finding: by a command where there is one that is sure, else on a page of the console. */
export interface Action {
  command: string | null;
  /** The page of Crusoe Cloud's console, by name. */
  page: string;
}

const stopVm = "compute vms stop";
const deleteVm = "compute vms delete";
const deleteDisk = "storage disks delete";

/** By rule, the command of Crusoe's own command line that ends the waste. */
export const commands: Readonly<Record<string, { kind: string; command: string }>> = {
  gpu_vm_without_usage: { kind: "vm", command: stopVm },
  vm_without_usage: { kind: "vm", command: stopVm },
  gpu_vm_low_utilization: { kind: "vm", command: stopVm },
  weekend_only_waste: { kind: "vm", command: stopVm },
  long_lived_vm: { kind: "vm", command: stopVm },
  stopped_vm_with_disks: { kind: "vm", command: deleteVm },
  unattached_disk: { kind: "disk", command: deleteDisk },
};

const pages: Readonly<Record<string, string>> = {
  vm: "Compute, Instances",
  disk: "Storage, Disks",
  snapshot: "Storage, Snapshots",
  image: "Compute, Images",
  instance_template: "Compute, Templates",
  instance_group: "Compute, Instance groups",
  load_balancer: "Networking, Load balancers",
  internal_load_balancer: "Networking, Load balancers",
  network: "Networking, VPC networks",
  subnet: "Networking, VPC subnets",
  reservation: "Reservations",
  project: "Projects",
  token: "Security, API keys",
  ssh_key: "Security, SSH keys",
};

/**
 * How to act on each finding. There is no command where a name could not be typed as it stands, or where it is
 * not the name of one resource alone: a command that does the wrong thing is worse than none.
 */
export function actionsOf<F extends Actionable>(findings: readonly F[]): ReadonlyMap<F, Action> {
  const idsOf = new Map<string, Set<string>>();
  const keyOf = ({ resource_kind, project_id, resource_name }: Actionable) =>
    JSON.stringify([resource_kind, project_id, resource_name]);
  for (const finding of findings) {
    const key = keyOf(finding);
    idsOf.set(key, (idsOf.get(key) ?? new Set()).add(finding.resource_id));
  }
  return new Map(
    findings.map((finding) => [
      finding,
      {
        command: idsOf.get(keyOf(finding))?.size === 1 ? commandOf(finding) : null,
        page: pages[finding.resource_kind] ?? "Resources",
      },
    ]),
  );
}

function commandOf({ rule_id, resource_kind, resource_name, project_id }: Actionable): string | null {
  const entry = Object.hasOwn(commands, rule_id) ? commands[rule_id] : undefined;
  if (!entry || entry.kind !== resource_kind || resource_name === null || project_id === null) return null;
  if (!/^[\x20-\x7e]{1,128}$/.test(resource_name) || !/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(project_id))
    return null;
  // After --, a name that begins with a hyphen is no flag.
  const name = `${resource_name.startsWith("-") ? "-- " : ""}${shellWord(resource_name)}`;
  return `crusoe ${entry.command} --project-id ${project_id} ${name}`;
}

/** A word as a POSIX shell takes it, whatever it holds. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
