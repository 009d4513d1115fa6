import { type Account, accountsOf } from "../accounts.ts";
import { type Config, loadConfig } from "../config.ts";
import { defaultEndpoint, loadCredentials } from "../credentials.ts";
import type { Effects } from "../effects.ts";
import { openWorkspace, type Workspace, workspaceAt } from "../workspace.ts";
import { apiChecks } from "./api-checks.ts";
import { type Check, type Finding, failedBy, type Patient } from "./check.ts";
import { copyChecks } from "./copy-checks.ts";
import { machineChecks } from "./machine-checks.ts";
import { type Probe, probeApi } from "./probe.ts";
import { settingsChecks } from "./settings-checks.ts";

export interface CheckResult extends Finding {
  name: string;
}

const checks: readonly Check[] = [...settingsChecks, ...machineChecks, ...copyChecks, ...apiChecks];

/**
 * Looks at all that a run needs, and says of each thing how it is and how to mend it. It changes nothing, and works
 * where there is no workspace, no credential and no network. No result holds a secret.
 */
export async function examine(effects: Effects, root: string): Promise<CheckResult[]> {
  const workspace = attempt(() => openWorkspace(effects, root));
  const config =
    workspace instanceof Error
      ? attempt(() => loadConfig(effects, workspaceAt(root).tallyToml))
      : attempt(() => loadConfig(effects, (workspace as Workspace).tallyToml));
  // Where the settings can't be read, the credential can still be looked for where it is by default.
  const accounts = attempt(() =>
    config instanceof Error
      ? [{ label: null, wanted: [], endpoint: defaultEndpoint, credentials: loadCredentials(effects) }]
      : accountsOf(effects, config),
  );
  const probes = new Map<Account, Promise<Probe>>();
  const patient: Patient = {
    effects,
    root,
    workspace,
    config,
    accounts,
    probe: (account) => {
      const probe = probes.get(account) ?? probeApi(effects, config as Config, account);
      probes.set(account, probe);
      return probe;
    },
  };
  const redact = redactorOf(effects.env);
  const results: CheckResult[] = [];
  for (const { name, run } of checks) {
    let found: Finding | Finding[];
    try {
      found = await run(patient);
    } catch (error) {
      found = failedBy(error);
    }
    for (const { verdict, message, mend } of [found].flat()) {
      results.push({ name, verdict, message: redact(message), mend: mend && redact(mend) });
    }
  }
  return results;
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What an answer from outside may echo is struck out once more, here at the end. */
function redactorOf(env: Effects["env"]): (text: string) => string {
  const secrets = Object.entries(env).flatMap(([name, value]) =>
    /secret|token|password|access_key/i.test(name) && value && value.length >= 4 ? [value] : [],
  );
  return (text) => secrets.reduce((kept, secret) => kept.replaceAll(secret, "[credential]"), text);
}
