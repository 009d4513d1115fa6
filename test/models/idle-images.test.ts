import { describe, expect, test, vi } from "vitest";
import { allListed, findingsBy, listed, vm } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do several.
vi.setConfig({ testTimeout: 120_000 });

const image = (id: string, more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id,
  name: `name of ${id}`,
  locations: ["us-east1-a"],
  created_at: "2026-10-04 06:00:00",
  _valid_from: "2026-10-05 00:10:00",
  ...more,
});
const template = (id: string, more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id,
  name: `name of ${id}`,
  type: "c1a.8x",
  location: "us-east1-a",
  created_at: "2026-10-04 06:00:00",
  _valid_from: "2026-10-05 00:10:00",
  ...more,
});
const gone = { _valid_from: "2026-09-01 00:10:00", _valid_to: "2026-10-04 00:10:00" };

describe("an image that nothing uses", () => {
  const findings = findingsBy("unused_image");
  const read_windows = allListed("custom_images", "instance_templates", "vms");
  const images = [
    image("img-1"),
    image("img-young", { created_at: "2026-10-04 06:00:01" }),
    image("img-named"),
    image("img-by-id"),
    image("img-left", { created_at: "2026-01-01 00:00:00" }),
    image("img-of-vm", { created_at: "2026-01-01 00:00:00" }),
    image("img-gone", { _valid_to: "2026-10-20 00:10:00" }),
  ];
  const instance_templates = [
    template("tpl-1", { custom_image_name: "name of img-named" }),
    template("tpl-2", { image_name: "img-by-id" }),
    template("tpl-3", { custom_image_name: "name of img-left", ...gone }),
    template("tpl-4", { custom_image_name: "name of img-of-vm", ...gone }),
  ];
  const vms = [vm({ instance_template_id: "tpl-4" })];

  test("is found after thirty days without a template that names it or a VM made from one", async () => {
    expect(await findings({ custom_images: images, instance_templates, vms, read_windows })).toMatchObject([
      {
        resource_kind: "image",
        resource_id: "img-1",
        location: "us-east1-a",
        idle_since: "2026-10-04 06:00:00",
        first_seen_at: "2026-11-03 06:00:00",
        last_seen_at: "2026-11-03 00:10:00",
        monthly_waste: null,
        evidence:
          "No template names it, nor did one ever, though it was made on 2026-10-04, 30 days; whether a VM was made from it directly, the API does not tell, nor how large it is, so it has no price.",
      },
      {
        resource_id: "img-left",
        idle_since: "2026-10-04 00:10:00",
        evidence: expect.stringContaining("No template names it since 2026-10-04, nor was any VM"),
      },
    ]);
  });

  test("is none where a list that could name it was not read, or is not offered", async () => {
    const without = (stream: string) => read_windows.filter((row) => row.stream !== stream);
    for (const bad of [
      [...without("vms"), listed("vms", { status: "failed" })],
      [...without("instance_templates"), listed("instance_templates", { status: "not_offered" })],
    ]) {
      expect(await findings({ custom_images: images, vms: [], read_windows: bad })).toEqual([]);
    }
    const projects = [{ id: "alpha" }, { id: "beta" }];
    expect(await findings({ custom_images: images, projects, read_windows })).toEqual([]);
  });
});

describe("a template that nothing uses", () => {
  const findings = findingsBy("unused_instance_template");
  const read_windows = allListed("instance_templates", "instance_groups", "vms");
  const rows = {
    instance_templates: [
      template("tpl-1"),
      template("tpl-young", { created_at: "2026-10-04 06:00:01" }),
      template("tpl-group"),
      template("tpl-vm"),
      template("tpl-left", { created_at: "2026-01-01 00:00:00" }),
    ],
    instance_groups: [
      { project_id: "alpha", id: "group-1", template_id: "tpl-group" },
      { project_id: "alpha", id: "group-2", template_id: "tpl-left", ...gone },
    ],
    vms: [vm({ instance_template_id: "tpl-vm" }), vm({ id: "vm-2", instance_template_id: "" })],
  };

  test("is found after thirty days without a group or a VM of it", async () => {
    expect(await findings({ ...rows, read_windows })).toMatchObject([
      {
        resource_kind: "instance_template",
        resource_id: "tpl-1",
        idle_since: "2026-10-04 06:00:00",
        first_seen_at: "2026-11-03 06:00:00",
        last_seen_at: "2026-11-03 00:10:00",
        monthly_waste: null,
        evidence:
          "No group is made from it and no VM was as far as known, though it was made on 2026-10-04, 30 days; a template of c1a.8x is not billed, so it has no price.",
      },
      { resource_id: "tpl-left", idle_since: "2026-10-04 00:10:00" },
    ]);
    const failed = [...read_windows.slice(0, 2), listed("vms", { status: "failed" })];
    expect(await findings({ ...rows, read_windows: failed })).toEqual([]);
  });
});
