import type { Config } from "./config.ts";
import { type Credentials, endpointOf, loadCredentials, loadProfile } from "./credentials.ts";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import type { OrganizationSettings } from "./organization-settings.ts";

/** One credential at one endpoint, and which of the organisations that it sees are read with it. */
export interface Account {
  /**
   * Tells what belongs to it and to no organisation, such as API tokens, from that of the others; null where the
   * workspace has but the one.
   */
  label: string | null;
  /** Ids or names of organisations; none for every one that it sees. */
  wanted: readonly string[];
  endpoint: string;
  /** What is wrong with it, where it can't be had. */
  credentials: Credentials | ConfigError;
}

/** The one account of a workspace that names no organisation with a key or endpoint of its own. */
export const soleAccount = ({ api }: Config, credentials: Credentials): Account => ({
  label: null,
  wanted: api.organization === undefined ? [] : [api.organization],
  endpoint: api.endpoint,
  credentials,
});

/**
 * All accounts of a workspace, with their credentials. One that has none is told of, and the others are read.
 *
 * @throws ConfigError where none has any
 */
export function accountsOf(effects: Effects, config: Config): Account[] {
  if (config.organizations.length === 0) return [soleAccount(config, loadCredentials(effects))];
  const accounts = new Map<string, Account>();
  for (const settings of config.organizations) {
    const account = accountOf(effects, config, settings);
    const { endpoint, credentials } = account;
    // Several organisations may be read with one key: what is the key's own is read but once.
    const key =
      credentials instanceof ConfigError
        ? settings.label
        : JSON.stringify([endpoint, credentials.accessKeyId, credentials.secretKey]);
    const known = accounts.get(key);
    if (!known) accounts.set(key, account);
    else if (known.wanted.length === 0 || settings.wanted === undefined) known.wanted = [];
    else known.wanted = [...known.wanted, settings.wanted];
  }
  const found = [...accounts.values()];
  const [first] = found;
  if (first && found.every(({ credentials }) => credentials instanceof ConfigError)) throw first.credentials;
  return found;
}

function accountOf(effects: Effects, config: Config, settings: OrganizationSettings): Account {
  const { label, wanted, profile, envPrefix } = settings;
  const account = { label, wanted: wanted === undefined ? [] : [wanted] };
  let endpoint = settings.endpoint;
  try {
    const own = envPrefix ? effects.env[`${envPrefix}_API_ENDPOINT`] : profileEndpoint(effects, profile);
    endpoint ??= own ? endpointOf(own) : config.api.endpoint;
    return { ...account, endpoint, credentials: loadCredentials(effects, { profile, envPrefix }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...account, endpoint: endpoint ?? config.api.endpoint, credentials: error };
  }
}

const profileEndpoint = (effects: Effects, profile: string | undefined): string | undefined =>
  profile === undefined ? undefined : loadProfile(effects, profile).apiEndpoint;
