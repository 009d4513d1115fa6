import { describe, expect, it } from "vitest";
import { serving, withGateway } from "./acme.ts";
import { operationPaths } from "./documented-paths.ts";
import { get, getItems, getJson, type Item } from "./signed-client.ts";

const alpha = "/projects/project-alpha/";
const vms = `${alpha}compute/vms/instances/operations`;
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

const actionOf = ({ metadata }: Item) => (metadata as { action: string }).action;
const said = (item: Item) => `${actionOf(item)} ${item.state} ${item.completed_at}`;

describe("operations", () => {
  const gateway = serving();

  it("of a VM are its creation, starts, stops, resets, reservation, disks and deletion", async () => {
    const of = async (resource_id: string) =>
      (await getItems(gateway.endpoint, vms, { resource_id })).map(said);
    expect(await of("vm-train")).toEqual([
      "CREATE SUCCEEDED 2026-03-01T22:30:15Z",
      "STOP SUCCEEDED 2026-03-03T01:00:00Z",
      "START FAILED 2026-03-03T20:00:00Z",
      "START SUCCEEDED 2026-03-04T00:00:00Z",
      "RESERVE SUCCEEDED 2026-03-04T12:00:00Z",
      "RESET SUCCEEDED 2026-03-05T10:00:00Z",
      "ATTACH_DISKS SUCCEEDED 2026-03-09T00:00:00Z",
    ]);
    expect(await of("vm-brief")).toEqual([
      "CREATE SUCCEEDED 2026-03-02T08:00:00Z",
      "STOP SUCCEEDED 2026-03-02T08:10:00Z",
      "START SUCCEEDED 2026-03-02T09:00:00Z",
      "STOP SUCCEEDED 2026-03-02T09:00:20Z",
      "ATTACH_DISKS SUCCEEDED 2026-03-09T00:00:00Z",
      "DETACH_DISKS SUCCEEDED 2026-03-10T00:00:00Z",
    ]);
    // It was up for twenty seconds, which is less than a stop takes: that began when the start had ended.
    const [, , started, stopped] = await getItems(gateway.endpoint, vms, { resource_id: "vm-brief" });
    expect(stopped?.started_at).toBe(started?.completed_at);
    // Neither started nor stopped besides: it ran from the first to the last.
    expect(await of("vm-gone")).toEqual([
      "CREATE SUCCEEDED 2026-03-05T06:00:00Z",
      "DELETE SUCCEEDED 2026-03-05T18:00:00Z",
    ]);
  });

  it("have exactly the documented fields, and come to what the resource then was", async () => {
    const [created, stopped, failed] = await getItems(gateway.endpoint, vms, { resource_id: "vm-train" });
    expect(created).toEqual({
      completed_at: "2026-03-01T22:30:15Z",
      metadata: { action: "CREATE", id: "vm-train", name: "train" },
      operation_id: uuid,
      result: expect.objectContaining({ id: "vm-train", state: "STATE_RUNNING", reservation_id: "" }),
      started_at: time,
      state: "SUCCEEDED",
    });
    expect(stopped?.result).toMatchObject({ id: "vm-train", state: "STATE_SHUTOFF" });
    expect(failed?.result).toEqual({ code: "out_of_stock", message: expect.any(String) });
    const [, deleted] = await getItems(gateway.endpoint, vms, { resource_id: "vm-gone" });
    expect(deleted?.result).toEqual({});
  });

  it("of disks and snapshots are creation, resizing and deletion", async () => {
    expect((await getItems(gateway.endpoint, `${alpha}storage/disks/operations`)).map(said)).toEqual([
      "CREATE SUCCEEDED 2026-03-02T06:00:00Z",
      "UPDATE SUCCEEDED 2026-03-02T18:00:00Z",
      "DELETE SUCCEEDED 2026-03-04T10:00:00Z",
      "CREATE SUCCEEDED 2026-03-09T00:00:00Z",
    ]);
    expect((await getItems(gateway.endpoint, `${alpha}storage/snapshots/operations`)).map(said)).toEqual([
      "CREATE SUCCEEDED 2026-03-03T12:00:00Z",
    ]);
    // The disks of a system come and go with their VM.
    expect(await getItems(gateway.endpoint, "/projects/project-beta/storage/disks/operations")).toEqual([]);
  });

  it.each(operationPaths)("are listed and answered one by one at %s", async (path) => {
    const found: Item[] = [];
    for (const project of ["/projects/project-alpha/", "/projects/project-beta/"]) {
      for (const item of await getItems(gateway.endpoint, project + path)) {
        expect(await getJson(gateway.endpoint, `${project}${path}/${item.operation_id}`)).toEqual(item);
        const capitals = String(item.operation_id).toUpperCase();
        expect(await getJson(gateway.endpoint, `${project}${path}/${capitals}`)).toEqual(item);
        expect(String(item.started_at) <= String(item.completed_at)).toBe(true);
        const other = project.replace("beta", "alpha") === project ? "beta" : "alpha";
        expect(
          (await get(gateway.endpoint, `/projects/project-${other}/${path}/${item.operation_id}`)).status,
        ).toBe(403);
        found.push(item);
      }
    }
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ operation_id }) => operation_id)).size).toBe(found.length);
    const { status, text } = await get(gateway.endpoint, `${alpha}${path}/nothing`);
    expect([status, JSON.parse(text).code]).toEqual([403, "403"]);
  });

  it("are filtered by resource, states and the time from which they began", async () => {
    const list = async (parameters: Record<string, string | string[]>) =>
      (await getItems(gateway.endpoint, vms, { resource_id: "vm-train", ...parameters })).map(actionOf);
    expect(await list({ state: "FAILED" })).toEqual(["START"]);
    expect(await list({ state: "IN_PROGRESS,FAILED" })).toEqual(["START"]);
    expect(await list({ state: ["SUCCEEDED", "FAILED"] })).toHaveLength(7);
    expect(await list({ state: "IN_PROGRESS" })).toEqual([]);
    expect(await list({ lower_time_bound: "2026-03-05T00:00:00Z" })).toEqual(["RESET", "ATTACH_DISKS"]);
    expect(await list({ lower_time_bound: "2026-03-05T00:00:00Z", state: "FAILED" })).toEqual([]);
    expect((await get(gateway.endpoint, vms, { lower_time_bound: "lately" })).status).toBe(400);
    expect(await getItems(gateway.endpoint, vms, { resource_id: "nobody" })).toEqual([]);
  });

  it("are under way before they take effect, and not there before they began", async () => {
    const [stop] = await getItems(gateway.endpoint, vms, {
      resource_id: "vm-train",
      state: "SUCCEEDED",
    }).then((items) => items.filter((item) => actionOf(item) === "STOP"));
    const startedMs = Date.parse(String(stop?.started_at));
    const completedMs = Date.parse(String(stop?.completed_at));
    expect(completedMs - startedMs).toBeGreaterThan(10_000);
    const at = (ms: number) =>
      withGateway({ clock: () => new Date(ms) }, async (endpoint) => {
        const reply = await get(endpoint, `${vms}/${stop?.operation_id}`);
        const vm = await getJson(endpoint, `${alpha}compute/vms/instances/vm-train`);
        return { status: reply.status, operation: JSON.parse(reply.text) as Item, vm: vm.state };
      });
    expect((await at(startedMs - 1000)).status).toBe(403);
    expect(await at(startedMs)).toMatchObject({
      operation: { state: "IN_PROGRESS", completed_at: "", result: {} },
      vm: "STATE_RUNNING",
    });
    expect(await at(completedMs)).toMatchObject({
      operation: { state: "SUCCEEDED", completed_at: "2026-03-03T01:00:00Z" },
      vm: "STATE_SHUTOFF",
    });
  });

  it("expire after the hours that the gateway keeps them", async () => {
    await withGateway({ quirks: { operationsKeptHours: 24 * 5 } }, async (endpoint) => {
      expect((await getItems(endpoint, vms, { resource_id: "vm-train" })).map(actionOf)).toEqual([
        "ATTACH_DISKS",
      ]);
      // At 12:00 of the 10th, what ended on the 5th at 10:00 is gone, and at 18:00 is not.
      expect((await getItems(endpoint, vms, { resource_id: "vm-gone" })).map(actionOf)).toEqual(["DELETE"]);
    });
  });

  it("come in pages where a gateway sends lists in pages, and not at all where it has none", async () => {
    await withGateway({ quirks: { pageSizeOfOtherLists: 4 } }, async (endpoint) => {
      const first = await getJson<{ items: Item[]; next_page_token: string }>(endpoint, vms);
      const second = await getJson<{ items: Item[] }>(endpoint, vms, { next_token: first.next_page_token });
      expect([first.items.length, second.items.length]).toEqual([4, 4]);
      expect(await getItems(gateway.endpoint, vms)).toEqual(
        expect.arrayContaining([...first.items, ...second.items]),
      );
    });
    const pattern = "/projects/{project_id}/compute/vms/instances/operations";
    await withGateway({ quirks: { notOffered: { [pattern]: 501 } } }, async (endpoint) => {
      const { status, text } = await get(endpoint, vms);
      expect([status, JSON.parse(text).message]).toEqual([
        501,
        "not_implemented: not offered to this account",
      ]);
    });
  });
});
