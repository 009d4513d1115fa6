import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors/config-error.ts";
import { isLiving, isRunning } from "../../src/gateway/inventory.ts";
import { loadScenario, parseScenario } from "../../src/gateway/scenario/load.ts";
import type { Organization } from "../../src/gateway/state.ts";
import { acmeYaml, withGateway } from "./acme.ts";
import { ask, get, getItems, key } from "./signed-client.ts";

const head = `
seed: 7
now: 2026-03-10T12:00:00Z
history_from: 2026-02-01
organization: { name: acme }
locations: [us-east1-a, eu-iceland1-a]
projects: [{ key: alpha, name: alpha }]
vm_types: [{ product_name: c1a.4x, cpu_cores: 4, memory_gb: 16, description: 4 vCPU }]
`;
const fleetOf = (rest: string) =>
  parseScenario(
    `${head}\nfleets:\n  - { name: web, project: alpha, type: c1a.4x, location: us-east1-a, ${rest} }`,
  );
const at = (iso: string) => Date.parse(iso) / 1000;
const runningAt = ({ vms }: Organization, iso: string) => vms.filter((vm) => isRunning(vm, at(iso))).length;
const livingAt = ({ vms }: Organization, iso: string) => vms.filter((vm) => isLiving(vm, at(iso))).length;

