import type fc from "fast-check";
import { expect } from "vitest";
import { ask, getItems, type Item } from "../signed-client.ts";
import type { Expected, Model, ModelDisk, ModelVm } from "./model.ts";
import { projectId } from "./rules.ts";

/** The gateway under test, and what was made in it beforehand. */
export interface Real {
  endpoint: string;
  advance: (seconds: number) => void;
  templateId: string;
  groupId: string;
}

export const project = `/projects/${projectId}`;
export const vms = `${project}/compute/vms/instances`;
export const disks = `${project}/storage/disks`;
export const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICpuH/fqCFLbAConChyVH6rZzSaxlnHSwQk6qvtPsf5E";

type Command = fc.AsyncCommand<Model, Real>;

export const command = (label: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => label,
});

/** Asks, and holds the answer to what the model expects of it. */
export async function hold(
  model: Model,
  { endpoint }: Real,
  [method, path, body]: [string, string, unknown?],
  expected: Expected,
): Promise<Item> {
  const { status, text } = await ask(endpoint, method, path, body);
  expect({ status, text: status === expected.status ? "" : text }).toEqual({
    status: expected.status,
    text: "",
  });
  const answer = (text === "" ? {} : JSON.parse(text)) as { operation?: Item } & Item;
  if (status !== 200 || !answer.operation || expected.seconds === null) return answer;
  model.operations.push({
    id: String(answer.operation.operation_id),
    state: expected.failed ? "FAILED" : "SUCCEEDED",
    completedAt: model.now + expected.seconds,
  });
  const { id } = answer.operation.metadata as { id: string };
  if (expected.vms?.length === 1 && expected.vms[0]) expected.vms[0].id = id;
  return answer;
}

/** Several VMs made at once have their ids from where they are listed when they are there. */
export async function learnIds(real: Real, made: readonly ModelVm[]): Promise<void> {
  const operations = await getItems(real.endpoint, `${vms}/operations`, { state: "IN_PROGRESS" });
  for (const vm of made) {
    const own = operations.find(({ metadata }) => (metadata as Item).name === vm.name);
    vm.id = String((own?.metadata as Item | undefined)?.id);
  }
}

const pick = <T>(items: readonly T[], index: number): T | undefined =>
  items.length === 0 ? undefined : items[index % items.length];

/** Of those that are there, coming, or not long gone. */
export const recent = <T extends { goneAt: number | null }>(
  model: Model,
  items: readonly T[],
  index: number,
) =>
  pick(
    items.filter(({ goneAt }) => goneAt === null || goneAt > model.now - 2 * 86_400),
    index,
  );

/** A command on one of the VMs whose id is known; none where there is none. */
export const onVm = (
  label: string,
  index: number,
  run: (model: Model, real: Real, vm: ModelVm) => Promise<unknown>,
): Command =>
  command(`${label} of VM ${index}`, async (model, real) => {
    const vm = recent(
      model,
      model.vms.filter(({ id }) => id !== ""),
      index,
    );
    if (vm) await run(model, real, vm);
  });

export const onDisk = (
  label: string,
  index: number,
  run: (model: Model, real: Real, disk: ModelDisk, id: string) => Promise<unknown>,
): Command =>
  command(`${label} of disk ${index}`, async (model, real) => {
    const disk = recent(model, model.disks, index);
    if (!disk) return;
    // Two may have the same name, but they were not made in the same second. What is not there has an id all the same.
    const listed = await getItems(real.endpoint, disks, { disk_names: disk.name });
    const own = listed.find(({ created_at }) => Date.parse(String(created_at)) === disk.bornAt * 1000);
    await run(model, real, disk, String(own?.id ?? "gone"));
  });
