import { type Answer, json, jsonList } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { disksOfVm, isRunning, reservationIdAt, typeAt, vmUpdatedAt } from "../inventory.ts";
import { comparePositions, type Position, pageOf, shaped } from "../paging.ts";
import { listParameter, parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireOne, requireProject } from "../route.ts";
import type { Vm } from "../state.ts";
import { attachedDiskBody } from "./storage.ts";

export function listVms(call: Call): Answer {
  const project = requireProject(call);
  const { query, quirks, derived, at } = call;
  const sort = sortOf(parameter(query, "sort"));
  const positionOf = (vm: Vm) => [sort.keyOf(vm, call), vm.id] as const;
  const passes = filtersOf(call);
  const living = derived.inventory.livingVms(project.id, at);
  const selected =
    passes.length === 0 ? living : living.filter((vm) => passes.every((isPassed) => isPassed(vm)));
  const tokens = { next: parameter(query, "next_token"), prev: parameter(query, "prev_token") };
  const limit = Math.min(limitOf(parameter(query, "limit")) ?? quirks.defaultLimit, quirks.maxLimit);
  const sorted = sort.key === "name" ? selected : sortedBy(selected, positionOf);
  const ordered = sort.isDescending ? sorted.toReversed() : sorted;
  const { items, ...links } = pageOf(ordered, positionOf, sort.isDescending, limit, tokens);
  const { vmTexts } = derived;
  return jsonList(
    items.map((vm) => vmTexts.textAt(at, vm.id, () => JSON.stringify(vmBody(call, vm)))),
    links,
  );
}

/** What the request narrows the list by; only of what it names. */
function filtersOf({ query, at }: Call): ((vm: Vm) => boolean)[] {
  const filters: Readonly<Record<string, (vm: Vm) => string>> = {
    ids: ({ id }) => id,
    names: ({ name }) => name,
    types: (vm) => typeAt(vm, at),
    locations: ({ location }) => location,
    states: (vm) => (isRunning(vm, at) ? "RUNNING" : "STOPPED"),
    // No VM is in one.
    nvlink_domain_ids: () => "",
  };
  return Object.entries(filters).flatMap(([name, of]) => {
    const values = listParameter(query, name) ?? [];
    if (values.length === 0) return [];
    const wanted = new Set(name === "states" ? values.map(plainState) : values);
    return [(vm: Vm) => wanted.has(of(vm))];
  });
}

function sortedBy(vms: readonly Vm[], positionOf: (vm: Vm) => Position): Vm[] {
  const positioned = vms.map((vm) => ({ vm, position: positionOf(vm) }));
  return positioned.sort((a, b) => comparePositions(a.position, b.position)).map(({ vm }) => vm);
}

export function getVm(call: Call): Answer {
  const project = requireProject(call);
  const vms = call.derived.inventory.livingVms(project.id, call.at);
  return json(vmBody(call, requireOne(call, vms, "vm_id")));
}

/** Either spelling of a state, as the shorter one. */
function plainState(state: string): string {
  const plain = state.toUpperCase().replace(/^STATE_/, "");
  return plain === "SHUTOFF" ? "STOPPED" : plain;
}

const sortKeys: Readonly<Record<string, (vm: Vm, call: Call) => string>> = {
  name: ({ name }) => name,
  created_at: ({ createdAt }) => isoOf(createdAt),
  updated_at: (vm, { at, derived }) => isoOf(vmUpdatedAt(vm, at, derived.inventory)),
  type: (vm, { at }) => typeAt(vm, at),
  location: ({ location }) => location,
  state: (vm, { at }) => String(isRunning(vm, at)),
};

function sortOf(text: string | undefined) {
  const [, minus, key] = /^(-?)([a-z_]+)$/.exec(text || "name") ?? [];
  const keyOf = key !== undefined && Object.hasOwn(sortKeys, key) ? sortKeys[key] : undefined;
  if (!keyOf)
    throw new Refusal(400, `sort takes one of ${Object.keys(sortKeys).join(", ")}, and - before it`);
  return { key, keyOf, isDescending: minus === "-" };
}

function limitOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refusal(400, "limit is not a whole number above 0");
  return Number(text);
}

export function vmBody(call: Call, vm: Vm) {
  const { at, derived, quirks } = call;
  const [running, stopped] =
    quirks.vmStates === "prefixed" ? ["STATE_RUNNING", "STATE_SHUTOFF"] : ["RUNNING", "STOPPED"];
  const reservationId = reservationIdAt(vm, at);
  return shaped(call, {
    billing_type: reservationId ? "reserved" : vm.isSpot ? "spot" : "on_demand",
    created_at: isoOf(vm.createdAt),
    disks: disksOfVm(vm, at, derived.inventory).map(({ disk, attachment }) =>
      attachedDiskBody(disk, attachment, call),
    ),
    host_channel_adapters: adapterBodies(vm),
    id: vm.id,
    instance_group_id: vm.groupId ?? "",
    instance_template_id: vm.templateId ?? "",
    location: vm.location,
    maintenance_policy: vm.maintenancePolicy ?? "unspecified",
    name: vm.name,
    network_interfaces: interfaceBodies(vm),
    project_id: vm.projectId,
    reservation_id: reservationId,
    state: isRunning(vm, at) ? running : stopped,
    type: typeAt(vm, at),
    updated_at: isoOf(vmUpdatedAt(vm, at, derived.inventory)),
    virtualization_features: { nested_virtualization: false },
  });
}

const adapterBodies = ({ infiniband }: Vm) =>
  infiniband === null
    ? []
    : [
        {
          guid: infiniband.guid,
          ib_network_id: infiniband.networkId,
          ib_partition_id: infiniband.partitionId,
          transport_network_id: infiniband.networkId,
          transport_partition_id: infiniband.partitionId,
          type: "infiniband",
        },
      ];

const interfaceBodies = ({ networkInterface }: Vm) =>
  networkInterface === null
    ? []
    : [
        {
          external_dns_name: "",
          id: networkInterface.id,
          interface_type: "ethernet",
          ips: [
            {
              private_ipv4: { address: networkInterface.privateIp },
              public_ipv4: networkInterface.publicIp ?? { address: "", id: "", type: "dynamic" },
            },
          ],
          mac_address: networkInterface.macAddress,
          name: "network-interface-1",
          network: networkInterface.networkId,
          subnet: networkInterface.subnetId,
        },
      ];
