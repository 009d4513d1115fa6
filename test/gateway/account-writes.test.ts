import { describe, expect, it } from "vitest";
import { usageByResource } from "../../src/gateway/daily-usage.ts";
import { deriver } from "../../src/gateway/derived.ts";
import { instantOf } from "../../src/gateway/instant.ts";
import { referenceQuirks } from "../../src/gateway/quirks.ts";
import { acme } from "./acme.ts";
import { moved, viewer } from "./moved-gateway.ts";
import { ask, type Key, key } from "./signed-client.ts";

const projects = "/organizations/projects";
const entities = "/organizations/entities";
const identities = "/users/identities";
const sshKeys = "/users/ssh-keys";
const tokens = "/users/tokens";
// The key of the API's reference; its fingerprints below are those that ssh-keygen tells.
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICpuH/fqCFLbAConChyVH6rZzSaxlnHSwQk6qvtPsf5E";

const organization = acme();
const lookedOn = { id: "project-gamma", name: "gamma", relation: "viewer", createdAt: 0, deletedAt: null };
organization.projects.push(lookedOn);

describe("the account", () => {
  const gateway = moved({ organization });
  const isRefusedToViewers = async (method: string, path: string, body: unknown, parameters = {}) =>
    expect(await gateway.refusal(method, path, body, { key: viewer, parameters })).toBe(
      "403 forbidden: the role viewer does not allow it",
    );

  it("makes a project, calls it otherwise, and fills it", async () => {
    const made = await gateway.does("POST", projects, { name: "research", organization_id: "org-acme" });
    const { id } = made.project as { id: string };
    const none = { count: 0 };
    const project = {
      id,
      name: "research",
      organization_id: "org-acme",
      relation: "owner",
      resources: { disks: none, images: none, instances: none, snapshots: none, vpc_networks: none },
    };
    expect(made).toEqual({ project });
    expect(await gateway.one(`${projects}/${id}`)).toEqual(project);
    const body = { name: "science" };
    expect(await gateway.does("PUT", projects, body, { parameters: { project_id: id } })).toEqual({
      project: { ...project, name: "science" },
    });
    expect((await gateway.items(projects, { project_name: "science" })).map((one) => one.id)).toEqual([id]);
    await gateway.begins("POST", `/projects/${id}/storage/disks`, {
      name: "d",
      size: "1GiB",
      location: "us-east1-a",
    });
    expect(await gateway.refusal("DELETE", `${projects}/${id}`)).toBe(
      "409 conflict: d: its CREATE is still under way",
    );
    gateway.advance(60);
    const [counted] = await gateway.items(projects, { project_name: "science" });
    expect(counted?.resources).toMatchObject({ disks: { count: 1 } });
    const [uncounted] = await gateway.items(projects, {
      project_name: "science",
      skip_loading_project_resources: "true",
    });
    expect(uncounted?.resources).toMatchObject({ disks: none });
    expect(await gateway.refusal("DELETE", `${projects}/${id}`)).toBe(
      "409 conflict: the project holds data that must go first: 1 of its disks",
    );
  });

  it("refuses projects that are misnamed, not one's own, or not one's to change", async () => {
    const post = (body: unknown) => gateway.refusal("POST", projects, body);
    const put = (project_id: string, body: unknown = { name: "x" }) =>
      gateway.refusal("PUT", projects, body, { parameters: { project_id } });
    expect([
      await post({ name: "x" }),
      await post({ organization_id: "org-acme" }),
      await post({ name: "x", organization_id: "another" }),
      await post({ name: "alpha", organization_id: "org-acme" }),
      await gateway.refusal("PUT", projects, { name: "x" }),
      await put("nothing"),
      await put("project-alpha", {}),
      await put("project-beta", { name: "alpha" }),
      await gateway.refusal("DELETE", `${projects}/nothing`),
    ]).toEqual([
      "400 bad_request: organization_id: is required",
      "400 bad_request: name: is required",
      "403 forbidden: no access to that organization",
      '409 conflict: the name "alpha" is taken',
      "400 bad_request: the parameter project_id is required",
      "403 forbidden: no access to that project",
      "400 bad_request: name: is required",
      '409 conflict: the name "alpha" is taken',
      "403 forbidden: no access to that project",
    ]);
    await isRefusedToViewers("POST", projects, { name: "x", organization_id: "org-acme" });
    await isRefusedToViewers("PUT", projects, { name: "x" }, { project_id: "project-alpha" });
    await isRefusedToViewers("DELETE", `${projects}/project-alpha`, undefined);
  });

  it("changes nothing in a project that it only looks on", async () => {
    const onlyToBeRead = "403 forbidden: the project is only to be read: the relation to it is viewer";
    const parameters = { project_id: "project-gamma" };
    const disk = { name: "d", size: "1GiB", location: "us-east1-a" };
    expect([
      await gateway.refusal("PUT", projects, { name: "x" }, { parameters }),
      await gateway.refusal("DELETE", `${projects}/project-gamma`),
      await gateway.refusal("POST", "/projects/project-gamma/storage/disks", disk),
    ]).toEqual([onlyToBeRead, onlyToBeRead, onlyToBeRead]);
    expect(await gateway.items("/projects/project-gamma/storage/disks")).toEqual([]);
  });

  it("deletes a project with its VMs, whose usage ends there and then", async () => {
    const path = `${projects}/project-beta`;
    // Three VMs of the web, each with a disk for its system, and one without.
    expect((await gateway.one(path)).resources).toMatchObject({
      instances: { count: 4 },
      disks: { count: 3 },
    });
    const at = instantOf(gateway.now());
    const { status, text } = await ask(gateway.endpoint, "DELETE", path);
    expect([status, text]).toEqual([200, ""]);
    expect(await gateway.refusal("GET", path)).toBe("403 forbidden: no access to that project");
    expect((await gateway.items(projects)).map(({ id }) => id)).not.toContain("project-beta");
    gateway.advance(86_400);
    const { metered } = deriver(gateway.organization, referenceQuirks)();
    const day = Math.floor(at / 86_400);
    const clock = instantOf(gateway.now());
    const rows = [...usageByResource(metered, { fromDay: day, toDay: day + 1, clock })]
      .flat()
      .filter(({ resource }) => resource.projectId === "project-beta" && resource.resourceType === "c1a.4x");
    // The web's VMs run since 1 March, so on this day from midnight until 12:01:00.
    expect(rows.map(({ day: of, quantity }) => [of - day, quantity])).toEqual(
      [0, 0, 0].map((of) => [of, 43_260 / 3600]),
    );
    expect(await gateway.items(projects)).toHaveLength(3);
  });

  it("calls the organisation otherwise, and keeps where its bills go", async () => {
    const billing_addr = {
      address_line1: "1 Main St",
      address_line2: "",
      city: "Denver",
      country: "US",
      postal_code: "80202",
      state_or_region: "CO",
    };
    const change = { organization_name: "Acme Labs", billing_addr, tax_id: "12-3456789", tax_id_type: "EIN" };
    const parameters = { org_id: "org-acme" };
    const { entity } = await gateway.does("PUT", entities, change, { parameters });
    expect(entity).toMatchObject({
      id: "org-acme",
      name: "Acme Labs",
      company_name: "Acme, Inc.",
      billing_addr,
      tax_id: "12-3456789",
      tax_id_type: "EIN",
    });
    expect(await gateway.items(entities)).toEqual([entity]);
    const put = (body: unknown, other: Record<string, string> = parameters) =>
      gateway.refusal("PUT", entities, body, { parameters: other });
    expect([
      await put(change, {}),
      await put(change, { org_id: "another" }),
      await put({ tax_id_type: "GST" }),
      await put({ billing_addr: { city: "Denver" } }),
    ]).toEqual([
      "400 bad_request: the parameter org_id is required",
      "403 forbidden: no access to that organization",
      "400 bad_request: tax_id_type: is neither EIN nor VAT",
      "400 bad_request: billing_addr.address_line1: is required",
    ]);
    await isRefusedToViewers("PUT", entities, change, parameters);
  });

  it("lets users say who they are, which gives them no rights", async () => {
    const { identity } = await gateway.does(
      "PUT",
      identities,
      { name: "Grace", role: "Owner" },
      { key: viewer },
    );
    expect(identity).toMatchObject({ name: "Grace", role: "Owner", org_role: "owner" });
    expect(await gateway.one(identities)).toMatchObject({ identity: { name: "Grace", role: "Owner" } });
    await isRefusedToViewers("POST", projects, { name: "x", organization_id: "org-acme" });
    expect(await gateway.refusal("PUT", identities, { role: "Admin" })).toBe(
      "400 bad_request: name: is required",
    );
  });

  it("registers SSH keys with the fingerprints that ssh-keygen tells, and deletes them", async () => {
    const { ssh_key: made } = await gateway.does("POST", sshKeys, {
      name: "public key 1",
      public_key: `${publicKey} ada@laptop\n`,
    });
    expect(made).toEqual({
      created_at: "2026-03-11T12:01:00Z",
      fingerprints: {
        md5: "dd:80:bb:32:80:4e:07:c6:66:56:51:04:3d:29:d0:9d",
        sha256: "STVkGcsXZ0lW8cr70LuEL2UaafjS2z9pX8HQWrsPb94",
      },
      id: expect.any(String),
      name: "public key 1",
      public_key: `${publicKey} ada@laptop`,
    });
    expect(await gateway.items(sshKeys)).toContainEqual(made);
    const post = (name: string, public_key: string) => gateway.refusal("POST", sshKeys, { name, public_key });
    const bad = "400 bad_request: public_key: is no SSH public key, such as `ssh-ed25519 AAAA…`";
    expect([
      await post("public key 1", publicKey.replace("E", "F")),
      await post("again", publicKey),
      await post("", publicKey),
      await post("cut short", publicKey.slice(0, -4)),
      await post("of another type", publicKey.replace("ed25519", "rsa")),
      await post("private", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA"),
      await post("two", `${publicKey}\n${publicKey}`),
      await gateway.refusal("DELETE", sshKeys),
      await gateway.refusal("DELETE", sshKeys, undefined, { parameters: { id: "nothing" } }),
    ]).toEqual([
      bad,
      '409 conflict: that key is there already, as "public key 1"',
      "400 bad_request: name: is required",
      bad,
      bad,
      bad,
      bad,
      "400 bad_request: the parameter id is required",
      "404 not_found: no such SSH key",
    ]);
    const { id } = made as { id: string };
    const gone = await ask(gateway.endpoint, "DELETE", sshKeys, undefined, { parameters: { id } });
    expect([gone.status, gone.text]).toEqual([200, ""]);
    expect(await gateway.items(sshKeys)).not.toContainEqual(made);
  });

  it("gives out tokens that sign from then on, until they expire or are deleted", async () => {
    const create = async (signer: Key, expires_at: string) => {
      const body = { alias: "newtoken", expires_at };
      const { token } = await gateway.does("POST", tokens, body, { key: signer });
      return token as { access_key: string; secret_key: string; created_at: string; expires_at: string };
    };
    const asKey = (token: { access_key: string; secret_key: string }): Key => ({
      accessKeyId: token.access_key,
      secretKey: token.secret_key,
    });
    const status = async (signer: Key, version: string) =>
      (await ask(gateway.endpoint.replace("/v1alpha5", version), "GET", projects, undefined, { key: signer }))
        .status;
    const token = await create(key, "2026-03-11T14:01:00.5+01:00");
    expect(token).toMatchObject({
      created_at: "2026-03-11T12:01:00Z",
      expires_at: "2026-03-11T13:01:00Z",
      secret_key: expect.stringMatching(/^[\w-]{22}$/),
    });
    const listed = async () =>
      (await gateway.items(tokens)).find((one) => one.access_key === token.access_key);
    expect(await listed()).toEqual({
      access_key: token.access_key,
      alias: "newtoken",
      created_at: "2026-03-11T12:01:00Z",
      expires_at: "2026-03-11T13:01:00Z",
      last_used: "",
    });
    expect([await status(asKey(token), "/v1alpha5"), await status(asKey(token), "/v1")]).toEqual([200, 200]);
    expect((await listed())?.last_used).toBe("2026-03-11T12:01:00Z");
    const forged = { ...asKey(token), secretKey: key.secretKey };
    expect(await status(forged, "/v1")).toBe(401);
    const lesser = await create(viewer, "2027-01-01T00:00:00Z");
    expect(await gateway.refusal("PUT", projects, { name: "x" }, { key: asKey(lesser) })).toMatch(/^403 /);
    gateway.advance(3599);
    expect(await status(asKey(token), "/v1")).toBe(200);
    gateway.advance(1);
    expect([await status(asKey(token), "/v1"), await status(asKey(lesser), "/v1")]).toEqual([401, 200]);
    const parameters = { access_key: lesser.access_key };
    const gone = await ask(gateway.endpoint, "DELETE", tokens, undefined, { parameters });
    expect([gone.status, gone.text]).toEqual([200, ""]);
    expect(await status(asKey(lesser), "/v1")).toBe(401);
    expect([
      await gateway.refusal("DELETE", tokens, undefined, { parameters }),
      await gateway.refusal("DELETE", tokens),
      await gateway.refusal("POST", tokens, { alias: "x" }),
      await gateway.refusal("POST", tokens, { expires_at: "tomorrow" }),
      await gateway.refusal("POST", tokens, { expires_at: "2027-02-30T00:00:00Z" }),
      await gateway.refusal("POST", tokens, { expires_at: "2026-03-11T13:01:00Z" }),
    ]).toEqual([
      "404 not_found: no such token",
      "400 bad_request: the parameter access_key is required",
      "400 bad_request: expires_at: is required",
      "400 bad_request: expires_at: is no time, such as 2021-12-03T19:58:34Z",
      "400 bad_request: expires_at: is no time, such as 2021-12-03T19:58:34Z",
      "400 bad_request: expires_at: has passed already, as it is 2026-03-11T13:01:00Z",
    ]);
    // The secret is told once.
    expect((await ask(gateway.endpoint, "GET", tokens)).text).not.toContain(lesser.secret_key);
  });
});
