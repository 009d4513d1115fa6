import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { disksOfVm, isRunning, living, reservationIdAt, typeAt, vmUpdatedAt } from "../inventory.ts";
import { comparePositions, pageOf, shaped } from "../paging.ts";
import { listParameter, parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireOne, requireProject } from "../route.ts";
import type { Vm } from "../state.ts";
import { attachedDiskBody } from "./storage.ts";

export function listVms(call: Call): Answer {
  const project = requireProject(call);
  const { query, quirks } = call;
  const wanted = (name: string) => new Set(listParameter(query, name) ?? []);
  const [ids, names, types, locations] = [
    wanted("ids"),
    wanted("names"),
    wanted("types"),
    wanted("locations"),
  ];
  const states = new Set([...wanted("states")].map(plainState));
  const nvlinkDomains = wanted("nvlink_domain_ids");
  const passes = (values: ReadonlySet<string>, value: string) => values.size === 0 || values.has(value);
  const sort = sortOf(parameter(query, "sort"));
  const positionOf = (vm: Vm) => [sort.keyOf(vm, call), vm.id] as const;
  const sorted = living(call.organization.vms, call.at)
    .filter(
      (vm) =>
        vm.projectId === project.id &&
        passes(ids, vm.id) &&
        passes(names, vm.name) &&
        passes(types, typeAt(vm, call.at)) &&
        passes(locations, vm.location) &&
        passes(states, isRunning(vm, call.at) ? "RUNNING" : "STOPPED") &&
        nvlinkDomains.size === 0,
    )
    .map((vm) => ({ vm, position: positionOf(vm) }))
    .sort((a, b) => comparePositions(a.position, b.position) * (sort.isDescending ? -1 : 1));
  const tokens = { next: parameter(query, "next_token"), prev: parameter(query, "prev_token") };
  const limit = Math.min(limitOf(parameter(query, "limit")) ?? quirks.defaultLimit, quirks.maxLimit);
  const { items, ...links } = pageOf(sorted, ({ position }) => position, sort.isDescending, limit, tokens);
  return json({ items: items.map(({ vm }) => vmBody(call, vm)), ...links });
}

export function getVm(call: Call): Answer {
  const project = requireProject(call);
  const vms = living(call.organization.vms, call.at).filter(({ projectId }) => projectId === project.id);
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
  return { keyOf, isDescending: minus === "-" };
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
