import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { usageByProject, usageByResource } from "../../src/gateway/daily-usage.ts";
import { dateOf, dayOf, instantOf } from "../../src/gateway/instant.ts";
import {
  attachmentsAt,
  desiredCountAt,
  indexInventory,
  isRunning,
  living,
  reservationUseAt,
} from "../../src/gateway/inventory.ts";
import { meterResources } from "../../src/gateway/metering.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { utilisationOf } from "../../src/gateway/utilisation.ts";
import { withGateway } from "./acme.ts";
import { get, getItems, type Item, key, plainCsv } from "./signed-client.ts";

const demo = new URL("../../data/demo/", import.meta.url);
const organization = await loadScenario(new URL("organization.yaml", demo).pathname);
const now = instantOf(organization.now);
const index = indexInventory(organization);
const csvOf = (name: string): Record<string, string>[] =>
  plainCsv(readFileSync(new URL(name, demo), "utf8").replaceAll("\n", "\r\n"));

const metered = meterResources(organization, { gpuMetric: "gpu-hours" });
const rows = [...usageByProject(metered, { fromDay: 0, toDay: dayOf(now), clock: now })].flat();
const gpuHours = (date: string, keep: (row: (typeof rows)[number]) => boolean = () => true): number =>
  rows
    .filter((row) => row.metric === "gpu-hours" && dateOf(row.day).startsWith(date) && keep(row))
    .reduce((sum, { quantity }) => sum + quantity, 0);
const projectId = (name: string) => organization.projects.find((project) => project.name === name)?.id;

