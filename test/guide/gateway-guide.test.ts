import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { isLiving, isRunning } from "../../src/gateway/inventory.ts";
import { scenarioFile } from "../../src/gateway/scenario/format.ts";
import { parseScenario } from "../../src/gateway/scenario/load.ts";
import { packageRoot } from "../../src/package.ts";
import { snippets } from "./snippets.ts";

const page = "docs/guide/gateway.md";

it("the guide's scenario is whole, and lives as the guide says", () => {
  const [example] = snippets().filter(({ at, language }) => at.startsWith(page) && language === "yaml");
  const { vms, disks, snapshots, settling } = parseScenario(example?.text ?? "", page);
  const at = (iso: string) => Date.parse(iso) / 1000;
  const running = (iso: string) => vms.filter((vm) => isRunning(vm, at(iso))).length;
  // Half of the way from 4 to 20; none amid the incident; and what idles beside them.
  expect([running("2026-05-17T12:00Z"), running("2026-06-03T12:00Z"), running("2026-11-03T06:00Z")]).toEqual([
    12, 0, 21,
  ]);
  const left = (list: readonly { createdAt: number; deletedAt: number | null; name: string }[]) =>
    list.filter((one) => isLiving(one, at("2026-11-03T06:00Z"))).map(({ name }) => name);
  expect(left(disks)).not.toContain("old-data");
  expect(left(snapshots)).toEqual(["orphan"]);
  expect(settling).toMatchObject({ afterHours: 3, restated: { factor: 0.97 } });
});

it("the guide names every key that a scenario may have, and no other", () => {
  const keys = new Set<string>();
  const collect = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    for (const [name, value] of Object.entries(part)) {
      if (name === "properties")
        for (const key of Object.keys(value as object)) if (!key.endsWith("-hours")) keys.add(key);
      collect(value);
    }
  };
  collect(z.toJSONSchema(scenarioFile, { io: "input", unrepresentable: "any" }));
  const guide = readFileSync(join(packageRoot, page), "utf8");
  const [, table = ""] = /\n\| key \| what it says \|\n([\s\S]*?)\n\n/.exec(guide) ?? [];
  const told = new Set([...table.matchAll(/`([a-z_]+)`/g)].map(([, key = ""]) => key));
  const values = [
    "manual",
    "stripe",
    "gpus",
    "step",
    "linear",
    "inclusive",
    "exclusive",
    "overshooting",
    "prefixed",
    "plain",
  ];
  expect([...keys].filter((key) => !told.has(key))).toEqual([]);
  expect([...told].filter((key) => !keys.has(key) && !values.includes(key))).toEqual([]);
});
