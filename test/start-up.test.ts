import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../src/package.ts";
import { openWarehouse } from "../src/warehouse.ts";
import { workspaceAt } from "../src/workspace.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const tellTime =
  "data:text/javascript,process.once('exit',()=>{const{user,system}=process.cpuUsage();console.error(user+system)})";

/** The least processor time that Node takes with these arguments, which is what it takes where nothing disturbs it. */
function cost(...args: string[]): number {
  const costs = Array.from({ length: 5 }, () => {
    const { status, stderr } = spawnSync(process.execPath, ["--import", tellTime, ...args], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^\d+\n$/) });
    return Number(stderr);
  });
  return Math.min(...costs);
}

const cli = join(packageRoot, "dist", "cli.js");

it("starts in little more than Node itself, and answers a query in a few times that", async () => {
  const workspace = workspaceAt(temporaryFolder());
  writeFileSync(workspace.tallyToml, "");
  (await openWarehouse(workspace.analytics, { memoryLimit: "128MB", threads: 1 })).close();
  const node = cost("--eval", "0");
  expect(cost(cli, "--version")).toBeLessThan(1.7 * node);
  expect(cost(cli, "sql", "--workspace", workspace.root, "select 1")).toBeLessThan(4.6 * node);
});
