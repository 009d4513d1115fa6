import type { Instant } from "./instant.ts";
import type { Vm } from "./state.ts";

/** The VMs of each project, in the order in which they are listed. */
export interface LivingVms {
  /** Takes in a VM that is new, or whose lifetime changed. */
  take: (vm: Vm) => void;
  /** Those of the project that are in the inventory at that instant, by name and then by id. */
  at: (projectId: string, at: Instant) => readonly Vm[];
}

interface OfProject {
  /** All that there ever were, in order. */
  vms: Vm[];
  /** What was found last. Nothing comes or goes from `from` until just before `to`. */
  found: { vms: readonly Vm[]; from: Instant; to: Instant } | null;
}

/** Lists are what is asked for most, and most of a long history is gone: what was found is kept while it holds. */
export function livingVms(vms: readonly Vm[]): LivingVms {
  const projects = new Map<string, OfProject>();
  const known = new Set<string>();
  const ofProject = (id: string): OfProject => {
    let found = projects.get(id);
    if (!found) {
      found = { vms: [], found: null };
      projects.set(id, found);
    }
    return found;
  };
  for (const vm of vms) {
    ofProject(vm.projectId).vms.push(vm);
    known.add(vm.id);
  }
  for (const project of projects.values()) project.vms.sort(inOrder);
  return {
    take(vm) {
      const project = ofProject(vm.projectId);
      project.found = null;
      if (known.has(vm.id)) return;
      known.add(vm.id);
      const next = placeOf(project.vms, vm);
      project.vms.splice(next, 0, vm);
    },
    at(projectId, at) {
      const project = projects.get(projectId);
      if (!project) return [];
      const { found } = project;
      if (found && found.from <= at && at < found.to) return found.vms;
      project.found = find(project.vms, at);
      return project.found.vms;
    },
  };
}

const inOrder = (a: Vm, b: Vm): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** Where it stands, or belongs, in the ordered list. */
function placeOf(vms: readonly Vm[], vm: Vm): number {
  let [low, high] = [0, vms.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = vms[middle];
    if (other && inOrder(other, vm) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function find(vms: readonly Vm[], at: Instant): NonNullable<OfProject["found"]> {
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const living: Vm[] = [];
  for (const vm of vms) {
    const { createdAt, deletedAt } = vm;
    for (const change of [createdAt, deletedAt ?? Number.POSITIVE_INFINITY]) {
      if (change > at) to = Math.min(to, change);
      else from = Math.max(from, change);
    }
    if (createdAt <= at && (deletedAt === null || at < deletedAt)) living.push(vm);
  }
  return { vms: living, from, to };
}
