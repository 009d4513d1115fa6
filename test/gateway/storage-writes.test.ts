import { describe, expect, it } from "vitest";
import { moved, viewer } from "./moved-gateway.ts";
import { get, plainCsv } from "./signed-client.ts";

const disks = "/projects/project-alpha/storage/disks";
const snapshots = "/projects/project-alpha/storage/snapshots";
const vms = "/projects/project-alpha/compute/vms/instances";
const order = { name: "data", size: "100GiB", location: "us-east1-a" };

const operationSeconds = {
  "disk CREATE": 10,
  "disk UPDATE": 20,
  "disk DELETE": 30,
  "snapshot CREATE": 100,
  "snapshot UPDATE": 5,
  "snapshot DELETE": 50,
  "vm ATTACH_DISKS": 8,
  "vm DETACH_DISKS": 8,
};

describe("a disk and its snapshot", () => {
  const gateway = moved({ quirks: { operationSeconds } });
  const ids = { disk: "", snapshot: "" };
  const exported = async (id: string) => {
    const { text } = await get(gateway.endpoint, "/organizations/org-acme/usage/export", {
      projects: "",
      resources: id,
      resource_types: "",
      regions: "",
      start_date: "2026-03-10",
      end_date: "2026-03-11",
    });
    return plainCsv(text).map((row) => [
      row.usage_date,
      row.resource_name,
      row.resource_type,
      Number(row.quantity),
    ]);
  };

  it("is there when its creation is completed, and is told by its operation", async () => {
    const { id, operationId } = await gateway.begins("POST", disks, order);
    ids.disk = id;
    gateway.advance(9);
    expect(await gateway.refusal("GET", `${disks}/${id}`)).toBe(
      "404 not_found: no such resource in this project",
    );
    gateway.advance(1);
    const disk = {
      attached_to: [],
      block_size: 4096,
      created_at: "2026-03-10T12:00:10Z",
      id,
      location: "us-east1-a",
      name: "data",
      serial_number: expect.stringMatching(/^[0-9A-F]{19}$/),
      size: "100GiB",
      type: "persistent-ssd",
      updated_at: "2026-03-10T12:00:10Z",
    };
    expect(await gateway.one(`${disks}/${id}`)).toEqual(disk);
    expect(await gateway.items(disks, { disk_names: "data" })).toEqual([disk]);
    expect(await gateway.one(`${disks}/operations/${operationId}`)).toMatchObject({
      completed_at: "2026-03-10T12:00:10Z",
      state: "SUCCEEDED",
      result: disk,
    });
  });

  it("grows, also while it is attached, and never shrinks", async () => {
    gateway.moveTo("2026-03-10T13:00:10Z");
    await gateway.begins("PATCH", `${disks}/${ids.disk}`, { size: "1TiB" });
    expect(await gateway.refusal("DELETE", `${disks}/${ids.disk}`)).toBe(
      "409 conflict: data: its UPDATE is still under way",
    );
    gateway.advance(19);
    expect(await gateway.one(`${disks}/${ids.disk}`)).toMatchObject({ size: "100GiB" });
    gateway.advance(1);
    expect(await gateway.one(`${disks}/${ids.disk}`)).toMatchObject({
      size: "1TiB",
      updated_at: "2026-03-10T13:00:30Z",
    });
    for (const size of ["1TiB", "10GiB"]) {
      expect(await gateway.refusal("PATCH", `${disks}/${ids.disk}`, { size })).toBe(
        "400 bad_request: size: the disk has 1TiB, and can only grow",
      );
    }
    expect(await gateway.refusal("PATCH", `${disks}/disk-shared`, { size: "9TiB" })).toMatch(
      /^400 bad_request: the quota disks allows 5000: \d+ are used, and 7168 more were asked for$/,
    );
  });

  it("is held by a snapshot as it was when that was asked for", async () => {
    gateway.moveTo("2026-03-10T13:30:00Z");
    const { id } = await gateway.begins("POST", snapshots, { disk_id: ids.disk, name: "before" });
    ids.snapshot = id;
    gateway.advance(100);
    expect(await gateway.one(`${snapshots}/${id}`)).toEqual({
      block_size: 4096,
      created_at: "2026-03-10T13:31:40Z",
      created_from: ids.disk,
      id,
      name: "before",
      size: "1099511627776 bytes",
      updated_at: "2026-03-10T13:31:40Z",
    });
    const { operationId } = await gateway.begins("PATCH", `${snapshots}/${id}`, { name: "kept" });
    expect(await gateway.one(`${snapshots}/${id}`)).toMatchObject({ name: "before" });
    gateway.advance(5);
    const renamed = { name: "kept", updated_at: "2026-03-10T13:31:45Z", created_at: "2026-03-10T13:31:40Z" };
    expect(await gateway.one(`${snapshots}/${id}`)).toMatchObject(renamed);
    expect(await gateway.one(`${snapshots}/operations/${operationId}`)).toMatchObject({ result: renamed });
  });

  it("becomes another disk, which is where the snapshot is, and no smaller", async () => {
    const restored = { name: "restored", snapshot_id: ids.snapshot };
    expect(await gateway.refusal("POST", disks, { ...restored, size: "1GiB" })).toBe(
      "400 bad_request: size: is below the 1TiB that the snapshot needs",
    );
    expect(await gateway.refusal("POST", disks, { ...restored, location: "eu-iceland1-a" })).toBe(
      "400 bad_request: location: the snapshot is in us-east1-a",
    );
    const { id } = await gateway.begins("POST", disks, restored);
    gateway.advance(10);
    expect(await gateway.one(`${disks}/${id}`)).toMatchObject({ size: "1TiB", location: "us-east1-a" });
    await gateway.begins("DELETE", `${disks}/${id}`);
    gateway.advance(30);
    expect(await gateway.items(disks, { disk_names: "restored" })).toEqual([]);
  });

  it("is not deleted while it is attached, and once for all where it is asked for twice", async () => {
    await gateway.begins("POST", `${vms}/vm-train/attach-disks`, {
      attach_disks: [{ disk_id: ids.disk, attachment_type: "data", mode: "read-write" }],
    });
    gateway.advance(8);
    expect(await gateway.refusal("DELETE", `${disks}/${ids.disk}`)).toBe(
      "409 conflict: the disk data is attached to train",
    );
    await gateway.begins("POST", `${vms}/vm-train/detach-disks`, { detach_disks: [ids.disk] });
    gateway.advance(8);
    gateway.moveTo("2026-03-11T00:30:00Z");
    const first = await gateway.begins("DELETE", `${disks}/${ids.disk}`);
    expect(await gateway.begins("DELETE", `${disks}/${ids.disk}`)).toEqual(first);
    gateway.moveTo("2026-03-11T01:00:00Z");
    // What was taken of it stays.
    await gateway.begins("DELETE", `${snapshots}/${ids.snapshot}`);
    gateway.moveTo("2026-03-11T02:00:00Z");
    expect(await gateway.refusal("DELETE", `${disks}/${ids.disk}`)).toMatch(/^404 /);
  });

  it("is metered to the second from what was done, cut at midnight", async () => {
    // 100 GiB from 12:00:10 to 13:00:30, then 1024 until midnight, and until 00:30:30.
    expect(await exported(ids.disk)).toEqual([
      ["2026-03-10", "data", "persistent-ssd", (100 * 3620 + 1024 * 39_570) / 3600],
      ["2026-03-11", "data", "persistent-ssd", (1024 * 1830) / 3600],
    ]);
    // From 13:31:40 until midnight, and until 01:00:50.
    expect(await exported(ids.snapshot)).toEqual([
      ["2026-03-10", "kept", "snapshot", (1024 * 37_700) / 3600],
      ["2026-03-11", "kept", "snapshot", (1024 * 3650) / 3600],
    ]);
  });

  it("is told of by operations, by resource and by state", async () => {
    const list = async (path: string, parameters: Record<string, string>) =>
      (await gateway.items(`${path}/operations`, parameters)).map(({ metadata, state, started_at }) => [
        (metadata as { action: string }).action,
        state,
        started_at,
      ]);
    expect(await list(disks, { resource_id: ids.disk })).toEqual([
      ["CREATE", "SUCCEEDED", "2026-03-10T12:00:00Z"],
      ["UPDATE", "SUCCEEDED", "2026-03-10T13:00:10Z"],
      ["DELETE", "SUCCEEDED", "2026-03-11T00:30:00Z"],
    ]);
    expect((await list(snapshots, { resource_id: ids.snapshot })).map(([action]) => action)).toEqual([
      "CREATE",
      "UPDATE",
      "DELETE",
    ]);
    expect(await list(disks, { state: "IN_PROGRESS" })).toEqual([]);
    await gateway.begins("POST", disks, { ...order, name: "late" });
    expect(await list(disks, { state: "FAILED,IN_PROGRESS" })).toEqual([
      ["CREATE", "IN_PROGRESS", "2026-03-11T02:00:00Z"],
    ]);
  });

  it("is refused where something is missing, wrong, taken, not there, not allowed, or too much", async () => {
    const refused = (path: string, body: unknown) => gateway.refusal("POST", path, body);
    expect([
      await refused(disks, { size: "1GiB", location: "us-east1-a" }),
      await refused(disks, { name: "x", location: "us-east1-a" }),
      await refused(disks, { name: "x", size: "1GiB" }),
      await refused(disks, { ...order, name: "x", size: "1GB" }),
      await refused(disks, { ...order, name: "x", size: "4097TiB" }),
      await refused(disks, { ...order, name: "x", location: "moon1-a" }),
      await refused(disks, { ...order, name: "x", block_size: 7 }),
      await refused(disks, { ...order, name: "x", type: "tape" }),
      await refused(disks, { ...order, name: "late" }),
      await refused(disks, { name: "x", snapshot_id: "nothing" }),
      await refused(snapshots, { name: "x" }),
      await refused(snapshots, { name: "x", disk_id: "nothing" }),
      await refused(snapshots, { name: "left", disk_id: "disk-shared" }),
      await gateway.refusal("PATCH", `${snapshots}/snapshot-left`, { name: " left" }),
      await gateway.refusal("DELETE", `${snapshots}/nothing`),
    ]).toEqual([
      "400 bad_request: name: is required",
      "400 bad_request: size: is required where there is no snapshot_id",
      "400 bad_request: location: is required where there is no snapshot_id",
      "400 bad_request: size: is no size, such as 10GiB or 1TiB",
      "400 bad_request: size: is above 4096TiB",
      '400 bad_request: location: there is no "moon1-a"',
      "400 bad_request: block_size: is neither 512 nor 4096",
      "400 bad_request: type: is neither persistent-ssd nor shared-volume",
      '409 conflict: the name "late" is taken',
      '404 not_found: there is no snapshot "nothing" in this project',
      "400 bad_request: disk_id: is required",
      '404 not_found: there is no disk "nothing" in this project',
      '409 conflict: the name "left" is taken',
      "400 bad_request: name: is no name: it begins or ends with a space, or holds a control character",
      "404 not_found: no such resource in this project",
    ]);
    for (const [method, path, body] of [
      ["POST", disks, order],
      ["DELETE", `${disks}/disk-shared`, undefined],
      ["POST", snapshots, { disk_id: "disk-shared", name: "x" }],
    ] as const) {
      expect(await gateway.refusal(method, path, body, { key: viewer })).toBe(
        "403 forbidden: the role viewer does not allow it",
      );
      expect(await gateway.refusal(method, path.replace("alpha", "gamma"), body)).toMatch(/^403 /);
    }
    await refused(snapshots, { disk_id: "disk-shared", name: "second" });
    // A client of before names of snapshots leaves them out.
    await refused(snapshots, { disk_id: "disk-shared" });
    expect(await refused(snapshots, { disk_id: "disk-shared", name: "fourth" })).toBe(
      "400 bad_request: the quota snapshots allows 3: 3 are used, and 1 more were asked for",
    );
  });
});
