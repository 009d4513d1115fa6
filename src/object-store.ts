import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import { loadExtension } from "./extensions.ts";
import { sqlText, type Warehouse } from "./warehouse.ts";

/** How errors of an object store are shown: nothing in them opens it. */
export type Redact = (message: string) => string;

/** A bucket, and what comes before every name in it. None of it is a pattern, or holds a parameter. */
export const objectStoreUrl = /^s3:\/\/[a-z0-9][a-z0-9.-]+(\/[^?*[\]{}#]*)?$/;

/**
 * Has a connection open an object store by what the environment says, as the tools of AWS do: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, and AWS_ENDPOINT_URL_S3 for those that are not AWS's own.
 *
 * @param setting what asks for it, to be named where something lacks
 * @throws ExtensionError where DuckDB's part for it is not installed
 * @throws ConfigError where the environment has no key, or no endpoint that is one
 */
export async function openObjectStore(
  connection: Warehouse,
  url: string,
  { effects: { env }, setting }: { effects: Pick<Effects, "env">; setting: string },
): Promise<Redact> {
  const { AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  const missing = keyId ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
  if (!keyId || !secret) {
    throw new ConfigError(`The environment has no ${missing}, which ${setting} needs for ${url}.`, {
      hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where tally runs; `aws configure export-credentials --format env` prints those of a role.",
    });
  }
  const redact: Redact = (message) =>
    [secret, ...(token ? [token] : [])].reduce(
      (kept, each) => kept.replaceAll(each, "[credential]"),
      message,
    );
  const options: Record<string, string | undefined> = {
    key_id: keyId,
    secret,
    session_token: token,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || "us-east-1",
    ...endpointOf(env),
  };
  await loadExtension(connection, { extension: "httpfs", setting });
  // Parts of a thousandth of the largest object that DuckDB could write would each be larger than its memory.
  await connection.run("set s3_uploader_max_filesize = '50GB'");
  const bucket = url.split("/", 3).join("/");
  const given = Object.entries(options).flatMap(([name, value]) =>
    value ? [`${name} ${sqlText(value)}`] : [],
  );
  await connection.run(
    `create or replace secret object_store (type s3, scope ${sqlText(bucket)}, ${given.join(", ")})`,
  );
  return redact;
}

/** An endpoint of one's own is spoken to by paths, since its buckets are seldom names of hosts. */
function endpointOf(env: Effects["env"]): Record<string, string> {
  const name = env.AWS_ENDPOINT_URL_S3 ? "AWS_ENDPOINT_URL_S3" : "AWS_ENDPOINT_URL";
  const text = env[name];
  if (!text) return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search) {
    throw new ConfigError(`${name} is not an address such as https://objects.example.com.`, {
      hint: `Mend ${name} where tally runs, or unset it for AWS's own.`,
    });
  }
  return {
    endpoint: url.host + url.pathname.replace(/\/+$/, ""),
    url_style: "path",
    use_ssl: String(url.protocol === "https:"),
  };
}
