import { describe, expect, it } from "vitest";
import { routes } from "../../src/gateway/routes.ts";
import { serving, withGateway } from "./acme.ts";
import { monitoringPaths, operationPaths } from "./documented-paths.ts";
import { get, getItems, getJson, type Item, type List, send, signedHeaders } from "./signed-client.ts";

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const text = expect.any(String);

const beyondTheSeed = [
  ...["networking/ib-networks", "networking/ib-partitions", "kubernetes/clusters", "kubernetes/nodepools"],
  ...["slurm/clusters", "storage/s3/buckets"],
];

/** Every path of the read side, with what an answer holds exactly: no field less, and none more. */
const shapes: Record<string, Item> = {
  "/organizations/entities": {
    billing: {
      balance: "$0.00",
      billing_method: "manual",
      delinquent: false,
      has_valid_payment_method: true,
    },
    company_name: "Acme, Inc.",
    features: {},
    id: "org-acme",
    mfa_methods: [],
    name: "acme",
    organization_type: "standard",
    relation: "owner",
    state: "active",
    state_reason: "",
  },
  "/organizations/projects": {
    id: "project-alpha",
    name: "alpha",
    organization_id: "org-acme",
    relation: "owner",
    resources: {
      disks: { count: 1 },
      images: { count: 1 },
      instances: { count: 2 },
      snapshots: { count: 1 },
      vpc_networks: { count: 1 },
    },
  },
  "/projects/project-alpha/compute/vms/types": {
    cpu_cores: 176,
    cpu_type: "AMD",
    description: "8x H100",
    disk_gb: 0,
    disk_type: "NVMe",
    gpu_type: "H100",
    memory_gb: 960,
    memory_type: "RAM",
    num_gpu: 8,
    product_name: "h100-80gb-sxm-ib.8x",
  },
  "/projects/project-alpha/compute/vms/instances": {
    billing_type: "on_demand",
    created_at: "2026-03-02T08:00:00Z",
    disks: [],
    host_channel_adapters: [],
    id: "vm-brief",
    instance_group_id: "",
    instance_template_id: "",
    location: "us-east1-a",
    maintenance_policy: "unspecified",
    name: "brief",
    network_interfaces: [
      {
        external_dns_name: "",
        id: uuid,
        interface_type: "ethernet",
        ips: [
          { private_ipv4: { address: "10.1.0.11" }, public_ipv4: { address: "", id: "", type: "dynamic" } },
        ],
        mac_address: expect.stringMatching(/^00:00:5e:[0-9a-f:]{8}$/),
        name: "network-interface-1",
        network: uuid,
        subnet: uuid,
      },
    ],
    project_id: "project-alpha",
    reservation_id: "",
    state: "STATE_SHUTOFF",
    type: "c1a.4x",
    // The shared volume was detached at the start of this day.
    updated_at: "2026-03-10T00:00:00Z",
    virtualization_features: { nested_virtualization: false },
  },
  "/projects/project-alpha/storage/disks": {
    attached_to: [{ attachment_type: "data", mode: "read-only", vm_id: "vm-train" }],
    block_size: 4096,
    created_at: "2026-03-09T00:00:00Z",
    id: "disk-shared",
    location: "us-east1-a",
    name: "shared",
    serial_number: expect.stringMatching(/^[0-9A-F]{19}$/),
    size: "2TiB",
    type: "shared-volume",
    updated_at: "2026-03-10T00:00:00Z",
  },
  "/projects/project-alpha/storage/snapshots": {
    block_size: 4096,
    created_at: "2026-03-03T12:00:00Z",
    created_from: "disk-grown",
    id: "snapshot-left",
    name: "left",
    size: "10737418240 bytes",
    updated_at: "2026-03-03T12:00:00Z",
  },
  "/compute/images": {
    created_at: "2026-03-01T00:00:00Z",
    description: "",
    id: uuid,
    locations: ["us-east1-a", "eu-iceland1-a"],
    name: "ubuntu22.04",
    tags: ["ubuntu"],
  },
  "/projects/project-alpha/compute/custom-images": {
    created_at: "2026-03-02T00:00:00Z",
    description: "",
    id: uuid,
    locations: ["us-east1-a", "eu-iceland1-a"],
    name: "mine",
    tags: [],
  },
  "/projects/project-beta/compute/instance-templates": {
    created_at: "2026-03-01T00:00:00Z",
    disks: [],
    ib_partition_id: "",
    id: uuid,
    image_name: "ubuntu22.04",
    location: "eu-iceland1-a",
    maintenance_policy: "unspecified",
    name: "web-template",
    placement_policy: "unspecified",
    project_id: "project-beta",
    public_ip_address_type: "dynamic",
    reservation_id: "",
    shutdown_script: text,
    ssh_public_key: expect.stringMatching(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5/),
    startup_script: expect.stringContaining("REGISTRY_TOKEN="),
    subnet_id: uuid,
    transport_partition_id: "",
    type: "c1a.4x",
    virtualization_features: { nested_virtualization: false },
  },
  "/projects/project-beta/compute/instance-groups": {
    active_instances: [uuid, uuid, uuid],
    created_at: "2026-03-01T00:00:00Z",
    desired_count: 3,
    id: uuid,
    inactive_instances: [],
    instances: [uuid, uuid, uuid],
    name: "web",
    project_id: "project-beta",
    running_instance_count: 3,
    state: "HEALTHY",
    template_id: uuid,
    updated_at: "2026-03-01T00:00:00Z",
  },
  "/projects/project-alpha/networking/vpc-networks": {
    cidr: "10.1.0.0/16",
    gateway: "10.1.0.1",
    id: uuid,
    name: "default-vpc-network",
    subnets: [uuid],
  },
  "/projects/project-alpha/networking/vpc-subnets": {
    cidr: "10.1.0.0/19",
    id: uuid,
    location: "us-east1-a",
    name: "us-east1-a-subnet",
    nat_gateways: [],
    vpc_network_id: uuid,
  },
  "/projects/project-alpha/networking/vpc-firewall-rules": {
    action: "allow",
    destination_ports: ["22"],
    destinations: [{ cidr: "10.1.0.0/16" }],
    direction: "ingress",
    id: uuid,
    name: "ssh",
    protocols: ["tcp"],
    source_ports: ["1-65535"],
    sources: [{ cidr: "10.0.0.0/8" }],
    state: "active",
    vpc_network_id: uuid,
  },
  "/projects/project-beta/networking/load-balancers": {
    health_check_options: { failure_count: 3, interval: 60, success_count: 2, timeout: 20 },
    id: uuid,
    listen_ports_and_backends: [
      { backends: expect.arrayContaining([{ ip: "10.2.32.10", port: 8443 }]), listen_port: 443 },
    ],
    location: "eu-iceland1-a",
    name: "public",
    project_id: "project-beta",
    protocol: "tcp",
    vip: expect.stringMatching(/^198\.51\.100\.\d+$/),
    vpc_id: uuid,
  },
  "/projects/project-beta/networking/internal-load-balancers": {
    algorithm: "random",
    destinations: expect.arrayContaining([{ cidr: "10.2.32.10/32", resource_id: uuid }]),
    health_check: { failure_count: "3", interval: "60", port: "8080", success_count: "2", timeout: "20" },
    id: uuid,
    ips: [{ private_ipv4: { address: text }, public_ipv4: { address: "", id: "", type: "dynamic" } }],
    location: "eu-iceland1-a",
    name: "inside",
    network_interfaces: [{ network: uuid, subnet: uuid }],
    protocols: ["tcp"],
    type: "internal_ipv4",
  },
  "/capacities": { location: "us-east1-a", quantity: 3, type: "h100-80gb-sxm-ib.8x" },
  "/organizations/org-acme/reservations": {
    contract_end_date: "2027-03-01T00:00:00Z",
    contract_start_date: "2026-03-04T12:00:00Z",
    date_delivered: "2026-03-04T12:00:00Z",
    delivery_deadline: "2026-03-04T12:00:00Z",
    duration: 0.99,
    id: "reservation-line",
    locations: ["us-east1-a"],
    price: "2.5",
    product_line: "h100-80gb-sxm-ib",
    projects: ["project-alpha"],
    quantity: 16,
    reservation_type: "reserved",
    used_quantity: 8,
    vm_ids: ["vm-train"],
  },
  "/users/ssh-keys": {
    created_at: "2026-03-01T00:00:00Z",
    fingerprints: {
      md5: expect.stringMatching(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/),
      sha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}$/),
    },
    id: uuid,
    name: "laptop",
    public_key: expect.stringMatching(/^ssh-ed25519 /),
  },
  "/users/tokens": {
    access_key: text,
    alias: "ci",
    created_at: "2026-03-01T00:00:00Z",
    expires_at: "2027-03-01T00:00:00Z",
    last_used: time,
  },
};

