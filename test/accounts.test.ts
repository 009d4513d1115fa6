import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accountsOf } from "../src/accounts.ts";
import { loadConfig } from "../src/config.ts";
import { ConfigError } from "../src/errors/config-error.ts";
import { testEffects } from "./effects.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
const profile = (name: string, more = "") =>
  `[${name}]\naccess_key_id = "KEY-${name}"\nsecret_key = "${secret}"\n${more}`;

/** The accounts of a workspace with these settings, with a profile `bell` beside the default one. */
function accountsWith(tallyToml: string, env: Record<string, string> = {}) {
  const home = temporaryFolder();
  mkdirSync(join(home, ".crusoe"));
  const bell = profile("bell", 'api_endpoint = "https://bell.example/v1"\n');
  writeFileSync(join(home, ".crusoe", "config"), profile("default") + bell);
  writeFileSync(join(home, "tally.toml"), tallyToml);
  const effects = testEffects({ env: { HOME: home, ...env } });
  return accountsOf(effects, loadConfig(effects, join(home, "tally.toml")));
}

const shown = (account: ReturnType<typeof accountsWith>[number] | undefined) =>
  account && {
    ...account,
    credentials:
      account.credentials instanceof ConfigError
        ? account.credentials.message
        : account.credentials.accessKeyId,
  };

describe("whose organisations are read", () => {
  it("without [[organization]] is one credential, for the one that [api] names or for all", () => {
    expect(accountsWith("").map(shown)).toEqual([
      {
        label: null,
        wanted: [],
        endpoint: "https://api.cloud.crusoe.ai/v1alpha5",
        credentials: "KEY-default",
      },
    ]);
    expect(accountsWith('[api]\norganization = "acme"\n')[0]?.wanted).toEqual(["acme"]);
  });

  it("is each with the key that it names, whatever the environment has, at the nearest endpoint that is named", () => {
    const accounts = accountsWith(
      `[[organization]]\nname = "acme"\n[[organization]]\nname = "bell"\nprofile = "bell"
       [[organization]]\nid = "c-0"\nname = "coda"\nenv_prefix = "CODA"\n
       [[organization]]\nname = "dune"\nprofile = "bell"\nendpoint = "https://dune.example/v1/"\n`,
      {
        CRUSOE_ACCESS_KEY_ID: "KEY-env",
        CRUSOE_SECRET_KEY: secret,
        CRUSOE_API_ENDPOINT: "https://env.example/v1",
        CODA_ACCESS_KEY_ID: "KEY-coda",
        CODA_SECRET_KEY: secret,
        CODA_API_ENDPOINT: "https://coda.example/v1",
      },
    );
    expect(accounts.map(shown)).toEqual([
      { label: "acme", wanted: ["acme"], endpoint: "https://env.example/v1", credentials: "KEY-env" },
      { label: "bell", wanted: ["bell"], endpoint: "https://bell.example/v1", credentials: "KEY-bell" },
      { label: "c-0", wanted: ["c-0"], endpoint: "https://coda.example/v1", credentials: "KEY-coda" },
      { label: "dune", wanted: ["dune"], endpoint: "https://dune.example/v1", credentials: "KEY-bell" },
    ]);
  });

  it("is one account where organisations share a key and an endpoint", () => {
    const two = '[[organization]]\nname = "acme"\n[[organization]]\nname = "bell"\n';
    expect(accountsWith(two).map(({ label, wanted }) => ({ label, wanted }))).toEqual([
      { label: "acme", wanted: ["acme", "bell"] },
    ]);
    // One that names none is every one that the key sees.
    const all = `${two}[[organization]]\nendpoint = "https://api.cloud.crusoe.ai/v1alpha5"\n`;
    expect(accountsWith(all).map(({ wanted }) => wanted)).toEqual([[]]);
  });

  it("leaves out none for want of a key, as long as another has one", () => {
    const lost =
      '[[organization]]\nname = "dune"\nenv_prefix = "DUNE"\n[[organization]]\nname = "eden"\nprofile = "eden"\n';
    const accounts = accountsWith(`${lost}[[organization]]\nname = "acme"\n`);
    expect(accounts.map(shown).map((account) => account?.credentials)).toEqual([
      "No Crusoe credential was found in the environment, as DUNE_ACCESS_KEY_ID and DUNE_SECRET_KEY.",
      expect.stringContaining("has no profile [eden]"),
      "KEY-default",
    ]);
    expect(() => accountsWith(lost)).toThrow("DUNE_ACCESS_KEY_ID");
  });

  it.each([
    ['[[organization]]\nname = "a"\n[[organization]]\nname = "a"\nprofile = "bell"\n', "is there twice"],
    ['[[organization]]\nname = "a"\nprofile = "bell"\nenv_prefix = "A"\n', "both profile and env_prefix"],
    ['[api]\norganization = "a"\n[[organization]]\nname = "a"\n', "are both there"],
    ['[[organization]]\nname = "a"\nsecret_key = "x"\n', "a credential has no place in a workspace"],
    ['[[organization]]\nname = "a"\nendpoint = "ftp://x"\n', "is neither https nor http"],
  ])("is refused where it could mean two things, or holds a key: %s", (tallyToml, message) => {
    expect(() => accountsWith(tallyToml)).toThrow(message);
  });
});
