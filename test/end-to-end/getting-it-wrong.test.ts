import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const credentials = {
  CRUSOE_ACCESS_KEY_ID: "AKEXAMPLE",
  CRUSOE_SECRET_KEY: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
};

async function workspace(): Promise<string> {
  const root = join(temporaryFolder(), "costs");
  await writeWorkspace(root);
  return root;
}

/** One message of a line or two, and no stack trace. */
function expectClear(stderr: string, ...named: string[]): void {
  expect(stderr).toMatch(/^error: /m);
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain(credentials.CRUSOE_SECRET_KEY);
  for (const name of named) expect(stderr).toContain(name);
}

it("a workspace that does not exist is said so, with the command that writes one", async () => {
  const { code, stdout, stderr } = await tally(["run", "--workspace", "/nowhere/costs"], credentials);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expectClear(stderr, "/nowhere/costs", "tally init");
});

it("a tally.toml that is broken is named with its line", async () => {
  const root = await workspace();
  writeFileSync(join(root, "tally.toml"), "[api]\nendpoint = oops\n");
  const { code, stderr } = await tally(["run", "--workspace", root], credentials);
  expect(code).toBe(2);
  expectClear(stderr, join(root, "tally.toml"), "line 2");
});

it("a missing credential is said so before anything is touched", async () => {
  const root = await workspace();
  const { code, stderr } = await tally(["run", "--workspace", root]);
  expect(code).toBe(2);
  expectClear(stderr, "CRUSOE_ACCESS_KEY_ID", "CRUSOE_SECRET_KEY");
});

it("a host that nothing listens on is named", async () => {
  const root = await workspace();
  const endpoint = `http://127.0.0.1:${await freePort()}/v1alpha5`;
  writeFileSync(join(root, "tally.toml"), "[api]\nmax_attempts = 1\n");
  const { code, stderr } = await tally(["run", "--workspace", root], {
    ...credentials,
    CRUSOE_API_ENDPOINT: endpoint,
  });
  expect(code).toBe(1);
  expectClear(stderr, new URL(endpoint).host);
});

it("a broken price list is named with its line", async () => {
  const root = await workspace();
  writeFileSync(
    join(root, "prices.csv"),
    "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to\nh100,gpu-hours,,,,much,USD,,\n",
  );
  const { code, stderr } = await tally(["build", "--workspace", root]);
  expect(code).toBe(2);
  expectClear(stderr, "prices.csv", "2", "unit_price");
});

it("a clock that is no instant is refused", async () => {
  const { code, stderr } = await tally(["build", "--workspace", await workspace()], {
    TALLY_NOW: "yesterday",
  });
  expect(code).toBe(2);
  expectClear(stderr, "TALLY_NOW");
});

it.each([
  [["report", "--month", "2026-13"], "2026-13"],
  [["report", "--format", "docx"], "docx"],
  [["ingest", "--from", "2026-02-30"], "2026-02-30"],
  [["ingest", "--from", "2026-03-02", "--to", "2026-03-01"], "2026-03-02"],
  [["gateway", "--port", "notaport"], "notaport"],
  [["sql", "select 1"], "tally run"],
  [["buidl"], "build"],
  [["build", "--selct", "x"], "--select"],
])("a call that is off is refused with what is wrong: %j", async (args, named) => {
  const root = await workspace();
  const { code, stderr } = await tally(args, { ...credentials, TALLY_WORKSPACE: root });
  expect(code).toBe(2);
  expectClear(stderr, named);
});

it.each([["demo"], ["init"], ["ingest"], ["build"], ["report"], ["run"], ["sql"], ["gateway"]])(
  "`tally %s --help` shows examples",
  async (command) => {
    const { code, stdout } = await tally([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Examples:\n  $ tally ${command}`);
  },
);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (typeof address !== "object" || address === null) throw new Error("The server has no port.");
  return address.port;
}