/** Lists whose items can also be had one by one. */
const single = Object.keys(shapes).filter((path) =>
  /^\/organizations\/projects|^\/compute\/images|vms\/instances|templates|groups|storage|networking/.test(
    path,
  ),
);

describe("the API's resources", () => {
  const gateway = serving();

  it.each(Object.keys(shapes))("are listed at %s with exactly the documented fields", async (path) => {
    const [first] = await getItems(gateway.endpoint, path);
    expect(first).toEqual(shapes[path]);
  });

  it.each(single)("of %s are answered alone as they are in the list", async (path) => {
    const items = await getItems(gateway.endpoint, path);
    for (const item of items) expect(await getJson(gateway.endpoint, `${path}/${item.id}`)).toEqual(item);
    expect(items.length).toBeGreaterThan(0);
  });

  it.each(single)("of %s are not found under an id that none has", async (path) => {
    const { status, text: body } = await get(gateway.endpoint, `${path}/nobody`);
    const expected = path === "/organizations/projects" ? 403 : 404;
    expect({ status, ...JSON.parse(body) }).toEqual({
      status: expected,
      code: String(expected),
      message: text,
    });
  });

  it("are the same under /v1", async () => {
    const v1 = gateway.endpoint.replace("v1alpha5", "v1");
    for (const path of Object.keys(shapes)) {
      expect(await getItems(v1, path)).toEqual(await getItems(gateway.endpoint, path));
    }
  });

  it("are all in this test's table: no route of the gateway is left out", () => {
    const covered = [
      ...Object.keys(shapes),
      ...single.map((path) => `${path}/x`),
      "/organizations/x/reservations/x",
      "/locations",
      "/users/identities",
      "/organizations/x/usage",
      "/organizations/x/usage/export",
      "/organizations/x/usage/options",
      // These have test files of their own: operations, billing and monitoring.
      ...[...operationPaths, "compute/custom-images/operations"].flatMap((path) => [
        `/projects/x/${path}`,
        `/projects/x/${path}/x`,
      ]),
      ...["costs", "options", "export-productline"].map((name) => `/organizations/x/billing/${name}`),
      ...beyondTheSeed.map((path) => `/projects/x/${path}`),
      ...monitoringPaths,
    ];
    const isCovered = (pattern: string) => {
      const expression = new RegExp(`^${pattern.replace(/\{[a-z_]+\}/g, "[^/]+")}$`);
      return covered.some((path) => expression.test(path));
    };
    const read = routes.filter(({ method }) => method === "GET");
    expect(read.map(({ pattern }) => pattern).filter((pattern) => !isCovered(pattern))).toEqual([]);
  });

  it("name the caller, the locations and one reservation", async () => {
    expect(await getJson(gateway.endpoint, "/users/identities")).toEqual({
      credentials: ["test-key"],
      credentials_map: {},
      identity: {
        accepted_tos: true,
        email: "ada@acme.example",
        id: uuid,
        name: "Ada",
        org_role: "owner",
        role: "owner",
        role_bindings: [],
        user_state: "active",
      },
    });
    expect(await getJson(gateway.endpoint, "/locations")).toEqual({ items: ["us-east1-a", "eu-iceland1-a"] });
    const one = await getJson<List>(
      gateway.endpoint,
      "/organizations/org-acme/reservations/reservation-line",
    );
    expect(one.items).toEqual([shapes["/organizations/org-acme/reservations"]]);
    expect((await get(gateway.endpoint, "/organizations/org-acme/reservations/none")).status).toBe(404);
  });

  it("are filtered by what each list takes", async () => {
    const names = async (path: string, parameters: Record<string, string>) =>
      (await getItems(gateway.endpoint, path, parameters)).map(({ name, id, type }) => name ?? id ?? type);
    const project = "/organizations/projects";
    expect(await names(project, { org_id: "org-acme" })).toEqual(["alpha", ""]);
    expect(await names(project, { org_id: "another" })).toEqual([]);
    expect(await names(project, { project_name: "alpha" })).toEqual(["alpha"]);
    expect(await names("/compute/images", { product_group: "cpu" })).toEqual(["ubuntu22.04"]);
    expect(await names("/capacities", { location: "us-east1-a" })).toEqual(["h100-80gb-sxm-ib.8x", "c1a.4x"]);
    expect(await names("/capacities", { product_name: "c1a.4x,other", location: "eu-iceland1-a" })).toEqual([
      "c1a.4x",
    ]);
    const disks = "/projects/project-beta/storage/disks";
    const all = await getItems(gateway.endpoint, disks);
    expect(all).toHaveLength(3);
    expect(await names(disks, { exclude_os: "true" })).toEqual([]);
    expect(await names(disks, { exclude_os: "false", location: "eu-iceland1-a" })).toHaveLength(3);
    expect(await names(disks, { location: "us-east1-a" })).toEqual([]);
    expect(await names(disks, { disk_ids: `${all[0]?.id},${all[2]?.id}` })).toEqual([
      all[0]?.name,
      all[2]?.name,
    ]);
    expect(await names(disks, { disk_names: String(all[1]?.name) })).toEqual([all[1]?.name]);
    expect((await get(gateway.endpoint, disks, { exclude_os: "perhaps" })).status).toBe(400);
    const balancers = "/projects/project-beta/networking/load-balancers";
    expect(await names(balancers, { name: "public", location: "eu-iceland1-a" })).toEqual(["public"]);
    expect(await names(balancers, { vpc_network_id: "another" })).toEqual([]);
    const reservations = "/organizations/org-acme/reservations";
    expect(await names(reservations, { status: "active" })).toEqual(["reservation-line"]);
    expect(await names(reservations, { status: "expired" })).toEqual(["reservation-instances"]);
    expect((await get(gateway.endpoint, reservations, { status: "odd" })).status).toBe(400);
    const short = await getItems(gateway.endpoint, project, { skip_loading_project_resources: "true" });
    expect(short[0]?.resources).toMatchObject({ disks: { count: 0 } });
  });

  it("are those of the instant at which the clock stands", async () => {
    const at = (instant: string, path: string) =>
      withGateway({ clock: () => new Date(instant) }, (endpoint) => getItems(endpoint, path));
    const vms = "/projects/project-alpha/compute/vms/instances";
    const states = async (instant: string) =>
      (await at(instant, vms)).map(({ name, state, reservation_id }) => `${name} ${state} ${reservation_id}`);
    expect(await states("2026-03-01T22:30:14Z")).toEqual([]);
    expect(await states("2026-03-01T22:30:15Z")).toEqual(["train STATE_RUNNING "]);
    expect(await states("2026-03-03T01:00:00Z")).toEqual(["brief STATE_SHUTOFF ", "train STATE_SHUTOFF "]);
    expect(await states("2026-03-05T17:59:59Z")).toEqual([
      "brief STATE_SHUTOFF ",
      "gone STATE_RUNNING reservation-instances",
      "train STATE_RUNNING reservation-line",
    ]);
    expect(await states("2026-03-05T18:00:00Z")).toHaveLength(2);
    const sizes = async (instant: string) =>
      (await at(instant, "/projects/project-alpha/storage/disks")).map(({ size, updated_at }) => [
        size,
        updated_at,
      ]);
    expect(await sizes("2026-03-02T17:59:59Z")).toEqual([["100GiB", "2026-03-02T06:00:00Z"]]);
    expect(await sizes("2026-03-02T18:00:00Z")).toEqual([["200GiB", "2026-03-02T18:00:00Z"]]);
    expect(await sizes("2026-03-04T10:00:00Z")).toEqual([]);
    const used = async (instant: string) =>
      (await at(instant, "/organizations/org-acme/reservations")).map(({ id, used_quantity }) => [
        id,
        used_quantity,
      ]);
    expect(await used("2026-03-03T12:00:00Z")).toEqual([["reservation-instances", 0]]);
    // GPUs of a line, instances of one type.
    expect(await used("2026-03-05T12:00:00Z")).toEqual([
      ["reservation-line", 8],
      ["reservation-instances", 1],
    ]);
  });

  it("are refused by path, project, organisation and method with the API's own bodies", async () => {
    const status = async (path: string, method = "GET") => {
      const full = `/v1alpha5${path}`;
      const reply = await send(gateway.endpoint, full, { method, headers: signedHeaders(method, full, "") });
      const body: unknown = JSON.parse(reply.text);
      expect(body).toEqual({ code: String(reply.status), message: text });
      return reply.status;
    };
    expect(await status("/nothing")).toBe(404);
    expect(await status("/projects/project-alpha/compute/vms/instances/")).toBe(404);
    expect(await status("/projects/another/storage/disks")).toBe(403);
    expect(await status("/organizations/another/usage/options")).toBe(403);
    expect(await status("/projects/project-alpha/storage/disks", "PUT")).toBe(405);
    expect(await status("/organizations/entities", "DELETE")).toBe(405);
    const foreign = "/v2/organizations/entities";
    expect(
      (await send(gateway.endpoint, foreign, { headers: signedHeaders("GET", foreign, "") })).status,
    ).toBe(404);
    expect(gateway.defects).toEqual([]);
  });

  it("are not offered where the account has them not", async () => {
    const pattern = "/organizations/{organization_id}/reservations";
    for (const status of [403, 404] as const) {
      await withGateway({ quirks: { notOffered: { [pattern]: status } } }, async (endpoint) => {
        expect((await get(endpoint, "/organizations/org-acme/reservations")).status).toBe(status);
        expect((await get(endpoint, "/organizations/org-acme/reservations/reservation-line")).status).toBe(
          200,
        );
      });
    }
  });

  it("follow a history that was changed while it was served", async () => {
    const { acme } = await import("./acme.ts");
    const organization = acme();
    await withGateway({ organization }, async (endpoint) => {
      const parameters = {
        projects: "",
        resource_types: "c1a.4x",
        regions: "us-east1",
        start_date: "2026-03-02",
        end_date: "2026-03-02",
      };
      const before = await getItems(endpoint, "/organizations/org-acme/usage", parameters);
      const brief = organization.vms.find(({ id }) => id === "vm-brief");
      const [run] = brief?.runs ?? [];
      if (run?.to) run.to += 3600 - 620;
      organization.revision++;
      const after = await getItems(endpoint, "/organizations/org-acme/usage", parameters);
      expect([before[0]?.quantity, after[0]?.quantity]).toEqual([620 / 3600, 1]);
    });
  });
});

