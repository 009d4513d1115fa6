import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.ts";
import { loadCredentials } from "../src/credentials.ts";
import { ConfigError } from "../src/errors/config-error.ts";
import { packageRoot } from "../src/package.ts";
import { workspaceTemplate } from "../src/workspace-template.ts";
import { testEffects } from "./effects.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The rules as they ship, each cell as text. */
function idleRules(): Record<string, string>[] {
  const file = join(packageRoot, "data", "reference", "idle-rules.csv");
  return parse(readFileSync(file), { columns: true }) as Record<string, string>[];
}

const secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function failureOf(work: () => unknown): ConfigError {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("where the endpoint comes from", () => {
  const files = {
    ".crusoe/config": 'profile = "work"\n[work]\napi_endpoint = "https://profile.example/v1"\n',
    "tally.toml": '[api]\nendpoint = "https://toml.example/v1alpha5/"\n',
  };

  it("is the environment first", () => {
    const home = folderWith(files);
    const effects = testEffects({ env: { HOME: home, CRUSOE_API_ENDPOINT: "http://127.0.0.1:9/v1" } });
    expect(loadConfig(effects, join(home, "tally.toml")).api.endpoint).toBe("http://127.0.0.1:9/v1");
  });

  it("is the profile of ~/.crusoe/config next", () => {
    const home = folderWith(files);
    expect(loadConfig(testEffects({ env: { HOME: home } }), join(home, "tally.toml")).api.endpoint).toBe(
      "https://profile.example/v1",
    );
  });

  it("is tally.toml then, without its slash at the end", () => {
    const home = folderWith({ "tally.toml": files["tally.toml"] });
    expect(loadConfig(testEffects({ env: { HOME: home } }), join(home, "tally.toml")).api.endpoint).toBe(
      "https://toml.example/v1alpha5",
    );
  });

  it("gets the version of the published reference where the base names none", () => {
    const effects = testEffects({ env: { CRUSOE_API_ENDPOINT: "http://127.0.0.1:9" } });
    expect(loadConfig(effects, "/nowhere/tally.toml").api.endpoint).toBe("http://127.0.0.1:9/v1alpha5");
  });

  it.each(["not a url", "ftp://x/v1", "https://x/v1?y=1"])("is refused where it is %s", (endpoint) => {
    const effects = testEffects({ env: { CRUSOE_API_ENDPOINT: endpoint } });
    expect(failureOf(() => loadConfig(effects, "/nowhere/tally.toml")).message).toContain("API endpoint");
  });

  it("never shows the password of a base that holds one", () => {
    const effects = testEffects({ env: { CRUSOE_API_ENDPOINT: "https://me:hunter2@x/v1" } });
    expect(failureOf(() => loadConfig(effects, "/nowhere/tally.toml")).message).not.toContain("hunter2");
  });
});

describe("where the credential comes from", () => {
  const file = `[default]\naccess_key_id = "FILEKEY"\nsecret_key = "${secret}"\n[other]\naccess_key_id = "OTHER"\nsecret_key = "${secret}"\n`;

  it("is the environment first", () => {
    const home = folderWith({ ".crusoe/config": file });
    const env = { HOME: home, CRUSOE_ACCESS_KEY_ID: "ENVKEY", CRUSOE_SECRET_KEY: secret };
    expect(loadCredentials(testEffects({ env }))).toEqual({ accessKeyId: "ENVKEY", secretKey: secret });
  });

  it("is the default profile of the file next", () => {
    const home = folderWith({ ".crusoe/config": file });
    expect(loadCredentials(testEffects({ env: { HOME: home } })).accessKeyId).toBe("FILEKEY");
  });

  it("is the profile that CRUSOE_PROFILE names", () => {
    const home = folderWith({ ".crusoe/config": file });
    expect(loadCredentials(testEffects({ env: { HOME: home, CRUSOE_PROFILE: "other" } })).accessKeyId).toBe(
      "OTHER",
    );
  });

  it("is said to be missing, with the way to set it", () => {
    const error = failureOf(() => loadCredentials(testEffects()));
    expect(error.exitCode).toBe(2);
    expect(error.hint).toContain("CRUSOE_SECRET_KEY");
  });

  it("is never quoted from a file that is broken", () => {
    const home = folderWith({ ".crusoe/config": `[default]\nsecret_key = "${secret}\n` });
    const error = failureOf(() => loadCredentials(testEffects({ env: { HOME: home } })));
    expect(error.message).toContain(join(".crusoe", "config"));
    expect(error.message).toMatch(/line \d+, column \d+/);
    expect(error.message + error.hint).not.toContain(secret.slice(0, 8));
  });

  it("is refused without being shown where the secret can't be one", () => {
    const env = { CRUSOE_ACCESS_KEY_ID: "K", CRUSOE_SECRET_KEY: "not base64 at all!" };
    const error = failureOf(() => loadCredentials(testEffects({ env })));
    expect(error.message + error.hint).not.toContain("not base64 at all");
  });
});

describe("tally.toml", () => {
  it("documents every setting with its default, in the file that `tally init` writes", () => {
    const template = readFileSync(join(workspaceTemplate, "tally.toml"), "utf8");
    // What follows is an example of a table that may stand there several times, and stands there never by default.
    const settings = template
      .slice(0, template.indexOf("# Reports for others"))
      .replace(/^# (\w+ = )/gm, "$1")
      .replace(
        /^(organization|threads|extension_directory|target|target_env|data_path|writer|billing_currency|parquet|postgres|postgres_env|object_store|listen) = .*$/gm,
        "",
      );
    const folder = folderWith({ "tally.toml": settings, "empty.toml": "" });
    const effects = testEffects();
    const { idle, ...others } = loadConfig(effects, join(folder, "tally.toml"));
    expect({ ...others, idle: [] }).toEqual(loadConfig(effects, join(folder, "empty.toml")));
    expect(settings.slice(0, settings.indexOf("[idle.")).match(/^\w+ = /gm)).toHaveLength(20);
    const number = (cell: string | undefined) => (cell ? Number(cell) : undefined);
    expect(idle).toEqual(
      idleRules().map((rule) => ({
        ruleId: rule.rule_id,
        enabled: true,
        minDays: number(rule.min_days),
        threshold: number(rule.threshold),
        windowDays: number(rule.window_days),
      })),
    );
  });

  it("shows no password that it refuses", () => {
    const text = "[publish]\npostgres = 'postgresql://tally:hunter2@db/costs'";
    const folder = folderWith({ "tally.toml": text });
    const error = failureOf(() => loadConfig(testEffects(), join(folder, "tally.toml")));
    expect(error.message + error.hint).not.toContain("hunter2");
    expect(error.hint).toContain("PGPASSWORD");
  });

  it("changes what it names of a rule, and nothing else", () => {
    const text =
      "[idle.unattached_disk]\nenabled = false\nmin_days = 1.5\n[idle.underused_reservation]\nthreshold = 0.5\nwindow_days = 28\n";
    const folder = folderWith({ "tally.toml": text });
    expect(loadConfig(testEffects(), join(folder, "tally.toml")).idle).toEqual([
      { ruleId: "unattached_disk", enabled: false, minDays: 1.5 },
      { ruleId: "underused_reservation", threshold: 0.5, windowDays: 28 },
    ]);
  });

  it.each([
    [
      "[idle.old_things]\nmin_days = 1",
      '"old_things" is no idle rule',
      "unattached_disk, stopped_vm_with_disks",
    ],
    ["[idle]\nunattached_disk_days = 7", '"unattached_disk_days" is no idle rule', "[idle.unattached_disk]"],
    ["[idle]\nunattached_disk = 7", "idle.unattached_disk is not a table", "It has enabled, min_days."],
    [
      "[idle.unattached_disk]\nwindow_days = 7",
      '"window_days" is no setting of [idle.unattached_disk]',
      "It has enabled, min_days.",
    ],
    ["[idle.unattached_disk]\nmin_days = '7'", 'min_days: "7" is not a number of days', "the default, 7"],
    ["[idle.unattached_disk]\nmin_days = -1", "min_days: -1 is not a number of days", "the default, 7"],
    ["[idle.unattached_disk]\nenabled = 'no'", 'enabled: "no" is not true or false', "Mend it"],
    ["[idle.underused_reservation]\nthreshold = 70", "threshold: 70 is not a share from 0 to 1", "0.7"],
    ["[idle.underused_reservation]\nwindow_days = 1.5", "window_days: 1.5 is not a whole number", "14"],
  ])("says what an idle rule has: %j", (text, problem, mend) => {
    const folder = folderWith({ "tally.toml": text });
    const error = failureOf(() => loadConfig(testEffects(), join(folder, "tally.toml")));
    expect(error.message).toContain(join(folder, "tally.toml"));
    expect(error.message).toContain(problem);
    expect(error.hint).toContain(mend);
    expect(error.exitCode).toBe(2);
  });

  it.each([
    ["[api]\nendpont = 'x'", "endpont"],
    ["[apis]\n", "apis"],
    ["[ingest]\nlookback_days = 'seven'", "ingest.lookback_days"],
    ["[ingest]\nlookback_days = -1", "ingest.lookback_days"],
    ["[warehouse]\nmemory_limit = '9 lives'", "warehouse.memory_limit"],
    ["[prices]\ncurrency = 'dollars'", "prices.currency"],
    ["[prices]\nbilling = 'both'", "prices.billing"],
    ["[warehouse]\ntarget = 'postgres:dbname=a'", "neither ducklake:… nor md:…"],
    ["[warehouse]\ntarget = 'md:'", "names no database of MotherDuck"],
    ["[warehouse]\ntarget = 'md:a?motherduck_token=x'", "target under [warehouse] holds what opens it"],
    ["[warehouse]\ntarget = 'ducklake:postgres:dbname=a password=x'", "holds what opens it"],
    ["[warehouse]\ntarget = 'ducklake:postgres://u:p@db/a'", "neither PostgreSQL, SQLite nor a file"],
    ["[warehouse]\ntarget = 'ducklake:postgresql://u@db/a'", "neither PostgreSQL, SQLite nor a file"],
    ["[warehouse]\ntarget = 'ducklake:mysql:db=a'", "neither PostgreSQL, SQLite nor a file"],
    ["[warehouse]\ntarget = 'md:a'\ntarget_env = 'B'", "both target and target_env"],
    ["[warehouse]\ndata_path = 'gs://bucket/x'", "warehouse.data_path"],
    ["[publish]\nobject_store = 'https://bucket/tally'", "publish.object_store"],
    ["[publish]\nobject_store = 's3://bucket/tally?s3_access_key_id=x'", "publish.object_store"],
    ["[publish]\npostgres_schema = 'pg_catalog'", "publish.postgres_schema"],
    ["[publish]\npostgres = 'service=a'\npostgres_env = 'B'", "both postgres and postgres_env"],
    ["[publish]\npostgres = 'host=db password=x'", "postgres under [publish] holds a password"],
    ["[[shared_cost]]\nname = 'A'\nprojects = ['p']\nkey = 'gpu'", "shared_cost.0.key"],
    ["[[shared_cost]]\nname = 'A'\nkey = 'even'", '"A" shares nothing'],
    [
      "[[shared_cost]]\nname = 'A'\nprojects = ['p']\nkey = 'even'\n[[shared_cost]]\nname = 'A'\nunused_reservations = true\nkey = 'even'",
      'two have the name "A"',
    ],
    [
      "[[shared_cost]]\nname = 'A'\nprojects = ['p']\nkey = 'even'\n[[shared_cost]]\nname = 'B'\nprojects = ['q', 'p']\nkey = 'even'",
      '"A" and "B" both share the project p',
    ],
    [
      "[[shared_cost]]\nname = 'A'\nunused_reservations = true\nkey = 'even'\n[[shared_cost]]\nname = 'B'\nunused_reservations = true\nkey = 'even'",
      '"A" and "B" both share unused reservations',
    ],
    ["[api\n", "line 1"],
  ])("names the file and the setting that is wrong: %j", (text, named) => {
    const folder = folderWith({ "tally.toml": text });
    const error = failureOf(() => loadConfig(testEffects(), join(folder, "tally.toml")));
    expect(error.message).toContain(join(folder, "tally.toml"));
    expect(error.message).toContain(named);
    expect(error.exitCode).toBe(2);
  });

  it("must not hold a credential, and does not show the one it holds", () => {
    const folder = folderWith({ "tally.toml": `[api]\nsecret_key = "${secret}"\n` });
    const error = failureOf(() => loadConfig(testEffects(), join(folder, "tally.toml")));
    expect(error.message).toContain("secret_key");
    expect(error.message + error.hint).not.toContain(secret);
  });
});