describe("a scenario", () => {
  it("is the same organisation each time, and another for another seed", () => {
    expect(JSON.stringify(parseScenario(acmeYaml))).toBe(JSON.stringify(parseScenario(acmeYaml)));
    const other = parseScenario(acmeYaml.replace("seed: acme", "seed: other"));
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(parseScenario(acmeYaml)));
    expect(other.vms.map(({ name }) => name).slice(0, 3)).not.toEqual([]);
  });

  it("draws for each entry alone, so that another entry changes nothing about it", () => {
    const alone = fleetOf("from: 2026-02-01, vms: 4, lifetime_days: 5");
    const beside = parseScenario(`${head}
fleets:
  - { name: other, project: alpha, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: 9, lifetime_days: 3 }
  - { name: web, project: alpha, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: 4, lifetime_days: 5 }`);
    const lives = ({ vms }: Organization) =>
      vms.filter(({ name }) => name.startsWith("web-")).map(({ id, name, runs }) => ({ id, name, runs }));
    expect(lives(beside)).toEqual(lives(alone));
    expect(lives(alone).length).toBeGreaterThan(12);
  });

  it("has a fleet of the size wanted at each time, in steps or bit by bit", () => {
    const vms = "vms: [{ at: 2026-02-01, vms: 2 }, { at: 2026-02-11, vms: 12 }, { at: 2026-02-21, vms: 0 }]";
    const steps = fleetOf(`from: 2026-02-01, ${vms}`);
    expect(
      ["2026-02-05T12:00Z", "2026-02-11T12:00Z", "2026-02-25T12:00Z"].map((time) => runningAt(steps, time)),
    ).toEqual([2, 12, 0]);
    const gradual = fleetOf(`from: 2026-02-01, growth: linear, ${vms}`);
    expect(
      ["2026-02-01T12:00Z", "2026-02-06T12:00Z", "2026-02-16T12:00Z"].map((time) => runningAt(gradual, time)),
    ).toEqual([2, 7, 6]);
    expect(livingAt(gradual, "2026-02-25T12:00Z")).toBe(0);
  });

  it("has a fleet that sleeps at night and at weekends, but for those that never do", () => {
    const fleet = fleetOf(
      'from: 2026-02-01, vms: 4, always_on: 0.25, daily: { from: "08:00", hours: 10, days: [mon, tue, wed, thu, fri] }',
    );
    // The 14th is a Saturday.
    expect(
      ["2026-02-12T03:00Z", "2026-02-12T12:00Z", "2026-02-12T20:00Z", "2026-02-14T12:00Z"].map((time) =>
        runningAt(fleet, time),
      ),
    ).toEqual([1, 4, 1, 1]);
    expect(livingAt(fleet, "2026-02-14T12:00Z")).toBe(4);
  });

  it("runs a fleet through from Monday to Friday when its hours are all hours", () => {
    const fleet = fleetOf(
      'from: 2026-02-02, vms: 1, always_on: 0, daily: { from: "00:00", hours: 24, days: [mon, tue, wed, thu, fri], jitter_minutes: 30 }',
    );
    const [, second] = fleet.vms[0]?.runs ?? [];
    expect(second).toEqual({ from: at("2026-02-09T00:00Z"), to: at("2026-02-14T00:00Z") });
  });

  it("has runs that never overlap, within each VM's life, whatever the jitter", () => {
    const fleet = fleetOf(
      'from: 2026-02-01, vms: 6, always_on: 0.3, lifetime_days: 6, daily: { from: "02:00", hours: 22, presence: 0.8, jitter_minutes: 200 }',
    );
    for (const { runs, createdAt, deletedAt } of fleet.vms) {
      const edges = runs.flatMap(({ from, to }) => [from, to ?? Number.POSITIVE_INFINITY]);
      expect(edges).toEqual([...edges].sort((a, b) => a - b));
      expect(new Set(edges).size).toBe(edges.length);
      expect(edges[0]).toBe(createdAt);
      expect(edges.at(-1)).toBeLessThanOrEqual(deletedAt ?? Number.POSITIVE_INFINITY);
    }
  });

  it("leaves the data disks of some VMs behind, attached to nothing, when they are deleted", () => {
    const rest = "from: 2026-02-01, vms: 10, lifetime_days: 4, data_disks: [{ size_gib: 100 }]";
    const unattached = (share: number) => {
      const { disks, vms } = fleetOf(`${rest}, leaves_disks: ${share}`);
      const living = disks.filter((disk) => isLiving(disk, at("2026-03-10T12:00Z")));
      const gone = vms.filter(({ deletedAt }) => deletedAt !== null).length;
      const left = living.filter(({ attachments: [held] }) => held?.to != null);
      expect(left.every(({ name }) => name.endsWith("data-1"))).toBe(true);
      return left.length / gone;
    };
    expect([unattached(0), unattached(1)]).toEqual([0, 1]);
    expect(unattached(0.5)).toBeGreaterThan(0.25);
    expect(unattached(0.5)).toBeLessThan(0.75);
  });

  it("takes VMs down in an incident, and brings them back", () => {
    const scenario = parseScenario(`${head}
fleets: [{ name: web, project: alpha, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: 20 }]
incidents: [{ name: outage, from: 2026-02-18T09:00Z, to: 2026-02-18T15:00Z, location: us-east1-a },
  { name: elsewhere, from: 2026-02-20T09:00Z, to: 2026-02-20T15:00Z, location: eu-iceland1-a },
  { name: half, from: 2026-02-22T09:00Z, to: 2026-02-22T15:00Z, fleets: [web], share: 0.5 }]`);
    expect(
      ["2026-02-18T08:59Z", "2026-02-18T12:00Z", "2026-02-18T15:06Z", "2026-02-20T12:00Z"].map((time) =>
        runningAt(scenario, time),
      ),
    ).toEqual([20, 0, 20, 20]);
    expect(runningAt(scenario, "2026-02-22T12:00Z")).toBeGreaterThan(3);
    expect(runningAt(scenario, "2026-02-22T12:00Z")).toBeLessThan(17);
  });

  it("lives on beyond its instant, for clocks that run, without showing what is to come", () => {
    const scenario = parseScenario(
      `${head.replace("history_from", "until: 2026-04-01\nhistory_from")}
fleets: [{ name: web, project: alpha, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: [{ at: 2026-02-01, vms: 1 }, { at: 2026-03-20, vms: 3 }] }]`,
    );
    expect(
      ["2026-03-10T12:00Z", "2026-03-25T12:00Z", "2030-01-01"].map((time) => livingAt(scenario, time)),
    ).toEqual([1, 3, 3]);
  });

  it("keeps as many snapshots of a plan as it says", () => {
    const { snapshots } = parseScenario(`${head}
disks: [{ name: db, project: alpha, location: us-east1-a, size_gib: 100, created: 2026-02-01 }]
snapshot_plans: [{ disk: db, from: 2026-02-01T02:00Z, every_days: 7, keep: 2, size_gib: 40 }]`);
    const living = snapshots.filter((snapshot) => isLiving(snapshot, at("2026-03-10T12:00Z")));
    expect(living.map(({ name }) => name)).toEqual(["db-2026-03-01", "db-2026-03-08"]);
    expect(snapshots).toHaveLength(6);
  });

  it("may differ from the reference, as servers do", async () => {
    const organization = parseScenario(`${acmeYaml}
quirks: { gpu_metric: instance-hours, metric_names: { instance-hours: INSTANCE_HOURS }, vm_states: plain,
  max_limit: 2, end_date: exclusive, not_offered: { "/locations": 404 } }`);
    await withGateway({ organization }, async (endpoint) => {
      const usage = await getItems(endpoint, "/organizations/org-acme/usage", {
        ...{ projects: "", regions: "", resource_types: "h100-80gb-sxm-ib.8x" },
        ...{ start_date: "2026-03-02", end_date: "2026-03-03" },
      });
      expect(usage.map((row) => [row.date, row.billable_metric, row.quantity])).toEqual([
        ["2026-03-02", "INSTANCE_HOURS", 24],
      ]);
      const vms = await getItems(endpoint, "/projects/project-beta/compute/vms/instances", { limit: "50" });
      expect(vms.map(({ state }) => state)).toEqual(["RUNNING", "RUNNING"]);
      expect((await get(endpoint, "/locations")).status).toBe(404);
    });
  });

  const broken: [string, string, RegExp][] = [
    ["is not YAML", "a: [1, 2", /^acme\.yaml:1: not valid YAML, in column \d+: /],
    [
      "has a key that there is not",
      head.replace("history_from", "history_till"),
      /^acme\.yaml:4: history_till: there is no such key here/,
    ],
    [
      "has a date that there is not",
      head.replace("2026-02-01", "2026-02-30"),
      /^acme\.yaml:4: history_from: not a date/,
    ],
    [
      "misspells a key deep down",
      `${head}\nvms:\n  - name: x\n    colour: red`,
      /^acme\.yaml:12: vms\[0\]\.colour: there is no such key here/,
    ],
    [
      "names a project that there is not",
      `${head}\nfleets: [{ name: x, project: beta, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: 1 }]`,
      /^acme\.yaml:10: fleets\[0\]\.project: there is no "beta" in this file/,
    ],
    [
      "names a type that there is not",
      `${head}\nvms: [{ name: x, project: alpha, type: c1a.5x, location: us-east1-a, created: 2026-02-01 }]`,
      /^acme\.yaml:10: vms\[0\]\.type: there is no "c1a\.5x"/,
    ],
    [
      "attaches a disk to a VM that there is not",
      `${head}\ndisks: [{ name: d, project: alpha, location: us-east1-a, size_gib: 1, created: 2026-02-01, attached: [{ vm: nobody }] }]`,
      /^acme\.yaml:10: disks\[0\]\.attached\[0\]\.vm: there is no "nobody"/,
    ],
    [
      "attaches a disk to nothing",
      `${head}\ndisks: [{ name: d, project: alpha, location: us-east1-a, size_gib: 1, created: 2026-02-01, attached: [{ mode: read-only }] }]`,
      /^acme\.yaml:10: disks\[0\]\.attached\[0\]: names either a vm or a fleet/,
    ],
    [
      "takes a name twice",
      `${head}\ndisks: [{ name: d, project: alpha, location: us-east1-a, size_gib: 1, created: 2026-02-01 },\n  { project: alpha, location: us-east1-a,\n    name: d, size_gib: 1, created: 2026-02-01 }]`,
      /^acme\.yaml:12: disks\[1\]\.name: the name "d" is taken/,
    ],
    [
      "forgets the hours of a fleet that sleeps",
      `${head}\nfleets: [{ name: x, project: alpha, type: c1a.4x, location: us-east1-a, from: 2026-02-01, vms: 1, always_on: 0.5 }]`,
      /^acme\.yaml:10: fleets\[0\]\.daily: needed where always_on is below 1/,
    ],
    [
      "leaves out what is needed",
      `${head}\nvms:\n  - name: x\n    project: alpha`,
      /^acme\.yaml:11: vms\[0\]\.type: it is missing/,
    ],
    ["is empty", "", /^acme\.yaml:1: the file: /],
    ["is a list", "- 1", /^acme\.yaml:1: the file: /],
  ];
  it.each(broken)("that %s is refused with the file, the line and the key", (_, yaml, message) => {
    expect(() => parseScenario(yaml, "acme.yaml")).toThrow(ConfigError);
    expect(() => parseScenario(yaml, "acme.yaml")).toThrow(message);
  });

  it("has keys that may do less than others", async () => {
    const organization = parseScenario(`${acmeYaml}
access_keys:
  - { access_key_id: ${key.accessKeyId}, secret_key: ${key.secretKey} }
  - { access_key_id: onlooker, secret_key: ${key.secretKey}, role: viewer }`);
    await withGateway({ organization, accessKeys: organization.accessKeys }, async (endpoint) => {
      const asked = [key, { ...key, accessKeyId: "onlooker" }].map((signer) =>
        ask(
          endpoint,
          "PUT",
          "/organizations/projects",
          { name: "b" },
          {
            key: signer,
            parameters: { project_id: "project-beta" },
          },
        ),
      );
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 403]);
    });
  });

  it("is read from a file, and a file that is not there is named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tally-scenario-"));
    try {
      const path = join(folder, "acme.yaml");
      await expect(loadScenario(path)).rejects.toThrow(`The scenario ${path} can't be read: ENOENT.`);
      await writeFile(path, acmeYaml);
      expect((await loadScenario(path)).name).toBe("acme");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
