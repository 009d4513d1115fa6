import { dirname, resolve } from "node:path";
import { z } from "zod";
import { defaultEndpoint, endpointOf, loadProfile } from "./credentials.ts";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import { type IdleSetting, readIdleSettings } from "./idle-settings.ts";
import { type NotifyChannel, notifyTable, readNotifyChannels } from "./notify-settings.ts";
import { type OrganizationSettings, organizationTable, readOrganizations } from "./organization-settings.ts";
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
import { readWarehouseTarget, targetKeys, type WarehouseTarget } from "./shared-warehouse/target.ts";
import { readToml } from "./toml.ts";
import type { WarehouseSettings } from "./warehouse.ts";

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
  organization: z.array(organizationTable).default([]),
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
      ...targetKeys,
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
    /** Of all organisations together. */
    maxInFlight: number;
    maxAttempts: number;
  };
  /** The organisations that have keys or endpoints of their own; none where one credential reads all there is. */
  organizations: OrganizationSettings[];
  ingest: { lookbackDays: number };
  /** For how long, and up to what size, the API's answers are kept as they landed. */
  raw: { keepDays: number; keepBytes: number };
  warehouse: WarehouseSettings;
  /** Where raw and public tables are shared with others; undefined where they are not. */
  target: WarehouseTarget | undefined;
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
    organization,
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
    organizations: readOrganizations(organization, api.organization, tallyTomlPath),
    ingest: { lookbackDays: ingest.lookback_days },
    raw: { keepDays: raw.keep_days, keepBytes: Math.floor(raw.keep_gib * 2 ** 30) },
    warehouse: {
      memoryLimit: warehouse.memory_limit,
      threads: warehouse.threads,
      extensionDirectory:
        effects.env.TALLY_EXTENSION_DIRECTORY ||
        (warehouse.extension_directory && resolve(dirname(tallyTomlPath), warehouse.extension_directory)),
    },
    target: readWarehouseTarget(warehouse, tallyTomlPath, dirname(tallyTomlPath)),
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
