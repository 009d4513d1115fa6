import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { ConfigError } from "./errors/config-error.ts";
import { packageRoot } from "./package.ts";

/** The rules that find idle resources, with the defaults of their settings. It ships with tally. */
export const idleRulesFile = join(packageRoot, "data", "reference", "idle-rules.csv");

/** What tally.toml says of one idle rule; what it leaves out is as idle-rules.csv has it. */
export interface IdleSetting {
  ruleId: string;
  enabled?: boolean;
  minDays?: number;
  threshold?: number;
  windowDays?: number;
}

interface Rule extends Record<string, string> {
  rule_id: string;
  min_days: string;
  threshold: string;
  threshold_unit: string;
  window_days: string;
}

/**
 * Reads the tables `[idle.RULE]` of tally.toml.
 *
 * @throws ConfigError that names the file and what is no rule, no setting of the rule or no value for it
 */
export function readIdleSettings(tables: Readonly<Record<string, unknown>>, path: string): IdleSetting[] {
  if (Object.keys(tables).length === 0) return [];
  const rules = parse(readFileSync(idleRulesFile), { columns: true }) as Rule[];
  return Object.entries(tables).map(([ruleId, table]) => {
    const rule = rules.find((each) => each.rule_id === ruleId);
    if (!rule) {
      throw new ConfigError(`${path}: [idle]: ${JSON.stringify(ruleId)} is no idle rule.`, {
        hint: `Each rule has a table of its own, such as [idle.unattached_disk]. The rules are ${rules.map(({ rule_id }) => rule_id).join(", ")}.`,
      });
    }
    return readSetting(rule, table, path);
  });
}

function readSetting(rule: Rule, table: unknown, path: string): IdleSetting {
  const settings = settingsOf(rule);
  const has = `It has ${Object.keys(settings).join(", ")}.`;
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw new ConfigError(`${path}: idle.${rule.rule_id} is not a table.`, {
      hint: `Write [idle.${rule.rule_id}] on a line of its own, and its settings below. ${has}`,
    });
  }
  const read: IdleSetting = { ruleId: rule.rule_id };
  for (const [key, value] of Object.entries(table as Record<string, unknown>)) {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (!setting) {
      throw new ConfigError(`${path}: ${JSON.stringify(key)} is no setting of [idle.${rule.rule_id}].`, {
        hint: has,
      });
    }
    if (!setting.take(value, read)) {
      throw new ConfigError(
        `${path}: idle.${rule.rule_id}.${key}: ${JSON.stringify(value)} is not ${setting.wanted}.`,
        {
          hint: `Mend it, or remove it for the default${setting.fallback === undefined ? "" : `, ${setting.fallback}`}.`,
        },
      );
    }
  }
  return read;
}

interface Setting {
  wanted: string;
  fallback?: string;
  /** Takes the value over; false where it is none that the setting can have. */
  take(value: unknown, into: IdleSetting): boolean;
}

/** The settings that the rule has: those for which idle-rules.csv gives a default, and the switch. */
function settingsOf(rule: Rule): Record<string, Setting> {
  const mostThreshold = rule.threshold_unit === "share" ? 1 : 1_000_000_000;
  return {
    enabled: {
      wanted: "true or false",
      take: (value, into) => typeof value === "boolean" && set(into, { enabled: value }),
    },
    ...(rule.min_days && {
      min_days: {
        wanted: "a number of days, 0 or more",
        fallback: rule.min_days,
        take: (value, into) => isBetween(value, 0, 36_500) && set(into, { minDays: value }),
      },
    }),
    ...(rule.threshold && {
      threshold: {
        wanted:
          rule.threshold_unit === "share"
            ? "a share from 0 to 1"
            : `a number (${rule.threshold_unit}), 0 or more`,
        fallback: rule.threshold,
        take: (value, into) => isBetween(value, 0, mostThreshold) && set(into, { threshold: value }),
      },
    }),
    ...(rule.window_days && {
      window_days: {
        wanted: "a whole number of days from 1 to 400",
        fallback: rule.window_days,
        take: (value, into) =>
          isBetween(value, 1, 400) && Number.isInteger(value) && set(into, { windowDays: value }),
      },
    }),
  };
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

function set(into: IdleSetting, values: Partial<IdleSetting>): true {
  Object.assign(into, values);
  return true;
}
