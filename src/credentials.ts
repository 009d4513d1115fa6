import { join } from "node:path";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import { readToml } from "./toml.ts";

export const defaultEndpoint = "https://api.cloud.crusoe.ai/v1alpha5";

/** What signs a request. Kept apart from Config, so that no dump of settings can hold it. */
export interface Credentials {
  accessKeyId: string;
  secretKey: string;
}

/** Where a credential is to be found: in one profile, or in variables of one prefix; else where Crusoe's own tools look. */
export interface CredentialSource {
  /** A table of ~/.crusoe/config. */
  profile?: string | undefined;
  /** `ACME` stands for ACME_ACCESS_KEY_ID and ACME_SECRET_KEY. */
  envPrefix?: string | undefined;
}

/**
 * The credential of the environment, else of ~/.crusoe/config; where a source is named, of that alone.
 *
 * @throws ConfigError where there is none, or it can't be one
 */
export function loadCredentials(effects: Effects, source: CredentialSource = {}): Credentials {
  const { accessKeyId, secretKey, where, mend } = foundIn(effects, source);
  if (!accessKeyId || !secretKey) {
    const missing =
      !accessKeyId && !secretKey
        ? "No Crusoe credential"
        : !accessKeyId
          ? "No access key id"
          : "No secret key";
    throw new ConfigError(`${missing} was found in ${where}.`, {
      hint: `${mend} Keys are made in the Crusoe Cloud console under Security > API keys.`,
    });
  }
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(secretKey)) {
    throw new ConfigError("The secret key is not base64url text, so it can't be a Crusoe secret key.", {
      hint: "Copy it once more, without quotes or blanks; a lost key can't be shown again, only made anew.",
    });
  }
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(accessKeyId)) {
    throw new ConfigError("The access key id holds blanks, colons or characters that no key id has.", {
      hint: "Copy it once more, without quotes or blanks.",
    });
  }
  return { accessKeyId, secretKey };
}

interface Found extends Partial<Credentials> {
  /** Where it was looked for, in words. */
  where: string;
  /** How to put it there. */
  mend: string;
}

function foundIn(effects: Effects, { profile: named, envPrefix }: CredentialSource): Found {
  const { env } = effects;
  if (envPrefix !== undefined) {
    const [id, secret] = [`${envPrefix}_ACCESS_KEY_ID`, `${envPrefix}_SECRET_KEY`] as const;
    return {
      ...textsOf({ accessKeyId: env[id], secretKey: env[secret] }),
      where: `the environment, as ${id} and ${secret}`,
      mend: `Set ${id} and ${secret} where tally runs.`,
    };
  }
  const profile = loadProfile(effects, named);
  if (named !== undefined) {
    return {
      ...textsOf(profile),
      where: `[${named}] of ${profile.path}`,
      mend: `Write access_key_id and secret_key under [${named}] in that file.`,
    };
  }
  return {
    ...textsOf({
      accessKeyId: env.CRUSOE_ACCESS_KEY_ID || profile.accessKeyId,
      secretKey: env.CRUSOE_SECRET_KEY || profile.secretKey,
    }),
    where: `the environment or in ${profile.path}`,
    mend: "Set CRUSOE_ACCESS_KEY_ID and CRUSOE_SECRET_KEY, or write access_key_id and secret_key to that file.",
  };
}

const textsOf = (from: {
  accessKeyId?: string | undefined;
  secretKey?: string | undefined;
}): Partial<Credentials> => ({
  ...(from.accessKeyId && { accessKeyId: from.accessKeyId }),
  ...(from.secretKey && { secretKey: from.secretKey }),
});

export interface Profile {
  path: string;
  accessKeyId?: string | undefined;
  secretKey?: string | undefined;
  apiEndpoint?: string | undefined;
}

/**
 * A table of ~/.crusoe/config: the one of that name, else the one that CRUSOE_PROFILE or the file itself names.
 *
 * @throws ConfigError where the one that is asked for is not there
 */
export function loadProfile({ env }: Pick<Effects, "env">, named?: string): Profile {
  const path = join(env.HOME || env.USERPROFILE || "", ".crusoe", "config");
  const document = readToml(path);
  const asked = named ?? (env.CRUSOE_PROFILE || undefined);
  if (!document && named === undefined) return { path };
  const name = asked ?? ((typeof document?.profile === "string" && document.profile) || "default");
  const table = document?.[name];
  if (table === undefined && asked === undefined) return { path };
  if (typeof table !== "object" || table === null) {
    throw new ConfigError(`${path} has no profile [${name}].`, {
      hint:
        named === undefined
          ? "Name one of its tables in CRUSOE_PROFILE, or add that table."
          : "Add that table, or mend profile under [[organization]] in tally.toml.",
    });
  }
  const values = table as Record<string, unknown>;
  const text = (key: string) => (typeof values[key] === "string" ? (values[key] as string) : undefined);
  return {
    path,
    accessKeyId: text("access_key_id"),
    secretKey: text("secret_key"),
    apiEndpoint: text("api_endpoint"),
  };
}

/**
 * The base of every URL, with its version prefix and without a slash at the end.
 *
 * @throws ConfigError where the text can't be one
 */
export function endpointOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badEndpoint(text, "is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw badEndpoint(text, "is neither https nor http");
  if (url.username || url.password)
    throw badEndpoint(`${url.protocol}//…@${url.host}`, "must not hold a user or password");
  if (url.search || url.hash) throw badEndpoint(text, "must end with its path");
  const path = url.pathname.replace(/\/+$/, "");
  return url.origin + (path || "/v1alpha5");
}

function badEndpoint(shown: string, reason: string): ConfigError {
  return new ConfigError(`The API endpoint ${JSON.stringify(shown)} ${reason}.`, {
    hint: `Set CRUSOE_API_ENDPOINT, or endpoint in tally.toml, to a base such as ${defaultEndpoint}.`,
  });
}
