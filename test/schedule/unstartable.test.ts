import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { childRuns } from "../../src/schedule/child-run.ts";
import { schedule } from "../../src/schedule/schedule.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { webhookServer } from "../notify/receivers.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** The system takes no argument so long, and says so before there is a process. */
const tooLong = "x".repeat(200_000);

it("a run for which there is no process counts as failed, whether that is said at once or a little later", async () => {
  const atOnce = childRuns([tooLong], {});
  await expect(atOnce.runOnce()).rejects.toThrow("The run could not be started: E2BIG.");
  expect([...atOnce.runsByCode]).toEqual([["1", 1]]);

  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = join(temporaryFolder(), "no-node");
  const later = childRuns(["run"], {});
  await expect(later.runOnce()).rejects.toThrow("The run could not be started: ENOENT.");
  expect([...later.runsByCode]).toEqual([["1", 1]]);
  expect(later.isRunning).toBe(false);
});

it("a schedule that can't start its run tells of it, and stays up for the next one", async () => {
  const { url, received } = await webhookServer();
  const workspace = workspaceAt(temporaryFolder());
  mkdirSync(join(workspace.root, "data"));
  writeFileSync(workspace.tallyToml, `[[notify]]\ntype = "webhook"\nurl = "${url}"\n`);
  const effects = testEffects();
  const config = loadConfig(effects, workspace.tallyToml);
  const listening = process.listeners("SIGTERM");
  const up = schedule({ effects, workspace, config }, { runOptions: [tooLong] });
  await expect.poll(() => effects.said().match(/the next run is due/g)?.length).toBe(2);
  // That the data are stale may be told as well, by what looks at them in between.
  const failures = received
    .map(({ body }) => body as { event: string })
    .filter(({ event }) => event === "failure");
  expect(failures).toMatchObject([
    { event: "failure", items: [{ summary: "The run could not be started: E2BIG.", exit_code: 1 }] },
  ]);
  const [stop] = process.listeners("SIGTERM").filter((each) => !listening.includes(each));
  stop?.("SIGTERM");
  await up;
});
