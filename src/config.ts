import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import { type IdleSetting, readIdleSettings } from "./idle-settings.ts";
import { type NotifyChannel, notifyTable, readNotifyChannels } from "./notify-settings.ts";
import { type PublishSettings, publishTable, readPublishSettings } from "./publish-settings.ts";
import { type ReportSelection, readReportSelections, reportTable } from "./report-selections.ts";
import { type ReportSettings, readReportSettings, reportsTable } from "./report-settings.ts";
import {
  readScheduleSettings,
  type ScheduleSettings,
  scheduleTable,
  statusTable,
} from "./schedule-settings.ts";
import { readSharedCosts, type SharedCost, sharedCostTable } from "./shared-cost-settings.ts";
import { readToml } from "./toml.ts";
import type { WarehouseSettings } from "./warehouse.ts";

export const defaultEndpoint = "https://api.cloud.crusoe.ai/v1alpha5";

/** tally.toml, as written: every table and key is optional, and none but these is taken. */
const tallyToml = z.strictObject({
  api: z
    .strictObject({
      endpoint: z.string().optional(),
      organization: z.string().min(1).optional(),
      timeout_seconds: z.number().positive().max(3600).default(60),
      max_in_flight: z.number().int().min(1).max(64).default(8),
      max_attempts: z.number().int().min(1).max(20).default(6),
    })
    .prefault({}),
  ingest: z
    .strictObject({
      lookback_days: z.number().int().min(0).max(400).default(7),
    })
    .prefault({}),
  raw: z
    .strictObject({
      keep_days: z.number().int().min(1).max(36_500).default(400),
      keep_gib: z.number().positive().max(1_000_000).default(10),
    })
    .prefault({}),
  warehouse: z
    .strictObject({
      memory_limit: z
        .string()
        .regex(/^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$/, "a size such as 512MB or 2GB")
        .default("384MB"),
      threads: z.number().int().min(1).max(256).optional(),
      extension_directory: z.string().min(1).optional(),
    })
    .prefault({}),
  prices: z
    .strictObject({
      label: z.string().min(1).max(80).default("prices.csv"),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, "an ISO 4217 code such as USD")
        .default("USD"),
      billing: z.enum(["compare", "prefer", "ignore"]).default("compare"),
      billing_currency: z
        .string()
        .regex(/^[A-Z]{3}$/, "an ISO 4217 code such as USD")
        .optional(),
    })
    .prefault({}),
  shared_cost: z.array(sharedCostTable).default([]),
  reports: reportsTable.prefault({}),
  report: z.array(reportTable).default([]),
  publish: publishTable.prefault({}),
  schedule: scheduleTable.prefault({}),
  status: statusTable.prefault({}),
  notify: z.array(notifyTable).default([]),
  /** By rule; what each may have is in idle-rules.csv. */
  idle: z.record(z.string(), z.unknown()).default({}),
});

/** The settings of one workspace, checked, with every default filled in. It never holds a credential. */
export interface Config {
  api: {
    /** The base of every URL, with its version prefix and without a slash at the end. */
    endpoint: string;
    /** Id or name of the one organisation to read; undefined for every one that the credential sees. */
    organization: string | undefined;
    timeoutMs: number;
    maxInFlight: number;
    maxAttempts: number;
  };
  ingest: { lookbackDays: number };
  /** For how long, and up to what size, the API's answers are kept as they landed. */
  raw: { keepDays: number; keepBytes: number };
  warehouse: WarehouseSettings;
  prices: {
    label: string;
    /** The currency that costs are reported in, and that of amounts that name none. */
    currency: string;
    /** What is done with what the API itself bills. */
    billing: "compare" | "prefer" | "ignore";
    /** The currency in which the API bills. */
    billingCurrency: string;
  };
  sharedCosts: SharedCost[];
  reports: ReportSettings;
  /** The reports that are written. */
  reportSelections: ReportSelection[];
  publish: PublishSettings;
  schedule: ScheduleSettings;
  /** After how long without a good run the workspace counts as stale. */
  status: { staleAfterMs: number };
  /** Who is told of what happens. */
  notify: NotifyChannel[];
  /** What differs from idle-rules.csv, by rule. */
  idle: IdleSetting[];
}

/** What signs a request. Kept apart from Config, so that no dump of settings can hold it. */
export interface Credentials {
  accessKeyId: string;
  secretKey: string;
}

/**
 * Reads the settings of a workspace: the environment wins over ~/.crusoe/config, which wins over tally.toml,
 * as with Crusoe's own command line.
 *
 * @throws ConfigError that names the file and the key
 */