describe("what the API has beyond the seed", () => {
  const gateway = serving();

  it("shows the fabric that VMs hang on, by the ids that their adapters name", async () => {
    const project = "/projects/project-alpha";
    const vm = await getJson(gateway.endpoint, `${project}/compute/vms/instances/vm-train`);
    const [adapter] = vm.host_channel_adapters as Item[];
    const { ib_network_id, ib_partition_id } = adapter ?? {};
    expect(await getItems(gateway.endpoint, `${project}/networking/ib-networks`)).toEqual([
      { capacities: [], id: ib_network_id, location: "us-east1-a", name: "us-east1-a-ib" },
    ]);
    expect(await getItems(gateway.endpoint, `${project}/networking/ib-partitions`)).toEqual([
      { ib_network_id, id: ib_partition_id, name: "us-east1-a-partition" },
    ]);
    expect(await getItems(gateway.endpoint, "/projects/project-beta/networking/ib-networks")).toEqual([]);
  });

  it.each(beyondTheSeed.filter((path) => !path.startsWith("networking")))(
    "has an empty list of %s, and none of a project that there is not",
    async (path) => {
      expect(await getItems(gateway.endpoint, `/projects/project-alpha/${path}`)).toEqual([]);
      expect((await get(gateway.endpoint, `/projects/none/${path}`)).status).toBe(403);
    },
  );
});
