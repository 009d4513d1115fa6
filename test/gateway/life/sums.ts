import { type Model, type ModelVm, stepAt } from "./model.ts";
import { day, reservations, types } from "./rules.ts";

/** What the model's fleet used, in whole seconds times GPUs, instances or GiB; by day, resource, type and reservation. */
export function usageOf(model: Model, idOf: (name: string, bornAt: number) => string): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (id: string, type: string, reservation: string, from: number, to: number, amount: number) => {
    for (let start = from; start < to; ) {
      const midnight = (Math.floor(start / day) + 1) * day;
      const stop = Math.min(midnight, to);
      const date = new Date(start * 1000).toISOString().slice(0, 10);
      const key = [date, id, type, reservation].join(" ");
      sums.set(key, (sums.get(key) ?? 0) + (stop - start) * amount);
      start = stop;
    }
  };
  for (const vm of model.vms) {
    for (const [from, to] of stretchesOf(vm, model.now)) {
      const step = stepAt(vm, from);
      const gpus = types[step?.type ?? ""]?.gpus ?? 0;
      if (step?.runs) add(vm.id, step.type, step.reservation, from, to, gpus || 1);
    }
  }
  for (const disk of model.disks) {
    const until = Math.min(disk.goneAt ?? model.now, model.now);
    for (const [position, { at, gib }] of disk.sizes.entries()) {
      const to = Math.min(disk.sizes[position + 1]?.at ?? until, until);
      add(idOf(disk.name, disk.bornAt), disk.type, "", at, to, gib);
    }
  }
  return sums;
}

/** The times between which nothing about the VM changes. */
function stretchesOf(vm: ModelVm, now: number): [from: number, to: number][] {
  const until = Math.min(vm.goneAt ?? now, now);
  const edges = [...vm.steps.map(({ at }) => at), ...reservations.map(({ to }) => to), until]
    .filter((at) => at >= (vm.steps[0]?.at ?? until) && at <= until)
    .sort((a, b) => a - b);
  return edges.slice(1).map((to, position) => [edges[position] ?? to, to]);
}