export function loadConfig(effects: Effects, tallyTomlPath: string): Config {
  const document = readToml(tallyTomlPath) ?? {};
  refuseCredentials(document, tallyTomlPath);
  const parsed = tallyToml.safeParse(document);
  if (!parsed.success) throw settingsError(tallyTomlPath, parsed.error);
  const {
    api,
    ingest,
    raw,
    warehouse,
    prices,
    shared_cost: sharedCosts,
    reports,
    report,
    publish,
    schedule,
    status,
    notify,
    idle,
  } = parsed.data;
  const profile = loadProfile(effects);
  return {
    api: {
      endpoint: endpointOf(
        effects.env.CRUSOE_API_ENDPOINT || profile.apiEndpoint || api.endpoint || defaultEndpoint,
      ),
      organization: api.organization,
      timeoutMs: api.timeout_seconds * 1000,
      maxInFlight: api.max_in_flight,
      maxAttempts: api.max_attempts,
    },
    ingest: { lookbackDays: ingest.lookback_days },
    raw: { keepDays: raw.keep_days, keepBytes: Math.floor(raw.keep_gib * 2 ** 30) },
    warehouse: {
      memoryLimit: warehouse.memory_limit,
      threads: warehouse.threads,
      extensionDirectory:
        effects.env.TALLY_EXTENSION_DIRECTORY ||
        (warehouse.extension_directory && resolve(dirname(tallyTomlPath), warehouse.extension_directory)),
    },
    prices: {
      label: prices.label,
      currency: prices.currency,
      billing: prices.billing,
      billingCurrency: prices.billing_currency ?? prices.currency,
    },
    sharedCosts: readSharedCosts(sharedCosts, tallyTomlPath),
    reports: readReportSettings(reports),
    reportSelections: readReportSelections(report, tallyTomlPath),
    publish: readPublishSettings(publish, tallyTomlPath),
    schedule: readScheduleSettings(schedule),
    status: { staleAfterMs: status.stale_after_hours * 3_600_000 },
    notify: readNotifyChannels(notify, tallyTomlPath),
    idle: readIdleSettings(idle, tallyTomlPath),
  };
}

/**
 * The credential of the environment, else of ~/.crusoe/config.
 *
 * @throws ConfigError where there is none, or it can't be one
 */
export function loadCredentials(effects: Effects): Credentials {
  const profile = loadProfile(effects);
  const accessKeyId = effects.env.CRUSOE_ACCESS_KEY_ID || profile.accessKeyId;
  const secretKey = effects.env.CRUSOE_SECRET_KEY || profile.secretKey;
  if (!accessKeyId || !secretKey) {
    const missing =
      !accessKeyId && !secretKey
        ? "No Crusoe credential"
        : !accessKeyId
          ? "No access key id"
          : "No secret key";
    throw new ConfigError(`${missing} was found in the environment or in ${profile.path}.`, {
      hint:
        "Set CRUSOE_ACCESS_KEY_ID and CRUSOE_SECRET_KEY, or write access_key_id and secret_key to that file. " +
        "Keys are made in the Crusoe Cloud console under Security > API keys.",
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

interface Profile {
  path: string;
  accessKeyId?: string | undefined;
  secretKey?: string | undefined;
  apiEndpoint?: string | undefined;
}

function loadProfile({ env }: Effects): Profile {
  const path = join(env.HOME || env.USERPROFILE || "", ".crusoe", "config");
  const document = readToml(path);
  if (!document) return { path };
  const name = env.CRUSOE_PROFILE || (typeof document.profile === "string" && document.profile) || "default";
  const table = document[name];
  if (table === undefined && !env.CRUSOE_PROFILE) return { path };
  if (typeof table !== "object" || table === null) {
    throw new ConfigError(`${path} has no profile [${name}].`, {
      hint: "Name one of its tables in CRUSOE_PROFILE, or add that table.",
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

function endpointOf(text: string): string {
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
    hint: `Set CRUSOE_API_ENDPOINT, or endpoint under [api] in tally.toml, to a base such as ${defaultEndpoint}.`,
  });
}

const credentialKey = /^(access_?key(_?id)?|secret(_?(access_?)?key)?|token|password)$/i;

function refuseCredentials(table: Record<string, unknown>, path: string): void {
  for (const [key, value] of Object.entries(table)) {
    if (credentialKey.test(key)) {
      throw new ConfigError(`${path} holds ${key}: a credential has no place in a workspace.`, {
        hint: "Remove that line, and set CRUSOE_ACCESS_KEY_ID and CRUSOE_SECRET_KEY or write ~/.crusoe/config instead.",
      });
    }
    if (typeof value === "object" && value !== null)
      refuseCredentials(value as Record<string, unknown>, path);
  }
}

function settingsError(path: string, error: z.ZodError): ConfigError {
  const [issue] = error.issues;
  const where = issue?.path.join(".");
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0];
    const table = where ? `[${where}]` : "the top level";
    return new ConfigError(`${path}: ${JSON.stringify(key)} is no setting of ${table}.`, {
      hint: "Remove it or mend its spelling; `tally init` writes a file that lists every setting.",
    });
  }
  return new ConfigError(`${path}: ${where || "the file"}: ${issue?.message ?? "not valid"}.`, {
    hint: "Mend that setting; `tally init` writes a file that lists every setting with its default.",
  });
}
