import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "./config.ts";
import type { Effects } from "./effects.ts";
import { UsageError } from "./errors/usage-error.ts";
import { loadScenario } from "./gateway/scenario.ts";
import { startGateway } from "./gateway/server.ts";
import { packageRoot } from "./package.ts";
import { run } from "./run.ts";
import { workspaceAt } from "./workspace.ts";

/** The folder of the sample organisation and of the files that its workspace starts with. */
export const demoFolder = join(packageRoot, "data", "demo");
export const demoScenario = join(demoFolder, "organization.yaml");

const demoMark = "# The workspace of `tally demo`";

/**
 * Serves the sample organisation on a local port, and does a whole run on it in a workspace made anew at
 * `root`. The clock stands at the scenario's instant, unless TALLY_NOW fixes another.
 *
 * @returns the path of the report's page
 * @throws UsageError where `root` holds something else than an earlier demo
 */
export async function runDemo(effects: Effects, root: string): Promise<{ page: string }> {
  const workspace = workspaceAt(root);
  await makeWorkspace(root, workspace.tallyToml);
  const organization = await loadScenario(demoScenario);
  const [accessKey] = organization.accessKeys;
  if (!accessKey) throw new UsageError(`${demoScenario} has no access key.`);
  const clock = effects.env.TALLY_NOW ? effects.now : () => organization.now;
  const gateway = await startGateway({ organization, clock, accessKeys: organization.accessKeys });
  try {
    const demoEffects: Effects = {
      ...effects,
      now: clock,
      env: { ...effects.env, CRUSOE_API_ENDPOINT: gateway.endpoint },
    };
    const config = loadConfig(demoEffects, workspace.tallyToml);
    return await run({ effects: demoEffects, workspace, config, credentials: accessKey });
  } finally {
    await gateway.close();
  }
}

async function makeWorkspace(root: string, tallyToml: string): Promise<void> {
  if (existsSync(root) && readdirSync(root).length > 0) {
    const isDemo = existsSync(tallyToml) && readFileSync(tallyToml, "utf8").startsWith(demoMark);
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
}
