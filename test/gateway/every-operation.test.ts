import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { routes } from "../../src/gateway/routes.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { start } from "./acme.ts";
import { lacking, type ReferenceOperation, reference, unnamed } from "./reference.ts";
import { ask, canonical, type Item, type Parameters } from "./signed-client.ts";

vi.setConfig({ testTimeout: 60_000 });

const byName = new Map(reference.map((operation) => [unnamed(operation.operation), operation]));
const served = new Set(routes.map(({ method, pattern }) => unnamed(`${method} ${pattern}`)));

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWVib2R5IHdobyBrbm93cyBub3RoaW5nIGhlcmUh somebody";

/** The demo's organisation, under the newer version, with what drives an operation by its name in the reference. */
async function living() {
  const organization = await loadScenario("data/demo/organization.yaml");
  const gateway = await start({ organization, control: true });
  const driven = new Set<string>();
  const endpoint = gateway.endpoint.replace("/v1alpha5", "/v1");

  async function drive<T = Item>(
    operation: string,
    ids: readonly string[] = [],
    { query = {}, body }: { query?: Parameters; body?: unknown } = {},
  ): Promise<T> {
    const documented = byName.get(unnamed(operation)) as ReferenceOperation;
    expect(documented, operation).toBeDefined();
    const [method = "", pattern = ""] = operation.split(" ");
    const names = [...ids];
    const path = pattern.replace(/\{[^}]+\}/g, () => encodeURIComponent(names.shift() ?? ""));
    const { status, text } = await ask(endpoint, method, path, body, { parameters: query });
    expect({ operation, status, text: status === 200 ? "" : text }).toEqual({
      operation,
      status: 200,
      text: "",
    });
    driven.add(unnamed(operation));
    if (documented.answers === "none") expect({ operation, text }).toEqual({ operation, text: "" });
    if (documented.answers !== "json") return text as T;
    const answer: unknown = JSON.parse(text);
    expect({ operation, query: canonical(query), lacking: lacking(documented, answer) }).toEqual({
      operation,
      query: canonical(query),
      lacking: [],
    });
    return answer as T;
  }

  /** Begins something, sees it under way, and comes back when it is done, with the id of what it made. */
  async function perform(
    operation: string,
    ids: readonly string[],
    operations: string,
    body?: unknown,
  ): Promise<string> {
    const { operation: begun } = await drive<{ operation: Item }>(operation, ids, { body });
    const [project = ""] = ids;
    const id = String(begun.operation_id);
    const list = await drive<{ items: Item[] }>(`GET ${operations}`, [project], {
      query: { state: "IN_PROGRESS,SUCCEEDED" },
    });
    expect(list.items.map(({ operation_id }) => operation_id)).toContain(id);
    gateway.clock.advance({ seconds: 900 });
    const done = await drive<{ state: string; result: { id?: string } }>(`GET ${operations}/{operation_id}`, [
      project,
      id,
    ]);
    expect({ operation, state: done.state, result: done.result }).toMatchObject({
      operation,
      state: "SUCCEEDED",
    });
    return String(done.result?.id);
  }
  return { organization, gateway, driven, drive, perform };
}

const organization = "5d3f1c0e-8a51-4f0b-9c58-3a1c7be0a001";
const training = "5d3f1c0e-8a51-4f0b-9c58-3a1c7be0b001";
const place = { location: "us-southcentral1-a" };

