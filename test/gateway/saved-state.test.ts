import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { demoScenario } from "../../src/demo.ts";
import { keepState } from "../../src/gateway/kept-state.ts";
import { loadState, saveState } from "../../src/gateway/saved-state.ts";
import { loadScenario } from "../../src/gateway/scenario/load.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { acme, withGateway } from "./acme.ts";
import { ask, askJson, get, getJson, key } from "./signed-client.ts";

const now = new Date("2026-03-10T12:00:00.500Z");

it("a state is the same after it was saved and loaded, to the last of what a client sees", async () => {
  const file = join(temporaryFolder(), "demo.state");
  const organization = await loadScenario(demoScenario);
  await saveState(file, { organization, now, pace: 2.5, faults: [] });
  const loaded = await loadState(file);
  expect(loaded).toEqual({ organization, now, pace: 2.5, faults: [] });
  const path = `/organizations/${organization.id}/usage/export`;
  const asked = { projects: "", resources: "", resource_types: "", regions: "" };
  const answers = [organization, loaded?.organization ?? acme()].map((one) =>
    withGateway({ organization: one, clock: () => organization.now }, async (endpoint) => {
      const days = { start_date: "2026-10-01", end_date: "2026-11-03" };
      return (await get(endpoint, path, { ...asked, ...days })).text;
    }),
  );
  const [before, after] = await Promise.all(answers);
  expect(before?.length).toBeGreaterThan(10_000);
  expect(after === before).toBe(true);
});

it("what clients did goes on where it was: tokens sign, and what is under way comes about", async () => {
  const file = join(temporaryFolder(), "acme.state");
  const snapshot = "/projects/project-alpha/storage/snapshots/snapshot-left";
  const tokens = "/users/tokens";
  const first = await startGateway({ organization: acme(), clock: () => now, accessKeys: [key] });
  const { token } = await askJson<{ token: Record<string, string> }>(first.endpoint, "POST", tokens, {
    expires_at: "2026-03-11T00:00:00Z",
  });
  await askJson(first.endpoint, "PATCH", snapshot, { name: "kept" });
  await saveState(file, first.state());
  await first.close();

  const loaded = await loadState(file);
  const second = await startGateway({
    organization: loaded?.organization ?? acme(),
    clock: () => loaded?.now ?? now,
    accessKeys: [key],
  });
  const { access_key: accessKeyId = "", secret_key: secretKey = "" } = token;
  const status = async () =>
    (await ask(second.endpoint, "GET", tokens, undefined, { key: { accessKeyId, secretKey } })).status;
  expect([(await getJson(second.endpoint, snapshot)).name, await status()]).toEqual(["left", 200]);
  second.clock.advance({ seconds: 60 });
  expect((await getJson(second.endpoint, snapshot)).name).toBe("kept");
  second.clock.advance({ seconds: 43_200 });
  expect(await status()).toBe(401);
  await second.close();
});

it("a state that is written again and again is whole whenever it is read", async () => {
  const file = join(temporaryFolder(), "acme.state");
  const gateway = await startGateway({ organization: acme(), clock: () => now, accessKeys: [key] });
  await saveState(file, gateway.state());
  let isOver = false;
  const writing = (async () => {
    for (let turn = 0; turn < 30; turn++) {
      gateway.clock.advance({ seconds: 1 });
      await saveState(file, gateway.state());
    }
    isOver = true;
  })();
  let reads = 0;
  for (; !isOver; reads++) expect((await loadState(file))?.organization.id).toBe("org-acme");
  await writing;
  await gateway.close();
  expect(reads).toBeGreaterThan(5);
  expect((await loadState(file))?.now).toEqual(new Date("2026-03-10T12:00:30.500Z"));
});

it("changes while a state is being saved wait for one save together, however long that takes", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const file = join(temporaryFolder(), "acme.state");
  const organization = acme();
  let saves = 0;
  const state = () => ({ organization, now: new Date(now.getTime() + saves++ * 1000), pace: 0, faults: [] });
  const kept = await keepState(file, state, (error) => expect(error).toBeUndefined());
  for (let change = 0; change < 20; change++) {
    kept.touch();
    // No file is written as long as nothing is waited for.
    vi.advanceTimersByTime(1000);
  }
  await kept.end();
  kept.touch();
  vi.advanceTimersByTime(120_000);
  vi.useRealTimers();
  // At the beginning, after the first change, and at the end.
  expect(saves).toBe(3);
  expect((await loadState(file))?.now).toEqual(new Date("2026-03-10T12:00:02.500Z"));
});

it("nobody but its owner reads a state, whatever stood where it is written", async () => {
  const file = join(temporaryFolder(), "acme.state");
  writeFileSync(`${file}.saving`, "left over", { mode: 0o644 });
  await saveState(file, { organization: acme(), now, pace: 0, faults: [] });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("there is no state where there is no file", async () => {
  expect(await loadState(join(temporaryFolder(), "none.state"))).toBeNull();
});

it.each([
  ["cut short", (text: string) => text.slice(0, -3), /is no state of a gateway, or was cut short/],
  ["empty", () => "", /is no state of a gateway/],
  ["another program's", () => '{"format":"terraform","version":4}', /is no state of a gateway/],
  [
    "of a tally to come",
    (text: string) => text.replace('"version":1', '"version":2'),
    /was saved by a newer tally: its version is 2, and this one reads 1/,
  ],
  [
    "changed by hand",
    (text: string) => text.replace('"name":"acme"', '"name":"other"'),
    /is damaged, or was changed by hand/,
  ],
])("a state that is %s is refused, and kept as it is", async (_, change, message) => {
  const file = join(temporaryFolder(), "acme.state");
  await saveState(file, { organization: acme(), now, pace: 0, faults: [] });
  writeFileSync(file, change(readFileSync(file, "utf8")));
  const before = readFileSync(file, "utf8");
  await expect(loadState(file)).rejects.toThrow(message);
  expect(readFileSync(file, "utf8")).toBe(before);
});
