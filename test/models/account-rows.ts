import { dayText, hourText } from "./exact-text.ts";
import type { Backend, Balancer, Group, Listed } from "./random-account.ts";
import { monitoredFrom } from "./random-monitoring.ts";
import { type RandomOrganization, today, type Vm } from "./random-organization.ts";
import type { RawRow } from "./raw-tables.ts";

/** What stands in the account of a random organisation, as the raw tables hold it. */
export function accountRows(organization: RandomOrganization): Record<string, RawRow[]> {
  const { account, vms } = organization;
  const ofKind = (sought: Balancer["kind"]) => account.balancers.filter(({ kind }) => kind === sought);
  return {
    custom_images: account.images.map((image) => ({ ...seen(image), created_at: instant(image.createdAt) })),
    instance_templates: account.templates.map((template) => ({
      ...seen(template),
      type: "c1a.8x",
      location: "us-east1-b",
      custom_image_name: template.image,
      subnet_id: template.subnet ?? "",
      created_at: instant(template.createdAt),
    })),
    instance_groups: account.groups.flatMap((group) => groupRows(group, vms)),
    networks: account.networks.map((network) => ({ ...seen(network), cidr: "10.0.0.0/8", subnets: [] })),
    subnets: account.subnets.map((subnet) => ({
      ...seen(subnet),
      vpc_network_id: subnet.network,
      location: "us-east1-b",
      nat_gateways: [],
    })),
    load_balancers: ofKind("load_balancer").flatMap((balancer) =>
      balancerRows(balancer, (backends) => ({
        location: "us-east1-b",
        vpc_id: balancer.network,
        listen_ports_and_backends: JSON.stringify([
          {
            listen_port: 443,
            backends: backends.map((backend) => ({ ip: addressOf(backend, vms), port: 80 })),
          },
        ]),
      })),
    ),
    internal_load_balancers: ofKind("internal_load_balancer").flatMap((balancer) =>
      balancerRows(balancer, (backends) => ({
        location: "us-east1-b",
        network_interfaces: JSON.stringify(balancer.network === null ? [] : [{ network: balancer.network }]),
        destinations: JSON.stringify(
          backends.map((backend) =>
            backend.by === "id" ? { resource_id: backend.vm } : { cidr: `${addressOf(backend, vms)}/32` },
          ),
        ),
      })),
    ),
    tokens: account.tokens.map(({ alias, createdAt, expiresAt, lastUsedAt }) => ({
      organization_id: undefined,
      alias,
      created_at: hourText(createdAt),
      expires_at: instant(expiresAt),
      last_used: instant(lastUsedAt),
    })),
    ssh_keys: account.keys.map(({ id, createdAt }) => ({
      organization_id: undefined,
      id,
      created_at: hourText(createdAt),
    })),
    metrics_timeseries: monitoringRows(organization),
    vm_operations: organization.starts.map(({ vm, project, at, hasSucceeded }, nth) => ({
      project_id: project,
      operation_id: `operation-${nth}`,
      state: hasSucceeded ? "SUCCEEDED" : "FAILED",
      started_at: hourText(at),
      completed_at: hourText(at),
      metadata: { type: "START", resource_id: vm },
      _valid_from: hourText(44 * 24),
    })),
  };
}

const instant = (hour: number | null) => (hour === null ? null : hourText(hour));

const seen = ({ project, id, name, firstSeenAt, goneAt }: Listed): RawRow => ({
  project_id: project,
  id,
  name,
  _valid_from: hourText(firstSeenAt),
  _valid_to: instant(goneAt),
});

/** What a VM's entry says of where it stands. */
export const placementCells = (vm: Vm): RawRow => ({
  instance_group_id: vm.group,
  instance_template_id: vm.template,
  billing_type: vm.isSpot ? "Spot" : null,
  network_interfaces: JSON.stringify([
    {
      id: "if",
      network: vm.network ?? "",
      subnet: vm.subnet ?? "",
      ips: [
        {
          private_ipv4: { address: vm.address },
          public_ipv4: { address: "203.0.113.7", type: vm.hasStaticAddress ? "static" : "dynamic" },
        },
      ],
    },
  ]),
});

/** The group with those of its VMs that stand now; before it changed it had as many as it was set to have. */
function groupRows(group: Group, vms: readonly Vm[]): RawRow[] {
  const members = vms.filter((vm) => vm.group === group.id && vm.goneAt === null);
  const ids = (state: Vm["state"]) => members.filter((vm) => vm.state === state).map(({ id }) => id);
  const running = ids("running");
  const row = {
    ...seen(group),
    state: "HEALTHY",
    template_id: group.template,
    desired_count: group.desired,
    running_instance_count: running.length,
    active_instances: running,
    inactive_instances: ids("stopped"),
    created_at: hourText(group.createdAt),
    updated_at: hourText(group.updatedAt),
  };
  if (group.changedAt === null) return [row];
  const before = [...running, "vm-of-old"];
  return [
    {
      ...row,
      desired_count: before.length,
      running_instance_count: before.length,
      active_instances: before,
      updated_at: hourText(group.createdAt),
      _valid_to: hourText(group.changedAt),
    },
    { ...row, _valid_from: hourText(group.changedAt) },
  ];
}

function balancerRows(balancer: Balancer, cells: (backends: readonly Backend[]) => RawRow): RawRow[] {
  const row = { ...seen(balancer), ...cells(balancer.backends) };
  if (balancer.changedAt === null) return [row];
  const changedAt = hourText(balancer.changedAt);
  return [
    { ...row, ...cells(balancer.before), _valid_to: changedAt },
    { ...row, _valid_from: changedAt },
  ];
}

const addressOf = (backend: Backend, vms: readonly Vm[]) =>
  vms.find(({ id }) => id === backend.vm)?.address ?? "192.0.2.1";

/** The series in percent or, in every other project, as shares of 1 by a metric whose name says so. */
function monitoringRows({ projects, monitoring }: RandomOrganization): RawRow[] {
  const isRatio = (project: string) => projects.findIndex(({ id }) => id === project) % 2 === 1;
  const rows = monitoring.map(({ project, vm, gpu, points }) => ({
    project,
    labels: {
      __name__: isRatio(project) ? "gpu_busy_ratio" : "DCGM_FI_DEV_GPU_UTIL",
      vm_id: vm,
      ...(gpu === null ? {} : { gpu: String(gpu) }),
    },
    points: [...points].map(([hour, percent]) => [hour, percent] as const),
  }));
  // Somebody else's, by which a percentage is known to be one.
  const others = projects.map(({ id: project }) => ({
    project,
    labels: { __name__: "DCGM_FI_DEV_GPU_UTIL", vm_id: "nobody" },
    points: [[today * 24 - 1, 50] as const],
  }));
  return [...rows, ...(monitoring.length > 0 ? others : [])].map(({ project, labels, points }) => ({
    project_id: project,
    from_date: dayText(monitoredFrom),
    to_date: dayText(today),
    labels: JSON.stringify(labels),
    points: JSON.stringify(
      points.map(([hour, percent]) => [
        Date.UTC(2026, 8, 20) / 1000 + hour * 3600,
        isRatio(project) && labels.vm_id !== "nobody"
          ? `0.${String(percent).padStart(2, "0")}`
          : String(percent),
      ]),
    ),
    _valid_from: hourText(44 * 24 + 1),
  }));
}