describe("every operation of the reference", () => {
  let life: Awaited<ReturnType<typeof living>>;
  beforeAll(async () => {
    life = await living();
  });
  afterAll(() => life.gateway.close());

  const project = "/projects/{project_id}";
  const vms = `${project}/compute/vms/instances`;
  const disks = `${project}/storage/disks`;
  const networks = `${project}/networking/vpc-networks`;
  const subnets = `${project}/networking/vpc-subnets`;
  /** What one test makes for those after it. */
  const made = { project: "", image: "", network: "", subnet: "", vm: "" };
  const vm = (name: string) => ({
    name,
    ...place,
    type: "c1a.8x",
    ssh_public_key: publicKey,
    image: made.image,
    network_interfaces: [{ subnet: made.subnet }],
  });

  it("tells who asks, and what the organisation is and may have", async () => {
    const { drive } = life;
    await drive("GET /organizations/entities");
    await drive("PUT /organizations/entities", [], {
      query: { org_id: organization },
      body: { company_name: "Larkspur & Sons" },
    });
    await drive("GET /users/identities");
    await drive("PUT /users/identities", [], { body: { name: "Ines O." } });
    await drive("GET /locations");
    await drive("GET /capacities", [], { query: { location: "us-east1-a,us-southcentral1-a" } });
    await drive("GET /organizations/{organization_id}/quotas", [organization]);
    await drive("GET /projects/{project_id}/quotas", [training]);
    const images = await drive<{ items: Item[] }>("GET /compute/images");
    made.image = String(images.items[0]?.name);
    await drive("GET /compute/images/{image_id}", [String(images.items[0]?.id)]);
    await drive("GET /projects/{project_id}/compute/vms/types", [training]);
    for (const beside of [
      "networking/ib-networks",
      "networking/ib-partitions",
      "kubernetes/clusters",
      "kubernetes/nodepools",
      "slurm/clusters",
      "storage/s3/buckets",
    ]) {
      await drive(`GET /projects/{project_id}/${beside}`, [training]);
    }
  });

  it("makes, renames, lists and deletes projects", async () => {
    const { drive } = life;
    const answer = await drive<{ project: { id: string } }>("POST /organizations/projects", [], {
      body: { name: "new", organization_id: organization },
    });
    made.project = answer.project.id;
    await drive("PUT /organizations/projects", [], {
      query: { project_id: made.project },
      body: { name: "newer" },
    });
    await drive("GET /organizations/projects", [], {
      query: { org_id: organization, project_name: "newer" },
    });
    await drive("GET /organizations/projects/{project_id}", [made.project]);
    const brief = await drive<{ project: { id: string } }>("POST /organizations/projects", [], {
      body: { name: "brief", organization_id: organization },
    });
    await drive("DELETE /organizations/projects/{project_id}", [brief.project.id]);
  });

  it("makes, renames and deletes networks, subnets and firewall rules", async () => {
    const { drive, perform } = life;
    const rules = `${project}/networking/vpc-firewall-rules`;
    const network = (name: string, cidr: string) =>
      drive<{ network: { id: string } }>(`POST ${networks}`, [made.project], { body: { name, cidr } });
    made.network = (await network("own", "10.40.0.0/16")).network.id;
    const other = (await network("other", "10.41.0.0/16")).network.id;
    const subnet = (name: string, vpc_network_id: string, cidr: string) =>
      drive<{ subnet: { id: string } }>(`POST ${subnets}`, [made.project], {
        body: { name, cidr, ...place, vpc_network_id, nat_gateway_enabled: false },
      });
    made.subnet = (await subnet("own-a", made.network, "10.40.1.0/24")).subnet.id;
    const otherSubnet = (await subnet("other-a", other, "10.41.1.0/24")).subnet.id;
    await drive(`GET ${networks}`, [made.project]);
    await drive(`GET ${networks}/{vpc_network_id}`, [made.project, made.network]);
    await drive(`GET ${subnets}`, [made.project]);
    await drive(`GET ${subnets}/{vpc_subnet_id}`, [made.project, made.subnet]);
    await perform(`PATCH ${networks}/{vpc_network_id}`, [made.project, other], `${networks}/operations`, {
      name: "another",
    });
    await perform(`PATCH ${subnets}/{vpc_subnet_id}`, [made.project, otherSubnet], `${subnets}/operations`, {
      name: "another-a",
    });
    await perform(`DELETE ${subnets}/{vpc_subnet_id}`, [made.project, otherSubnet], `${subnets}/operations`);
    await perform(`DELETE ${networks}/{vpc_network_id}`, [made.project, other], `${networks}/operations`);
    const rule = await perform(`POST ${rules}`, [made.project], `${rules}/operations`, {
      name: "ssh",
      action: "allow",
      direction: "ingress",
      protocols: ["tcp"],
      sources: [{ cidr: "10.0.0.0/8" }],
      source_ports: [],
      destinations: [{ resource_id: made.network }],
      destination_ports: ["22"],
      vpc_network_id: made.network,
    });
    await drive(`GET ${rules}`, [made.project]);
    await drive(`GET ${rules}/{vpc_firewall_rule_id}`, [made.project, rule]);
    await perform(`PATCH ${rules}/{vpc_firewall_rule_id}`, [made.project, rule], `${rules}/operations`, {
      destination_ports: ["22", "2222"],
    });
    await perform(`DELETE ${rules}/{vpc_firewall_rule_id}`, [made.project, rule], `${rules}/operations`);
  });

  it("makes, changes and deletes VMs, disks, snapshots and images", async () => {
    const { drive, perform } = life;
    const snapshots = `${project}/storage/snapshots`;
    const images = `${project}/compute/custom-images`;
    made.vm = await perform(`POST ${vms}`, [made.project], `${vms}/operations`, vm("worker"));
    const disk = await perform(`POST ${disks}`, [made.project], `${disks}/operations`, {
      name: "data",
      size: "1TiB",
      type: "persistent-ssd",
      ...place,
    });
    await perform(`POST ${vms}/{vm_id}/attach-disks`, [made.project, made.vm], `${vms}/operations`, {
      attach_disks: [{ disk_id: disk, attachment_type: "data", mode: "read-write" }],
    });
    await drive(`GET ${vms}`, [made.project], {
      query: { names: "worker", states: "STATE_RUNNING", limit: "5", sort: "name" },
    });
    await drive(`GET ${vms}/{vm_id}`, [made.project, made.vm]);
    await perform(`PATCH ${vms}/{vm_id}`, [made.project, made.vm], `${vms}/operations`, { action: "STOP" });
    await perform(`POST ${vms}/{vm_id}/detach-disks`, [made.project, made.vm], `${vms}/operations`, {
      detach_disks: [disk],
    });
    await perform(`PATCH ${disks}/{disk_id}`, [made.project, disk], `${disks}/operations`, { size: "2TiB" });
    await drive(`GET ${disks}`, [made.project], { query: { disk_ids: disk, exclude_os: "true" } });
    await drive(`GET ${disks}/{disk_id}`, [made.project, disk]);
    const snapshot = await perform(`POST ${snapshots}`, [made.project], `${snapshots}/operations`, {
      name: "before",
      disk_id: disk,
    });
    await perform(`PATCH ${snapshots}/{snapshot_id}`, [made.project, snapshot], `${snapshots}/operations`, {
      name: "after",
    });
    await drive(`GET ${snapshots}`, [made.project]);
    await drive(`GET ${snapshots}/{snapshot_id}`, [made.project, snapshot]);
    await perform(`DELETE ${snapshots}/{snapshot_id}`, [made.project, snapshot], `${snapshots}/operations`);
    await drive(`POST ${images}`, [made.project], {
      body: { name: "golden", description: "ours", tags: ["ours"], DiskID: disk },
    });
    life.gateway.clock.advance({ seconds: 3600 });
    await drive(`GET ${images}`, [made.project]);
    await perform(`DELETE ${disks}/{disk_id}`, [made.project, disk], `${disks}/operations`);
  });

  it("makes VMs of templates, and groups of them", async () => {
    const { drive, perform } = life;
    const templates = `${project}/compute/instance-templates`;
    const groups = `${project}/compute/instance-groups`;
    const template = await drive<{ id: string }>(`POST ${templates}`, [made.project], {
      body: {
        template_name: "small",
        type: "c1a.8x",
        ssh_public_key: publicKey,
        image_name: made.image,
        subnet_id: made.subnet,
        ...place,
      },
    });
    await drive(`GET ${templates}`, [made.project]);
    await drive(`GET ${templates}/{instance_template_id}`, [made.project, template.id]);
    const group = await drive<{ id: string }>(`POST ${groups}`, [made.project], {
      body: { name: "pool", template_id: template.id, desired_count: 2 },
    });
    life.gateway.clock.advance({ seconds: 3600 });
    await drive(`PATCH ${groups}/{instance_group_id}`, [made.project, group.id], {
      body: { desired_count: { value: 0 } },
    });
    await drive(`GET ${groups}`, [made.project]);
    await drive(`GET ${groups}/{instance_group_id}`, [made.project, group.id]);
    life.gateway.clock.advance({ seconds: 3600 });
    await drive(`DELETE ${groups}/{instance_group_id}`, [made.project, group.id]);
    await perform(`POST ${project}/compute/vms/bulk-instances`, [made.project], `${vms}/operations`, {
      name_prefix: "many",
      count: 2,
      instance_template_id: template.id,
    });
    const many = await drive<{ items: { id: string; name: string }[] }>(`GET ${vms}`, [made.project]);
    for (const { id, name } of many.items) {
      if (name.startsWith("many"))
        await perform(`DELETE ${vms}/{vm_id}`, [made.project, id], `${vms}/operations`);
    }
    await drive(`DELETE ${templates}/{instance_template_id}`, [made.project, template.id]);
  });

  it("makes, changes and deletes load balancers of either kind", async () => {
    const { drive, perform } = life;
    const balancers = `${project}/networking/load-balancers`;
    const internal = `${project}/networking/internal-load-balancers`;
    const health = { failure_count: 3, interval: 10, success_count: 2, timeout: 5 };
    const outside = await perform(`POST ${balancers}`, [made.project], `${balancers}/operations`, {
      name: "public",
      ...place,
      protocol: "tcp",
      vpc_id: made.network,
      listen_ports_and_backends: [{ listen_port: 443, backends: [{ ip: "10.40.1.10", port: 8443 }] }],
      health_check_options: health,
    });
    await drive(`GET ${balancers}`, [made.project], { query: { name: "public" } });
    await drive(`GET ${balancers}/{load_balancer_id}`, [made.project, outside]);
    await perform(
      `PATCH ${balancers}/{load_balancer_id}`,
      [made.project, outside],
      `${balancers}/operations`,
      {
        listen_ports_and_backends: [{ listen_port: 443, backends: [] }],
        health_check_options: { ...health, timeout: 4 },
      },
    );
    await perform(
      `DELETE ${balancers}/{load_balancer_id}`,
      [made.project, outside],
      `${balancers}/operations`,
    );
    const inside = await perform(`POST ${internal}`, [made.project], `${internal}/operations`, {
      name: "private",
      ...place,
      algorithm: "round_robin",
      destinations: [{ resource_id: made.vm }],
      network_interfaces: [{ network: made.network, subnet: made.subnet }],
      protocols: ["tcp"],
      health_check: { port: "8080", interval: "10", timeout: "5", failure_count: "3", success_count: "2" },
    });
    await drive(`GET ${internal}`, [made.project]);
    await drive(`GET ${internal}/{load_balancer_id}`, [made.project, inside]);
    await perform(`PATCH ${internal}/{load_balancer_id}`, [made.project, inside], `${internal}/operations`, {
      name: "inner",
    });
    await perform(`DELETE ${internal}/{load_balancer_id}`, [made.project, inside], `${internal}/operations`);
  });

  it("takes keys and tokens, and takes them back", async () => {
    const { drive } = life;
    const added = await drive<{ ssh_key: { id: string } }>("POST /users/ssh-keys", [], {
      body: { name: "laptop 2", public_key: publicKey },
    });
    await drive("GET /users/ssh-keys");
    await drive("DELETE /users/ssh-keys", [], { query: { id: added.ssh_key.id } });
    const { token } = await drive<{ token: { access_key: string } }>("POST /users/tokens", [], {
      body: { alias: "robot", expires_at: "2027-06-01T00:00:00Z" },
    });
    await drive("GET /users/tokens");
    await drive("DELETE /users/tokens", [], { query: { access_key: token.access_key } });
  });

  it("tells usage, costs, reservations and monitoring", async () => {
    const { drive } = life;
    const days = { start_date: "2026-10-01", end_date: "2026-10-02" };
    const options = await drive<Record<string, string[]>>(
      "GET /organizations/{organization_id}/usage/options",
      [organization],
    );
    const lists = {
      projects: training,
      resource_types: options.resource_types?.join(",") ?? "",
      regions: options.regions?.join(",") ?? "",
    };
    const usage = await drive<{ items: Item[] }>(
      "GET /organizations/{organization_id}/usage",
      [organization],
      { query: { ...lists, ...days } },
    );
    expect(usage.items.length).toBeGreaterThan(0);
    await drive("GET /organizations/{organization_id}/usage/export", [organization], {
      query: { ...lists, ...days, resources: "" },
    });
    await drive("GET /organizations/{organization_id}/billing/costs", [organization], { query: days });
    await drive("GET /organizations/{organization_id}/billing/options", [organization]);
    await drive("GET /organizations/{organization_id}/billing/export-productline", [organization], {
      query: days,
    });
    const reservations = await drive<{ items: { id: string }[] }>(
      "GET /organizations/{organization_id}/reservations",
      [organization],
    );
    await drive("GET /organizations/{organization_id}/reservations/{reservation_id}", [
      organization,
      reservations.items[0]?.id ?? "",
    ]);
    await drive("GET /organizations/{organization_id}/reservations/gpu-tracking", [organization], {
      query: { start_time: "2026-11-01T00:00:00Z", end_time: "2026-11-02T00:00:00Z" },
    });
    await drive("GET /organizations/{organization_id}/reservations/gpu-tracking/latest", [organization]);
    const metrics = `${project}/metrics/timeseries`;
    const span = { start: "2026-11-01T00:00:00Z", end: "2026-11-01T06:00:00Z", step: "1h" };
    await drive(`GET ${metrics}`, [training], { query: { resource_type: "vm", ...span } });
    const query = "crusoe_vm_gpu_utilization";
    await drive(`GET ${metrics}/api/v1/query`, [training], { query: { query } });
    await drive(`GET ${metrics}/api/v1/query-range`, [training], { query: { query, ...span } });
    await drive(`GET ${metrics}/query-parameters`, [training], { query: { metric: query, ...span } });
  });

  it("is served and was driven here, but for those beyond the seed that the documentation lists as missing", () => {
    const missing = reference.filter(({ operation }) => !served.has(unnamed(operation)));
    expect(missing.filter(({ section }) => section === "seed")).toEqual([]);
    const listed = tableRows().filter(({ test }) => test === "not served");
    expect(listed.map(({ operation }) => operation)).toEqual(missing.map(({ operation }) => operation));
    const undriven = reference.filter(
      ({ operation }) => served.has(unnamed(operation)) && !life.driven.has(unnamed(operation)),
    );
    expect(undriven.map(({ operation }) => operation)).toEqual([]);
  });

  it("stands in the documentation's table beside a test that there is", () => {
    expect(tableRows().map(({ operation }) => operation)).toEqual(
      reference.map(({ operation }) => operation),
    );
    const texts = new Map<string, string>();
    for (const { operation, test } of tableRows()) {
      if (test === "not served") continue;
      const [file = "", title = ""] = test.split(": ");
      const text = texts.get(file) ?? readFileSync(`test/gateway/${file}`, "utf8");
      texts.set(file, text);
      expect(
        text.includes(`it("${title}"`) || text.includes(`it(\n    "${title}"`),
        `${operation}: ${test}`,
      ).toBe(true);
    }
  });

  it("is the only thing that the gateway serves", () => {
    expect([...served].filter((name) => !byName.has(name))).toEqual(beyondTheReference);
  });
});

/** Lists of operations whose kind the reference documents without them, as Crusoe's own client asks for them. */
const beyondTheReference = [
  "GET /projects/{}/compute/custom-images/operations",
  "GET /projects/{}/compute/custom-images/operations/{}",
];

/** The rows of the table in the documentation, in its order. */
function tableRows(): { operation: string; test: string }[] {
  return readFileSync("docs/guide/gateway-operations.md", "utf8")
    .split("\n")
    .map((line) => /^\| `([A-Z]+ \/[^`]*)` \| (.*) \|$/.exec(line))
    .filter((match) => match !== null)
    .map(([, operation = "", test = ""]) => ({ operation, test: test.replaceAll("`", "") }));
}
