import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { supervisorVariable } from "../src/stop.ts";
import { bundled } from "./bundled.ts";

const stop = JSON.stringify(await bundled("src/stop.ts"));

/** A process amid a step that never comes to its end; with a channel and of a supervisor, as `tally schedule` starts it. */
async function amidStep(
  graceMs: number,
  stdio: "ipc" | "ignore" = "ignore",
  env: Record<string, string> = {},
): Promise<ChildProcess & { said: () => string }> {
  const script = `
    import { stopOnSignals } from ${stop};
    const stop = stopOnSignals((message) => console.log(message), ${graceMs});
    stop.onGiveUp(() => process.stdout.write("gave up\\n"));
    stop.signal.addEventListener("abort", () => console.log(String(stop.signal.reason)));
    setInterval(() => undefined, 1000);
    console.log("up");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit", stdio],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += String(chunk);
  });
  while (!said.includes("up")) await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  return Object.assign(child, { said: () => said });
}

const ending = (child: ChildProcess) => once(child, "exit") as Promise<[number | null, string | null]>;

it("a step that does not come to its end within the grace is given up, and what it held is given back", async () => {
  const child = await amidStep(300);
  const ended = ending(child);
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(child.said()).toContain("StoppedError: Stopped by SIGTERM.");
  expect(child.said()).toContain("gave up");
});

it("a second signal gives it up at once", async () => {
  const child = await amidStep(60_000);
  const ended = ending(child);
  child.kill("SIGINT");
  while (!child.said().includes("once more ends it at once"))
    await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGTERM"]);
  expect(child.said()).toContain("gave up");
});

const ofSchedule = { [supervisorVariable]: String(process.pid) };

it("a run of another parent that has a channel to it, or of a schedule that is gone, hears signals itself", async () => {
  for (const [env, isLeft] of [
    [{}, false],
    [ofSchedule, true],
  ] as const) {
    const child = await amidStep(300, "ipc", env);
    if (isLeft) {
      child.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const ended = ending(child);
    child.kill("SIGTERM");
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(child.said()).toContain("Stopped by SIGTERM.");
  }
});

it("a run of a schedule hears it of the schedule alone, so that a service manager that signals both asks once", async () => {
  const child = await amidStep(300, "ipc", ofSchedule);
  const ended = ending(child);
  child.kill("SIGTERM");
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(child.exitCode ?? child.signalCode).toBeNull();
  child.send("stop");
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(child.said()).toContain("StoppedError");
});
