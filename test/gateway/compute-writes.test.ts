import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateway/server.ts";
import { acme, start } from "./acme.ts";
import { ask, askJson, get, getItems, getJson, type Item, plainCsv } from "./signed-client.ts";

const alpha = "/projects/project-alpha";
const vms = `${alpha}/compute/vms/instances`;
const templates = `${alpha}/compute/instance-templates`;
const groups = `${alpha}/compute/instance-groups`;
const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICpuH/fqCFLbAConChyVH6rZzSaxlnHSwQk6qvtPsf5E";
const order = { name: "fresh", type: "c1a.4x", location: "us-east1-a", ssh_public_key: sshKey };
const template = {
  template_name: "workers",
  type: "c1a.4x",
  location: "us-east1-a",
  ssh_public_key: sshKey,
  disks: [{ size: "1TiB", type: "persistent-ssd" }],
  image_name: "ubuntu22.04:latest",
};

describe("who writes to the compute API", () => {
  let gateway: Gateway;
  const defects: unknown[] = [];

  beforeEach(async () => {
    await gateway?.close();
    const organization = acme();
    organization.quotas = organization.quotas.filter(({ name }) => name !== "alpha-vms");
    gateway = await start({
      organization,
      quirks: {
        operationSeconds: {
          "vm CREATE": 90,
          "vm DELETE": 40,
          "vm START": 60,
          "vm STOP": 30,
          "vm UPDATE": 20,
          "vm RESET": 25,
          "vm ATTACH_DISKS": 8,
          "vm DETACH_DISKS": 9,
          "custom-image CREATE": 200,
        },
      },
      onDefect: (error) => defects.push(error),
    });
  });
  afterAll(async () => {
    await gateway?.close();
    expect(defects).toEqual([]);
  });

  const wait = (seconds: number) => gateway.clock.advance({ seconds });
  const read = (path: string) => getJson(gateway.endpoint, path);
  const said = async (method: string, path: string, body?: unknown): Promise<[number, string]> => {
    const { status, text } = await ask(gateway.endpoint, method, path, body);
    return [status, status === 200 ? "" : String((JSON.parse(text) as Item).message)];
  };
  /** Asks for an operation, waits until it is through, and gives what it came to. */
  async function done(method: string, path: string, body?: unknown): Promise<Item> {
    const { operation } = await askJson<{ operation: Item }>(gateway.endpoint, method, path, body);
    wait(200);
    return read(`${vms}/operations/${operation.operation_id}`);
  }
  const idOf = ({ result }: Item) => String((result as Item).id);
  const namesAt = async (path: string) => (await getItems(gateway.endpoint, path)).map(({ name }) => name);

  it("gets a VM with a disk of its own for its system, an address, and what it asked for", async () => {
    const created = await done("POST", vms, {
      ...order,
      image: "ubuntu22.04:latest",
      maintenance_policy: "stop-vm",
      network_interfaces: [{ ips: [{ public_ipv4: { type: "static" } }] }],
      disks: [{ disk_id: "disk-shared", attachment_type: "data", mode: "read-only" }],
    });
    expect(created.result).toMatchObject({
      billing_type: "on_demand",
      maintenance_policy: "stop-vm",
      reservation_id: "",
      state: "STATE_RUNNING",
    });
    const { disks, network_interfaces: ways } = created.result as Record<string, Item[]> & { disks: Item[] };
    const [way] = ways ?? [];
    expect(disks.map((disk) => [disk.name, disk.attachment_type, disk.mode, disk.size])).toEqual([
      ["fresh-os", "os", "read-write", "128GiB"],
      ["shared", "data", "read-only", "2TiB"],
    ]);
    const address = (kind: string) => (way?.ips as Record<string, Item>[] | undefined)?.[0]?.[kind];
    expect(String(address("private_ipv4")?.address)).toMatch(/^10\.1\.\d+\.\d+$/);
    expect(address("public_ipv4")).toMatchObject({
      type: "static",
      address: expect.stringMatching(/^203\.0\.113\./),
    });
    // Its system's disk goes with it; the other is left, and attached to who held it before.
    const id = idOf(created);
    await done("DELETE", `${vms}/${id}`);
    expect((await get(gateway.endpoint, `${vms}/${id}`)).status).toBe(404);
    expect(await namesAt(`${alpha}/storage/disks`)).toEqual(["shared"]);
    expect((await read(`${alpha}/storage/disks/disk-shared`)).attached_to).toEqual([
      { attachment_type: "data", mode: "read-only", vm_id: "vm-train" },
    ]);
  });

  it("attaches and detaches disks, each only where it can be", async () => {
    const attach = (vm: string, ...disks: [id: string, mode: string][]) => ({
      path: `${vms}/${vm}/attach-disks`,
      body: { attach_disks: disks.map(([disk_id, mode]) => ({ disk_id, mode, attachment_type: "data" })) },
    });
    const first = attach("vm-brief", ["disk-shared", "read-write"]);
    expect((await done("POST", first.path, first.body)).metadata).toMatchObject({ action: "ATTACH_DISKS" });
    expect(await said("POST", first.path, first.body)).toEqual([
      409,
      "conflict: the disk shared is attached to brief already",
    ]);
    expect(await said("POST", first.path, attach("", ["nothing", "read-only"]).body)).toEqual([
      404,
      'not_found: there is no disk "nothing" in this project',
    ]);
    expect(
      (await done("POST", `${vms}/vm-brief/detach-disks`, { detach_disks: ["disk-shared"] })).state,
    ).toBe("SUCCEEDED");
    expect((await read(`${vms}/vm-brief`)).disks).toEqual([]);
    expect((await said("POST", `${vms}/vm-brief/detach-disks`, { detach_disks: ["disk-shared"] }))[0]).toBe(
      409,
    );

    // A VM's own system can't be taken from it, nor a plain disk written to by two.
    const other = await done("POST", vms, order);
    const [system] = (other.result as { disks: Item[] }).disks;
    expect(
      (await said("POST", `${vms}/${idOf(other)}/detach-disks`, { detach_disks: [system?.id] }))[0],
    ).toBe(409);
    const taken = attach("vm-brief", [String(system?.id), "read-only"]);
    expect(await said("POST", taken.path, taken.body)).toEqual([
      409,
      "conflict: the disk fresh-os is attached already",
    ]);
  });

  it("reserves and unreserves at once, by what the contract allows, and is metered by it", async () => {
    const patch = (body: unknown) => said("PATCH", `${vms}/vm-train`, body);
    expect(await patch({ action: "RESERVE", reservation_id: "reservation-line" })).toEqual([
      409,
      "conflict: train is on that reservation already",
    ]);
    const { operation } = await askJson<{ operation: Item }>(gateway.endpoint, "PATCH", `${vms}/vm-train`, {
      action: "UNRESERVE",
    });
    expect(operation).toMatchObject({ state: "SUCCEEDED", completed_at: "2026-03-10T12:00:00Z" });
    expect((await read(`${vms}/vm-train`)).reservation_id).toBe("");
    expect((await patch({ action: "UNRESERVE" }))[0]).toBe(409);
    expect(await patch({ action: "RESERVE", reservation_id: "reservation-instances" })).toEqual([
      400,
      "bad_request: the reservation reservation-instances can't take it: it is of l40s-48gb.2x",
    ]);
    expect((await patch({ action: "RESERVE" }))[1]).toBe("bad_request: reservation_id: is required");
    wait(3600);
    expect(await patch({ action: "RESERVE", reservation_id: "reservation-line" })).toEqual([200, ""]);
    wait(3600);
    const { items } = await getJson<{ items: Item[] }>(gateway.endpoint, "/organizations/org-acme/usage", {
      projects: "project-alpha",
      resource_types: "h100-80gb-sxm-ib.8x",
      regions: "us-east1",
      start_date: "2026-03-10",
      end_date: "2026-03-10",
    });
    // Twelve hours of 8 GPUs and one more on the reservation, one without.
    expect(items.map(({ quantity, reservation_id: id }) => [quantity, id]).sort()).toEqual([
      [104, "reservation-line"],
      [8, ""],
    ]);
  });

  it("is given the cheapest reservation that can take a new VM, unless it asks for another way", async () => {
    const big = { ...order, type: "h100-80gb-sxm-ib.8x" };
    await done("DELETE", `${vms}/vm-train`);
    const bodies = [
      { name: "a" },
      { name: "b", reservation_specification: { selection_strategy: "on_demand" } },
    ];
    const given: unknown[] = [];
    for (const body of bodies) {
      const { result } = await done("POST", vms, { ...big, ...body });
      given.push([(result as Item).reservation_id, (result as Item).billing_type]);
    }
    expect(given).toEqual([
      ["reservation-line", "reserved"],
      ["", "on_demand"],
    ]);
    const [reservation] = await getItems(
      gateway.endpoint,
      "/organizations/org-acme/reservations/reservation-line",
    );
    expect(reservation).toMatchObject({ used_quantity: 8, vm_ids: [expect.any(String)] });
    expect(
      await said("POST", vms, { ...order, name: "c", reservation_specification: { id: "reservation-line" } }),
    ).toEqual([
      400,
      "bad_request: the reservation reservation-line can't take it: it is of h100-80gb-sxm-ib",
    ]);
  });

  it("resets a VM, and gives a stopped one another size of its line, which is metered from then on", async () => {
    expect((await done("PATCH", `${vms}/vm-train`, { action: "RESET" })).metadata).toMatchObject({
      action: "RESET",
    });
    expect(await said("PATCH", `${vms}/vm-brief`, { action: "UPDATE", type: "l40s-48gb.2x" })).toEqual([
      400,
      "bad_request: type: brief can only be of another size of c1a",
    ]);
    await gateway.close();
    const organization = acme();
    organization.quotas = organization.quotas
      .slice(0, 1)
      .map((quota) => ({ ...quota, productLine: "c1a", max: 3 }));
    const [large] = organization.vmTypes.filter(({ productName }) => productName === "c1a.4x");
    if (large) {
      organization.vmTypes.push({ ...large, productName: "c1a.8x" });
      organization.vmTypes.push({ ...large, productName: "c1a.16x", numGpu: 4 });
    }
    gateway = await start({
      organization,
      quirks: { operationSeconds: { "vm UPDATE": 20, "vm START": 60 } },
    });
    const up = (body: unknown) => done("PATCH", `${vms}/vm-brief`, body);
    expect((await up({ action: "START" })).state).toBe("SUCCEEDED");
    expect((await said("PATCH", `${vms}/vm-brief`, { action: "UPDATE", type: "c1a.8x" }))[0]).toBe(409);
    const stop = await up({ action: "STOP" });
    expect(await said("PATCH", `${vms}/vm-brief`, { action: "UPDATE", type: "c1a.16x" })).toEqual([
      400,
      "bad_request: the quota h100 allows 3: 0 are used, and 4 more were asked for",
    ]);
    expect((await up({ action: "UPDATE", type: "c1a.8x" })).result).toMatchObject({ type: "c1a.8x" });
    await up({ action: "START" });
    wait(3600 - 140);
    const stopped = Date.parse(String(stop.completed_at)) - Date.parse("2026-03-10T12:01:00Z");
    const { text } = await get(gateway.endpoint, "/organizations/org-acme/usage/export", {
      projects: "",
      resources: "vm-brief",
      resource_types: "",
      regions: "",
      start_date: "2026-03-10",
      end_date: "2026-03-10",
    });
    expect(plainCsv(text).map((row) => [row.resource_type, Number(row.quantity)])).toEqual([
      ["c1a.4x", stopped / 3_600_000],
      ["c1a.8x", 1],
    ]);
  });

  it("makes several VMs from a template in one operation, all or none", async () => {
    const made = await askJson(gateway.endpoint, "POST", templates, template);
    expect(made).toMatchObject({
      name: "workers",
      image_name: "ubuntu22.04:latest",
      project_id: "project-alpha",
    });
    expect(made.disks).toEqual([{ size: "1TiB", type: "persistent-ssd" }]);
    expect(await read(`${templates}/${made.id}`)).toEqual(made);
    expect(await said("POST", templates, { ...template, template_name: "two\nlines" })).toEqual([
      400,
      expect.stringMatching(/^bad_request: template_name: is no name/),
    ]);
    const bulk = `${alpha}/compute/vms/bulk-instances`;
    const { result } = await done("POST", bulk, {
      count: 2,
      name_prefix: "w",
      instance_template_id: made.id,
    });
    const results = result as Item[];
    expect(results.map(({ name, instance_template_id: id }) => [name, id])).toEqual([
      ["w-1", made.id],
      ["w-2", made.id],
    ]);
    const operations = await getItems(gateway.endpoint, `${vms}/operations`, {
      resource_id: String(results[0]?.id),
    });
    expect(operations).toHaveLength(1);
    expect(await namesAt(`${alpha}/storage/disks`)).toEqual([
      "shared",
      "w-1-os",
      "w-1-data-1",
      "w-2-os",
      "w-2-data-1",
    ]);
    // 5000 GiB are allowed: 2048, 2304 and the web servers' 384 are used.
    const more = { count: 1, name_prefix: "w", instance_template_id: made.id };
    expect(await said("POST", bulk, more)).toEqual([
      400,
      "bad_request: the quota disks allows 5000: 4736 are used, and 1152 more were asked for",
    ]);
    expect(
      await said("POST", bulk, {
        count: 4,
        name_prefix: "x",
        instance_template: { ...template, disks: [] },
        locations: [{ location: "eu-iceland1-a" }],
      }),
    ).toEqual([400, expect.stringMatching(/^bad_request: the quota disks|^bad_request: out of stock/)]);
    expect((await said("POST", bulk, { count: 1, name_prefix: "x" }))[0]).toBe(400);
    expect((await said("POST", bulk, { ...more, count: 0 }))[1]).toBe("bad_request: count: is below 1");
    const [before, subnets] = [await namesAt(vms), await namesAt(`${alpha}/networking/vpc-subnets`)];
    const places = {
      count: 1,
      name_prefix: "x",
      instance_template: { ...template, disks: [] },
      locations: [{ location: "us-east1-a" }, { location: "eu-iceland1-a", subnet_id: "none" }],
    };
    expect(await said("POST", bulk, places)).toEqual([
      400,
      'bad_request: subnet: there is no "none" in eu-iceland1-a',
    ]);
    wait(200);
    expect([await namesAt(vms), await namesAt(`${alpha}/networking/vpc-subnets`)]).toEqual([before, subnets]);
  });

  it("makes VMs in the subnet of their template, which says where they are", async () => {
    const post = (path: string, body: unknown) =>
      askJson<Record<string, Item>>(gateway.endpoint, "POST", `${alpha}/networking/${path}`, body);
    const { network } = await post("vpc-networks", { name: "far", cidr: "10.50.0.0/16" });
    const place = { cidr: "10.50.0.0/24", location: "eu-iceland1-a", vpc_network_id: network?.id };
    const { subnet } = await post("vpc-subnets", { ...place, name: "far", nat_gateway_enabled: false });
    const { location: _, ...elsewhere } = { ...template, subnet_id: subnet?.id, disks: [] };
    const made = await askJson(gateway.endpoint, "POST", templates, elsewhere);
    expect(made.location).toBe("eu-iceland1-a");
    const { result } = await done("POST", `${alpha}/compute/vms/bulk-instances`, {
      count: 1,
      name_prefix: "f",
      instance_template_id: made.id,
    });
    expect(result).toMatchObject([
      { location: "eu-iceland1-a", network_interfaces: [{ subnet: subnet?.id, network: network?.id }] },
    ]);
  });

  it("gives a VM an address that no other has, as those of who is gone are free again", async () => {
    const post = (path: string, body: unknown) =>
      askJson<Record<string, Item>>(gateway.endpoint, "POST", `${alpha}/networking/${path}`, body);
    const { network } = await post("vpc-networks", { name: "small", cidr: "10.60.0.0/28" });
    const place = { cidr: "10.60.0.0/28", location: "us-east1-a", vpc_network_id: network?.id };
    const { subnet } = await post("vpc-subnets", { ...place, name: "small", nat_gateway_enabled: false });
    // It has room for four.
    const make = async (name: string) => {
      const interfaces = { network_interfaces: [{ subnet: subnet?.id }] };
      const { result } = await done("POST", vms, { ...order, ...interfaces, name });
      return result as { id: string; network_interfaces: { ips: { private_ipv4: { address: string } }[] }[] };
    };
    const made = [await make("a"), await make("b"), await make("c"), await make("d")];
    await done("DELETE", `${vms}/${made[1]?.id}`);
    made.push(await make("e"));
    expect(made.map((vm) => vm.network_interfaces[0]?.ips[0]?.private_ipv4.address)).toEqual([
      "10.60.0.10",
      "10.60.0.11",
      "10.60.0.12",
      "10.60.0.13",
      "10.60.0.11",
    ]);
  });

  it("lists a fabric's network once, whatever partitions of it VMs are on", async () => {
    await done("POST", vms, {
      ...{ ...order, type: "h100-80gb-sxm-ib.8x" },
      host_channel_adapters: [{ ib_partition_id: "partition-own" }],
    });
    const idsAt = async (path: string) =>
      (await getItems(gateway.endpoint, `${alpha}/networking/${path}`)).map(({ id }) => id);
    expect(await idsAt("ib-networks")).toHaveLength(1);
    expect(await idsAt("ib-partitions")).toEqual(["partition-own", expect.any(String)]);
  });

  it("keeps a group of as many VMs as it wants, and can't take from under it what it is made from", async () => {
    const made = await askJson(gateway.endpoint, "POST", templates, { ...template, disks: [] });
    const group = await askJson(gateway.endpoint, "POST", groups, {
      name: "pool",
      template_id: made.id,
      desired_count: 3,
    });
    expect(group).toMatchObject({ desired_count: 3, instances: [], running_instance_count: 0 });
    const path = `${groups}/${group.id}`;
    wait(200);
    expect(await read(path)).toMatchObject({ running_instance_count: 3 });
    expect(await namesAt(vms)).toEqual(["brief", "pool-1", "pool-2", "pool-3", "train"]);
    expect(await askJson(gateway.endpoint, "PATCH", path, { desired_count: { value: 1 } })).toMatchObject({
      desired_count: 1,
      running_instance_count: 3,
    });
    wait(200);
    const scaled = await read(path);
    expect([scaled.running_instance_count, scaled.desired_count]).toEqual([1, 1]);
    expect((await said("DELETE", path))[0]).toBe(409);
    expect((await said("DELETE", `${templates}/${made.id}`))[1]).toBe(
      "conflict: the instance group pool is made from workers",
    );
    // A client that leaves out what is zero.
    expect((await said("PATCH", path, { desired_count: {}, name: "pond" }))[0]).toBe(200);
    wait(200);
    expect(await read(path)).toMatchObject({
      name: "pond",
      instances: [],
      updated_at: "2026-03-10T12:06:40Z",
    });
    expect(await said("DELETE", path)).toEqual([200, ""]);
    expect((await get(gateway.endpoint, path)).status).toBe(404);
    expect(await said("DELETE", `${templates}/${made.id}`)).toEqual([200, ""]);
    // Each VM came and went by an operation of its own.
    const actions = (await getItems(gateway.endpoint, `${vms}/operations`)).filter(({ metadata }) =>
      String((metadata as Item).name).startsWith("pool"),
    );
    expect(actions.map(({ metadata }) => (metadata as Item).action).sort()).toEqual(
      [...Array(3).fill("CREATE"), ...Array(3).fill("DELETE")].sort(),
    );
    // More than there is room for: as many as fit, and operations that failed for the others.
    const big = await askJson(gateway.endpoint, "POST", groups, {
      name: "lake",
      template_id: (
        await askJson(gateway.endpoint, "POST", templates, { ...template, location: "eu-iceland1-a" })
      ).id,
      desired_count: 0,
    });
    expect((await said("PATCH", `${groups}/${big.id}`, { desired_count: { value: 2000 } }))[0]).toBe(400);
    expect((await said("PATCH", `${groups}/${big.id}`, { desired_count: { value: 2 } }))[0]).toBe(200);
    wait(200);
    expect((await read(`${groups}/${big.id}`)).running_instance_count).toBe(2);
  });

  it("makes an image of a disk, by an operation in a list of its own", async () => {
    const path = `${alpha}/compute/custom-images`;
    const body = { DiskID: "disk-shared", name: "golden", tags: ["v1"] };
    const { operation } = await askJson<{ operation: Item }>(gateway.endpoint, "POST", path, body);
    expect(operation.state).toBe("IN_PROGRESS");
    expect(await namesAt(path)).toEqual(["mine"]);
    wait(200);
    expect(await namesAt(path)).toEqual(["mine", "golden"]);
    expect(await read(`${path}/operations/${operation.operation_id}`)).toMatchObject({
      result: { name: "golden", tags: ["v1"], locations: ["us-east1-a"] },
      state: "SUCCEEDED",
    });
    expect((await said("POST", path, body))[0]).toBe(409);
    expect((await said("POST", path, { ...body, DiskID: "nothing", name: "other" }))[0]).toBe(404);
    expect((await said("POST", vms, { ...order, custom_image: "golden" }))[0]).toBe(200);
    expect((await said("POST", vms, { ...order, name: "b", custom_image: "silver" }))[0]).toBe(400);
  });
});
