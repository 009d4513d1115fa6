import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateway/server.ts";
import { acme, start } from "./acme.ts";
import {
  ask,
  askJson,
  get,
  getItems,
  getJson,
  type Item,
  key,
  send,
  signedHeaders,
} from "./signed-client.ts";

const vms = "/projects/project-alpha/compute/vms/instances";
const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICpuH/fqCFLbAConChyVH6rZzSaxlnHSwQk6qvtPsf5E";
const order = { name: "fresh", type: "c1a.4x", location: "us-east1-a", ssh_public_key: sshKey };
const viewer = { accessKeyId: "viewer-key", secretKey: key.secretKey };
const writer = { accessKeyId: "writer-key", secretKey: key.secretKey };

describe("a request to change something", () => {
  let gateway: Gateway;
  const defects: unknown[] = [];
  const refusal = async (
    method: string,
    path: string,
    body?: unknown,
    signer = key,
  ): Promise<[number, string]> => {
    const { status, text } = await ask(gateway.endpoint, method, path, body, { key: signer });
    const error = JSON.parse(text) as { code: string; message: string };
    if (status !== 200) expect(error.code).toBe(String(status));
    return [status, error.message];
  };

  beforeEach(async () => {
    await gateway?.close();
    const organization = acme();
    // The scenario gives project alpha no VM more than it has.
    organization.quotas = organization.quotas.filter(({ name }) => name !== "alpha-vms");
    gateway = await start({
      organization,
      accessKeys: [key, { ...viewer, role: "viewer" }, { ...writer, role: "Writer" }],
      quirks: { operationSeconds: { "vm CREATE": 90, "vm STOP": 30, "vm START": 60, "vm DELETE": 40 } },
      onDefect: (error) => defects.push(error),
    });
  });
  afterAll(async () => {
    await gateway?.close();
    expect(defects).toEqual([]);
  });

  it("is an operation that is under way, and takes effect at the second at which it is completed", async () => {
    const { endpoint, clock } = gateway;
    const { operation } = await askJson<{ operation: Item }>(endpoint, "POST", vms, order);
    expect(operation).toEqual({
      completed_at: "",
      metadata: { action: "CREATE", id: expect.any(String), name: "fresh" },
      operation_id: expect.any(String),
      result: {},
      started_at: "2026-03-10T12:00:00Z",
      state: "IN_PROGRESS",
    });
    const poll = () => getJson(endpoint, `${vms}/operations/${operation.operation_id}`);
    const named = async () => (await getItems(endpoint, vms, { names: "fresh" })).map(({ state }) => state);
    clock.advance({ seconds: 89 });
    expect([(await poll()).state, await named()]).toEqual(["IN_PROGRESS", []]);
    clock.advance({ seconds: 1 });
    expect(await poll()).toMatchObject({
      completed_at: "2026-03-10T12:01:30Z",
      state: "SUCCEEDED",
      result: { name: "fresh", state: "STATE_RUNNING", created_at: "2026-03-10T12:01:30Z" },
    });
    expect(await named()).toEqual(["STATE_RUNNING"]);
    // Told once: the creation is not derived from the history besides.
    const { id } = operation.metadata as { id: string };
    expect(await getItems(endpoint, `${vms}/operations`, { resource_id: id })).toHaveLength(1);
  });

  it("is metered to the second, from when it took effect until it was undone", async () => {
    const { endpoint, clock } = gateway;
    const { operation } = await askJson<{ operation: Item }>(endpoint, "POST", vms, order);
    const { id } = operation.metadata as { id: string };
    clock.advance({ seconds: 90 });
    // Runs for 1000 seconds, and for the 30 that its stop takes; then again for 500 and the 40 of its deletion.
    clock.advance({ seconds: 1000 });
    await askJson(endpoint, "PATCH", `${vms}/${id}`, { action: "STOP" });
    clock.advance({ seconds: 7000 });
    await askJson(endpoint, "PATCH", `${vms}/${id}`, { action: "START" });
    clock.advance({ seconds: 60 + 500 });
    await askJson(endpoint, "DELETE", `${vms}/${id}`);
    clock.advance({ seconds: 3600 });
    const { text } = await get(endpoint, "/organizations/org-acme/usage/export", {
      projects: "project-alpha",
      resources: id,
      resource_types: "",
      regions: "",
      start_date: "2026-03-10",
      end_date: "2026-03-10",
    });
    expect(text.split("\r\n")[1]).toBe(
      `2026-03-10,project-alpha,alpha,${id},fresh,c1a.4x,us-east1,instance-hours,,${(1030 + 540) / 3600}`,
    );
    const done = await getItems(endpoint, `${vms}/operations`, { resource_id: id });
    expect(done.map(({ metadata }) => (metadata as { action: string }).action)).toEqual([
      "CREATE",
      "STOP",
      "START",
      "DELETE",
    ]);
  });

  it("is refused where a field is missing or wrong, which it names; fields that nobody knows are passed over", async () => {
    const { name: _, ...nameless } = order;
    expect(await refusal("POST", vms, nameless)).toEqual([400, "bad_request: name: is required"]);
    expect(await refusal("POST", vms, { ...order, name: "-" })).toEqual([
      400,
      expect.stringMatching(/^bad_request: name: is no name/),
    ]);
    expect(await refusal("POST", vms, { ...order, disks: [{ disk_id: "d", mode: "read-only" }] })).toEqual([
      400,
      "bad_request: disks[0].attachment_type: is required",
    ]);
    expect(await refusal("POST", vms, { ...order, type: "h900" })).toEqual([
      400,
      'bad_request: type: there is no VM type "h900"',
    ]);
    expect(await refusal("PATCH", `${vms}/vm-brief`, { action: "EXPLODE" })).toEqual([
      400,
      "bad_request: action: is none of START, STOP, RESET, RESERVE, UNRESERVE, UPDATE",
    ]);
    for (const [body, message] of [
      [undefined, "the body is missing"],
      ["{", "the body is not JSON"],
      ["[]", "the body: is not an object"],
      ["null", "the body: is not an object"],
    ] as const) {
      expect(await refusal("POST", vms, body)).toEqual([400, `bad_request: ${message}`]);
    }
    expect(await ask(gateway.endpoint, "POST", vms, { ...order, later: { a: 1 } })).toMatchObject({
      status: 200,
    });
  });

  it("is refused where its body is beyond measure, and the next is answered", async () => {
    const padded = JSON.stringify({ ...order, padding: "x".repeat(1 << 20) });
    expect(await refusal("POST", vms, padded)).toEqual([
      413,
      "body_too_large: the body is larger than 1 MiB",
    ]);
    expect((await refusal("POST", vms, order))[0]).toBe(200);
  });

  it("is taken whatever its body says that it is, under either version", async () => {
    const path = `/v1${vms}`;
    const headers = { ...signedHeaders("POST", path, ""), "content-type": "text/plain" };
    const { status } = await send(gateway.endpoint, path, {
      method: "POST",
      headers,
      body: JSON.stringify(order),
    });
    expect(status).toBe(200);
  });

  it("needs a role that allows it, a project of one's own, and something that is there", async () => {
    expect(await refusal("POST", vms, order, viewer)).toEqual([
      403,
      "forbidden: the role viewer does not allow it",
    ]);
    expect((await ask(gateway.endpoint, "GET", vms, undefined, { key: viewer })).status).toBe(200);
    expect((await refusal("POST", vms, order, { ...viewer, accessKeyId: "nobody" }))[0]).toBe(401);
    expect((await refusal("POST", vms.replace("alpha", "gamma"), order))[0]).toBe(403);
    expect((await refusal("DELETE", `${vms}/nothing`))[0]).toBe(404);
    expect((await refusal("DELETE", vms))[0]).toBe(405);
    expect((await refusal("POST", vms, order, writer))[0]).toBe(200);
  });

  it("is refused where the state of things forbids it", async () => {
    expect(await refusal("PATCH", `${vms}/vm-train`, { action: "START" })).toEqual([
      409,
      "conflict: train runs already",
    ]);
    expect(await refusal("PATCH", `${vms}/vm-brief`, { action: "STOP" })).toEqual([
      409,
      "conflict: brief does not run",
    ]);
    expect(await refusal("POST", vms, { ...order, name: "train" })).toEqual([
      409,
      'conflict: the name "train" is taken',
    ]);
    expect((await refusal("POST", vms, order))[0]).toBe(200);
    // Taken already while it is only being made.
    expect((await refusal("POST", vms, order))[0]).toBe(409);
    expect((await refusal("PATCH", `${vms}/vm-brief`, { action: "START" }))[0]).toBe(200);
    expect(await refusal("PATCH", `${vms}/vm-brief`, { action: "START" })).toEqual([
      409,
      "conflict: brief: its START is still under way",
    ]);
  });

  it("is refused beyond a quota or what is on offer, and comes to nothing where others were first", async () => {
    const big = { ...order, type: "h100-80gb-sxm-ib.8x", reservation_specification: { id: "" } };
    expect((await refusal("POST", vms, { ...big, name: "one" }))[0]).toBe(200);
    // Of 16 GPUs 8 are the scenario's, and 8 are being given out.
    expect(await refusal("POST", vms, { ...big, name: "two" })).toEqual([
      400,
      "bad_request: the quota h100 allows 16: 16 are used, and 8 more were asked for",
    ]);
    const iceland = { ...order, location: "eu-iceland1-a", type: "c1a.4x" };
    const operations: Item[] = [];
    for (const name of ["a", "b", "c"]) {
      const answer = await askJson<{ operation: Item }>(gateway.endpoint, "POST", vms, { ...iceland, name });
      operations.push(answer.operation);
    }
    gateway.clock.advance({ seconds: 90 });
    // There were two places, which none of the three had taken when it was asked for.
    const ends = operations.map(({ operation_id: id }) =>
      getJson(gateway.endpoint, `${vms}/operations/${id}`),
    );
    expect((await Promise.all(ends)).map(({ state, result }) => [state, (result as Item).code])).toEqual([
      ["SUCCEEDED", undefined],
      ["SUCCEEDED", undefined],
      ["FAILED", "out_of_stock"],
    ]);
    expect(await getItems(gateway.endpoint, "/capacities", { location: "eu-iceland1-a" })).toEqual([
      { location: "eu-iceland1-a", quantity: 0, type: "c1a.4x" },
    ]);
    expect(await refusal("POST", vms, { ...iceland, name: "d" })).toEqual([
      400,
      "bad_request: out of stock: eu-iceland1-a has room for 0 more of c1a.4x, and 1 were asked for",
    ]);
  });
});
