import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "./errors/usage-error.ts";
import { packageRoot } from "./package.ts";
import { type Workspace, workspaceAt } from "./workspace.ts";

/** Where the sample organisation lies, with the files that its workspace starts with. */
export const demoFolder = join(packageRoot, "data", "demo");

/** The sample organisation, as the local gateway takes it. */
export const demoScenario = join(demoFolder, "organization.yaml");

const demoMark = "# The workspace of `tally demo`";

/**
 * Makes the workspace of the demo anew at `root`: its settings, sample prices, cost centres and budgets.
 *
 * @throws UsageError where `root` holds something else than an earlier demo
 */
export async function makeDemoWorkspace(root: string): Promise<Workspace> {
  const workspace = workspaceAt(root);
  if (existsSync(root) && !isFree(root)) {
    const isDemo =
      existsSync(workspace.tallyToml) && readFileSync(workspace.tallyToml, "utf8").startsWith(demoMark);
    if (!isDemo) {
      throw new UsageError(`${root} holds something else than a demo, so the demo is not written there.`, {
        hint: "Name a folder that is empty or new: `tally demo DIR`.",
      });
    }
    await rm(root, { recursive: true });
  }
  await mkdir(root, { recursive: true });
  for (const name of ["tally.toml", "prices.csv", "cost-centres.csv", "budgets.csv", "suppressions.csv"]) {
    await cp(join(demoFolder, name), join(root, name));
  }
  return workspace;
}

function isFree(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}