describe("the demo's organisation", () => {
  it("is an AI company with six projects and fourteen months of history", () => {
    expect(organization.now.toISOString()).toBe("2026-11-03T06:00:00.000Z");
    expect(organization.projects.map(({ name }) => name)).toEqual([
      "training",
      "fine-tuning",
      "inference",
      "research",
      "data",
      "platform",
    ]);
    expect([dateOf(rows[0]?.day ?? 0), dateOf(rows.at(-1)?.day ?? 0)]).toEqual(["2025-09-01", "2026-11-03"]);
    expect(new Set(rows.map(({ day }) => day)).size).toBe(429);
    for (const { id } of organization.projects) expect(rows.some((row) => row.projectId === id)).toBe(true);
  });

  it("uses every GPU type and CPU types, under the names that Crusoe sells them by", () => {
    const used = new Set(rows.map(({ resourceType }) => resourceType));
    const gpuTypes = organization.vmTypes
      .filter((type) => used.has(type.productName))
      .map(({ gpuType }) => gpuType);
    expect(new Set(gpuTypes)).toEqual(new Set(["H100", "H200", "B200", "A100", "L40S", "MI300X", ""]));
    for (const { productName, numGpu } of organization.vmTypes) {
      expect(productName).toMatch(/^[a-z0-9-]+\.(\d+)x$/);
      if (numGpu > 0) expect(productName).toMatch(new RegExp(`\\.${numGpu}x$`));
    }
    expect([...used].filter((type) => !type.includes("."))).toEqual(
      expect.arrayContaining(["persistent-ssd", "shared-volume", "snapshot"]),
    );
  });

  it("has weekends, growth, a big training run and a launch in its GPU-hours", () => {
    const research = (date: string) => gpuHours(date, (row) => row.projectId === projectId("research"));
    // A Wednesday and the Saturday after it, before anything ran away.
    expect(research("2026-08-12")).toBeGreaterThan(3 * research("2026-08-15"));
    expect(gpuHours("2026-10")).toBeGreaterThan(3 * gpuHours("2025-09"));
    const b200 = (month: string) => gpuHours(month, ({ resourceType }) => resourceType.startsWith("b200"));
    expect(b200("2026-05")).toBe(0);
    expect(b200("2026-07")).toBe(128 * 24 * 31);
    const inference = (date: string) => gpuHours(date, (row) => row.projectId === projectId("inference"));
    expect(inference("2026-03-18")).toBeGreaterThan(1.5 * inference("2026-03-15"));
    expect(gpuHours("2026-02-18")).toBeLessThan(gpuHours("2026-02-17"));
  });

  it("stays within each reservation, uses one well, and leaves the other idle", () => {
    const share = organization.reservations.map((reservation) => {
      // Every third hour of the last fourteen days.
      const samples = Array.from({ length: 14 * 8 }, (_, sample) => now - sample * 3 * 3600);
      const used = samples.map((at) => reservationUseAt(reservation, at, index).usedQuantity);
      expect(Math.max(...used)).toBeLessThanOrEqual(reservation.quantity);
      return used.reduce((sum, quantity) => sum + quantity, 0) / samples.length / reservation.quantity;
    });
    expect(share[0]).toBeGreaterThan(0.85);
    expect(share[1]).toBeCloseTo(2 / 6, 2);
    const names = new Set(organization.vmTypes.map(({ productName }) => productName));
    // One counts GPUs of a line, the other instances of one type.
    expect(organization.reservations.map(({ productLine }) => names.has(productLine))).toEqual([false, true]);
    for (const reservation of organization.reservations) {
      for (let at = reservation.contract.from; at < now; at += 12 * 3600) {
        expect(reservationUseAt(reservation, at, index).usedQuantity).toBeLessThanOrEqual(
          reservation.quantity,
        );
      }
    }
  });

  it("has stopped VMs that keep their disks", () => {
    const stopped = living(organization.vms, now)
      .filter((vm) => !isRunning(vm, now))
      .map((vm) => {
        const since = Math.max(...vm.runs.flatMap(({ to }) => (to !== null && to <= now ? [to] : [])));
        return {
          name: vm.name,
          days: (now - since) / 86_400,
          disks: index.disksByVm.get(vm.id)?.length ?? 0,
        };
      });
    const forgotten = stopped.filter(({ days }) => days >= 7);
    expect(forgotten.map(({ name }) => name)).toEqual([
      "ckpt-convert",
      "notebook-yuki",
      "lora-sandbox",
      "spark-driver-old",
    ]);
    expect(forgotten.every(({ disks }) => disks >= 1)).toBe(true);
    // And one that is no finding yet.
    expect(stopped.find(({ name }) => name === "ci-runner-bench")?.days).toBeLessThan(7);
  });

  it("has disks that hang on nothing, one of which is kept on purpose", () => {
    const loose = living(organization.disks, now).filter(
      (disk) => attachmentsAt(disk, now, index).length === 0,
    );
    expect(loose.map(({ name }) => name).sort()).toEqual([
      "atlas-ckpt-scratch",
      "audit-2025-datasets",
      "dedup-tmp",
      "omar-home",
      "rlhf-scratch",
      "weights-cache-v1",
    ]);
    const [suppression] = csvOf("suppressions.csv");
    expect(suppression?.rule_id).toBe("unattached_disk");
    expect(loose.find(({ id }) => id === suppression?.resource_id)?.name).toBe("audit-2025-datasets");
  });

  it("has snapshots whose disks are gone, among others whose are not", () => {
    const disks = new Set(living(organization.disks, now).map(({ id }) => id));
    const snapshots = living(organization.snapshots, now);
    expect(
      snapshots
        .filter(({ sourceDiskId }) => !disks.has(sourceDiskId))
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      "atlas-pilot-step-2000",
      "atlas-pilot-step-9000",
      "eval-suite-2025-frozen",
      "tokenizer-v1-final",
    ]);
    expect(snapshots.filter(({ sourceDiskId }) => disks.has(sourceDiskId)).length).toBeGreaterThan(5);
  });

  it("has a VM that runs on for weeks, and one whose type shows no usage though it is up", () => {
    const runaway = organization.vms.find(({ name }) => name === "reward-sweep-3");
    expect(runaway && isRunning(runaway, now) && (now - runaway.createdAt) / 86_400).toBeGreaterThan(35);
    const bench = organization.vms.find(({ name }) => name === "bench-l40s-8x");
    expect(bench && isRunning(bench, now)).toBe(true);
    const hours = (date: string) => gpuHours(date, ({ resourceType }) => resourceType === bench?.type);
    expect([hours("2026-10-11"), hours("2026-10-12"), hours("2026-11")]).toEqual([192, 0, 0]);
  });

  it("has an idle machine without GPUs, a large OS disk, an old snapshot, and an address that a stopped VM holds", () => {
    const vmNamed = (name: string) => organization.vms.find((vm) => vm.name === name);
    const relay = vmNamed("metrics-relay");
    expect(relay && isRunning(relay, now)).toBe(true);
    const relayed = rows
      .filter(({ resourceType }) => resourceType === relay?.type)
      .map(({ day }) => dateOf(day));
    expect(relayed.at(-1)).toBe("2026-10-18");
    const osDisk = organization.disks.find(({ name }) => name === "reward-sweep-3-os");
    expect(osDisk?.sizes.at(-1)?.sizeGib).toBe(1024);
    const old = organization.snapshots.find(({ name }) => name === "control-db-before-migration");
    expect(old && (now - old.createdAt) / 86_400).toBeGreaterThan(90);
    const driver = vmNamed("spark-driver-old");
    expect(driver && !isRunning(driver, now) && driver.networkInterface?.publicIp?.type).toBe("static");
  });

  it("has a network, load balancers and groups that serve nobody, and VMs that idle at weekends or by half", () => {
    const pilot = organization.networks.find(({ name }) => name === "pilot-network");
    const subnets = organization.subnets.filter(({ networkId }) => networkId === pilot?.id);
    expect(subnets.map(({ name }) => name)).toEqual(["pilot"]);
    expect(organization.vms.some((vm) => vm.networkInterface?.networkId === pilot?.id)).toBe(false);
    const behind = (name: string) => {
      const ids = organization.loadBalancers.find((one) => one.name === name)?.pool?.vmIds;
      return ids?.map((id) => index.vmById.get(id));
    };
    expect(behind("chat-beta")).toEqual([]);
    for (const name of ["lora-playground", "spark-ui"]) {
      expect(behind(name)?.map((vm) => vm && isRunning(vm, now))).toEqual([false]);
    }
    const group = (name: string) => {
      const found = organization.groups.find((one) => one.name === name);
      const vms = living(index.vmsByGroup.get(found?.id ?? "") ?? [], now);
      return {
        running: vms.filter((vm) => isRunning(vm, now)).length,
        desired: found && desiredCountAt(found, now),
      };
    };
    expect(group("router")).toEqual({ running: 4, desired: 3 });
    expect(group("dedup-l40s")).toEqual({ running: 0, desired: 0 });
    const busiest = (name: string, from: string, hours: number) => {
      const vm = organization.vms.find((one) => one.name === name);
      const shares = Array.from({ length: hours }, (_, hour) =>
        vm ? utilisationOf(vm)(Date.parse(from) / 1000 + hour * 3600) : null,
      );
      return Math.max(...shares.map((share) => share ?? Number.NaN));
    };
    // A Saturday and a Sunday, then the Monday after.
    expect(busiest("distill-a100", "2026-10-31", 48)).toBeLessThan(12);
    expect(busiest("distill-a100", "2026-11-02", 24)).toBeGreaterThan(60);
    expect(busiest("eval-l40s", "2026-10-27", 168)).toBeLessThan(40);
  });

  it("is metered, all fourteen months by resource, well under a second", () => {
    const begun = performance.now();
    let count = 0;
    for (const day of usageByResource(meterResources(organization, { gpuMetric: "gpu-hours" }), {
      fromDay: 0,
      toDay: dayOf(now),
      clock: now,
    }))
      count += day.length;
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(count).toBeGreaterThan(50_000);
  });

  it("has sample prices for everything that it uses but one type, in force on every day of it", () => {
    const prices = csvOf("prices.csv");
    expect(Object.keys(prices[0] ?? {}).join()).toBe(
      "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
    );
    const unpriced = new Set<string>();
    for (const row of rows) {
      const date = dateOf(row.day);
      const matches = prices.filter(
        (price) =>
          price.resource_type === row.resourceType &&
          price.billable_metric === row.metric &&
          ["", row.projectId].includes(price.project_id ?? "") &&
          ["", row.reservationId].includes(price.reservation_id ?? "") &&
          (price.effective_from ?? "") <= date &&
          (price.effective_to === "" || date <= (price.effective_to ?? "")),
      );
      if (matches.length === 0) unpriced.add(row.resourceType);
    }
    expect([...unpriced]).toEqual(["s1a.40x"]);
    const h100 = prices.filter(
      ({ resource_type, reservation_id }) => resource_type?.startsWith("h100") && !reservation_id,
    );
    expect(h100.map(({ unit_price, effective_to }) => [unit_price, effective_to])).toEqual([
      ["3.90", "2026-03-31"],
      ["3.60", ""],
    ]);
    const reserved = prices
      .filter(({ reservation_id }) => reservation_id)
      .map(({ reservation_id }) => reservation_id);
    expect(reserved).toEqual(organization.reservations.map(({ id }) => id));
  });

  it("has a cost centre for each project, and a budget for each cost centre", () => {
    const centres = csvOf("cost-centres.csv");
    expect(new Set(centres.map(({ project_id }) => project_id))).toEqual(
      new Set(organization.projects.map(({ id }) => id)),
    );
    const budgets = csvOf("budgets.csv");
    expect(new Set(budgets.map(({ cost_centre }) => cost_centre))).toEqual(
      new Set(centres.map(({ cost_centre }) => cost_centre)),
    );
    expect(
      budgets.every(({ month, currency }) => /^202[56]-\d\d$/.test(month ?? "") && currency === "USD"),
    ).toBe(true);
  });

  it("is served: its months add up to the same by project and by resource", async () => {
    await withGateway({ organization }, async (endpoint) => {
      const parameters = {
        projects: organization.projects.map(({ id }) => id),
        resource_types: "",
        regions: "",
        start_date: "2026-10-01",
        end_date: "2026-10-31",
      };
      const items = await getItems(endpoint, `/organizations/${organization.id}/usage`, parameters);
      const text = (
        await get(endpoint, `/organizations/${organization.id}/usage/export`, {
          ...parameters,
          resources: "",
        })
      ).text;
      const sum = (list: Item[]) => list.reduce((total, { quantity }) => total + Number(quantity), 0);
      expect(sum(plainCsv(text))).toBeCloseTo(sum(items), 4);
      expect(new Set(items.map(({ date }) => date)).size).toBe(31);
    });
    expect(organization.accessKeys[0]?.accessKeyId).toBe("local-demo-gateway");
    expect(organization.accessKeys[0]?.secretKey).not.toBe(key.secretKey);
  });
});
