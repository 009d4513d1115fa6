import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CheckResult, examine } from "../../src/doctor/doctor.ts";
import type { FaultInput } from "../../src/gateway/faults/rule.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { start } from "../gateway/acme.ts";
import { key } from "../gateway/signed-client.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const secret = key.secretKey;

interface Case {
  toml?: string;
  files?: Record<string, string>;
  faults?: FaultInput[];
  env?: Record<string, string>;
}

/** What doctor finds of a workspace on a local gateway that has one thing wrong with it. */
async function found({
  toml = "",
  files = {},
  faults = [],
  env = {},
}: Case): Promise<Map<string, CheckResult>> {
  const gateway = await start({ faults });
  onTestFinished(() => gateway.close());
  const root = join(temporaryFolder(), "costs");
  await writeWorkspace(root);
  writeFileSync(join(root, "tally.toml"), toml);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const effects = testEffects({
    env: {
      CRUSOE_API_ENDPOINT: gateway.endpoint,
      CRUSOE_ACCESS_KEY_ID: key.accessKeyId,
      CRUSOE_SECRET_KEY: secret,
      ...env,
    },
  });
  const results = await examine(effects, root);
  expect(JSON.stringify(results)).not.toContain(secret);
  for (const { verdict, mend } of results)
    expect(mend === null).toBe(verdict === "ok" || verdict === "skipped");
  return new Map(results.map((result) => [result.name, result]));
}

const bad = (results: Map<string, CheckResult>) =>
  [...results.values()].filter(({ verdict }) => verdict === "failed").map(({ name }) => name);

describe("tally doctor", () => {
  it("finds nothing wrong where nothing is, and says that a first run is to be done", async () => {
    const results = await found({});
    expect(bad(results)).toEqual([]);
    expect([...results.values()].filter(({ verdict }) => verdict !== "ok").map(({ name }) => name)).toEqual([
      "published tables",
    ]);
    expect(results.get("published tables")?.mend).toContain("tally run --workspace");
    expect(results.get("permissions of the key")?.message).toBe("It reads acme.");
  });

  it.each<[string, Case, string, RegExp, RegExp]>([
    [
      "a wrong key",
      { env: { CRUSOE_SECRET_KEY: "d3Jvbmc" } },
      "permissions of the key",
      /answered 401/,
      /Check CRUSOE_ACCESS_KEY_ID/,
    ],
    [
      "no key",
      { env: { CRUSOE_SECRET_KEY: "", CRUSOE_ACCESS_KEY_ID: "" } },
      "credentials",
      /No Crusoe credential/,
      /Set CRUSOE_ACCESS_KEY_ID/,
    ],
    [
      "a host that is not there",
      { env: { CRUSOE_API_ENDPOINT: "http://127.0.0.1:9/v1alpha5" } },
      "endpoint",
      /127\.0\.0\.1:9 can't be reached/,
      /CRUSOE_API_ENDPOINT/,
    ],
    [
      "a clock that is ten minutes slow",
      { faults: [{ kind: "clock-skew", minutes: 10 }] },
      "clock",
      /is (599|60\d) s behind/,
      /NTP/,
    ],
    [
      "an organisation that the key does not see",
      { toml: '[api]\norganization = "other"' },
      "permissions of the key",
      /sees no organisation "other"/,
      /acme/,
    ],
    [
      "usage that is forbidden",
      { faults: [{ kind: "forbidden", path: "**/usage/options" }] },
      "permissions of the key",
      /answered 403/,
      /role/,
    ],
    ["a broken tally.toml", { toml: "[api\n" }, "tally.toml", /line 1/, /Mend/],
    [
      "a price that is none",
      {
        files: {
          "prices.csv":
            "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to\nh100,gpu-hours,,,,much,USD,,\n",
        },
      },
      "files that you keep",
      /prices\.csv.*unit_price/s,
      /./,
    ],
    [
      "a cron expression that is none",
      { toml: '[schedule]\ncron = "daily"' },
      "schedule",
      /"daily" can't be read/,
      /cron = /,
    ],
    [
      "a zone that is none",
      { toml: '[schedule]\ntime_zone = "Mars/Base"' },
      "schedule",
      /no zone "Mars\/Base"/,
      /IANA/,
    ],
    [
      "a password that the environment lacks",
      {
        toml: '[[notify]]\ntype = "email"\nhost = "h"\nuser = "u"\npassword_env = "MAIL_PASSWORD"\nfrom = "a@b.c"\nto = ["a@b.c"]',
      },
      "notifications",
      /no MAIL_PASSWORD/,
      /Set MAIL_PASSWORD/,
    ],
    [
      "a browser that is not there",
      { toml: '[reports]\nformats = ["pdf"]', env: { PATH: "", TALLY_BROWSER: "/no/browser" } },
      "browser for PDFs",
      /\/no\/browser/,
      /unset it/,
    ],
  ])("names %s, and says how to mend it", async (_what, wrong, name, message, mend) => {
    const results = await found(wrong);
    expect(bad(results)).toEqual([name]);
    expect(results.get(name)?.message).toMatch(message);
    expect(results.get(name)?.mend).toMatch(mend);
  });

  it("warns of what a run would do without, of a lock that was left, and of a key that others may read", async () => {
    const home = temporaryFolder();
    mkdirSync(join(home, ".crusoe"));
    writeFileSync(
      join(home, ".crusoe", "config"),
      `[default]\naccess_key_id = "${key.accessKeyId}"\nsecret_key = "${secret}"\n`,
    );
    chmodSync(join(home, ".crusoe", "config"), 0o644);
    const results = await found({
      faults: [{ kind: "forbidden", path: "**/reservations" }],
      files: {
        "data/lock.json": JSON.stringify({
          pid: 2 ** 22 - 3,
          command: "run",
          started_at: "2026-01-01T00:00:00Z",
        }),
      },
      env: { HOME: home, CRUSOE_ACCESS_KEY_ID: "", CRUSOE_SECRET_KEY: "" },
    });
    expect(bad(results)).toEqual([]);
    expect(results.get("credentials")?.message).toContain("~/.crusoe/config");
    expect(results.get("permissions of the key")).toMatchObject({ verdict: "warning" });
    expect(results.get("permissions of the key")?.message).toMatch(/^reservations can't be read/);
    expect(results.get("lock")).toMatchObject({ verdict: "warning" });
    expect(results.get("credentials file")?.mend).toContain("chmod 600");
  });

  it("works where there is no workspace at all, and ends with 1", async () => {
    const root = join(temporaryFolder(), "none");
    const { code, stdout, stderr } = await tally(["doctor", "--workspace", root, "--json"]);
    expect(code, stderr).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: CheckResult[] };
    expect(checks[0]).toMatchObject({ name: "workspace", verdict: "failed" });
    expect(checks[0]?.mend).toContain("tally init");
    expect(checks.find(({ name }) => name === "versions")?.message).toContain(process.versions.node);
  });
});
