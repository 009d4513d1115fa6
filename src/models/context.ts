import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import type { IdleSetting } from "../idle-settings.ts";
import type { OrganizationSettings } from "../organization-settings.ts";
import { packageVersion } from "../package.ts";
import type { SharedCost } from "../shared-cost-settings.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { createDayTables } from "./days.ts";
import { createIdleHistory } from "./idle-history.ts";
import { createMetaTables } from "./meta.ts";

/** What building, testing and publishing work on. */
export interface ModelContext {
  effects: Effects;
  config: Config;
  workspace: Workspace;
  warehouse: Warehouse;
  /** The instant as of which `warehouse` shows what was known; not given for now. */
  asOf?: Date;
}

/** Where a bare name in a model is looked for, in this order. */
export const modelLayers = ["marts", "intermediate", "staging"] as const;
export type ModelLayer = (typeof modelLayers)[number];

/** The schemas whose tables models only read; they are always named with their schema. */
export const sourceSchemas = ["raw", "reference", "workspace", "meta"] as const;

/** A connection of its own, on which models find each other by their bare names. Close it after use. */
export async function openModelConnection(warehouse: Warehouse): Promise<Warehouse> {
  const connection = await warehouse.connect();
  const there = await connection.all<{ name: string }>(
    "select schema_name as name from duckdb_schemas() where database_name = current_database()",
  );
  const names = new Set(there.map(({ name }) => name));
  const missing = [...modelLayers, ...sourceSchemas].filter((name) => !names.has(name));
  if (missing.length > 0) {
    await connection.run(missing.map((schema) => `create schema if not exists ${schema};`).join("\n"));
  }
  await connection.run(`set search_path = '${modelLayers.join(",")}'`);
  return connection;
}

/** Writes `meta.build`: the one row from which models take the clock and the settings. */
export async function writeBuildContext(
  connection: Warehouse,
  { effects, config, asOf }: Pick<ModelContext, "effects" | "config" | "asOf">,
): Promise<void> {
  const { idle, organizations, prices, sharedCosts } = config;
  await createMetaTables(connection);
  await createIdleHistory(connection);
  await createDayTables(connection);
  await connection.transaction(async () => {
    await connection.run(
      `
      create or replace table meta.build as
      select
        $now::timestamp as now,
        $now::timestamp::date as today,
        $as_of::varchar::timestamp as as_of,
        $price_label::varchar as price_label,
        $currency::varchar as currency,
        $billing::varchar as billing,
        $billing_currency::varchar as billing_currency,
        $tally_version::varchar as tally_version
      `,
      {
        now: timestampText(effects.now()),
        as_of: asOf === undefined ? null : timestampText(asOf),
        price_label: prices.label,
        currency: prices.currency,
        billing: prices.billing,
        billing_currency: prices.billingCurrency,
        tally_version: packageVersion(),
      },
    );
    await connection.run(
      "comment on table meta.build is 'The clock and the settings of the build: one row.'",
    );
    await writeIdleSettings(connection, idle);
    await writeSharedCosts(connection, sharedCosts);
    await writeOrganizations(connection, organizations);
  });
}

/** Writes `meta.shared_cost` and `meta.shared_project`: what tally.toml says is borne by several. */
async function writeSharedCosts(connection: Warehouse, sharedCosts: readonly SharedCost[]): Promise<void> {
  await connection.run(`
    create or replace table meta.shared_cost (
      shared_cost varchar not null,
      has_unused_reservations boolean not null,
      allocation_key varchar not null
    );
    comment on table meta.shared_cost is 'Costs that several projects bear, and by which key, as tally.toml has them.';
    create or replace table meta.shared_project (shared_cost varchar not null, project_id varchar not null);
    comment on table meta.shared_project is 'The projects whose cost is a shared one, as tally.toml has them.';
  `);
  for (const { name, projectIds, hasUnusedReservations, key } of sharedCosts) {
    await connection.run("insert into meta.shared_cost values ($name, $has_unused_reservations, $key)", {
      name,
      has_unused_reservations: hasUnusedReservations,
      key,
    });
    for (const project of projectIds) {
      await connection.run("insert into meta.shared_project values ($name, $project)", { name, project });
    }
  }
}

/** Writes `meta.named_organization`: what tally.toml calls those that it names. */
async function writeOrganizations(
  connection: Warehouse,
  organizations: readonly OrganizationSettings[],
): Promise<void> {
  await connection.run(`
    create or replace table meta.named_organization (label varchar not null);
    comment on table meta.named_organization is 'The organisations under [[organization]], as tally.toml has them.';
  `);
  for (const { label } of organizations) {
    await connection.run("insert into meta.named_organization values ($label)", { label });
  }
}

/** Writes `meta.idle_setting`: what tally.toml says of idle rules; null where the rule's default holds. */
async function writeIdleSettings(connection: Warehouse, settings: readonly IdleSetting[]): Promise<void> {
  await connection.run(`
    create or replace table meta.idle_setting (
      rule_id varchar not null,
      is_enabled boolean,
      min_days decimal(12, 4),
      threshold decimal(18, 8),
      window_days integer
    );
    comment on table meta.idle_setting is 'What tally.toml says of idle rules; null where the default holds.';
  `);
  for (const { ruleId, enabled, minDays, threshold, windowDays } of settings) {
    await connection.run(
      `
      insert into meta.idle_setting
      select $rule_id, $is_enabled, $min_days::varchar::decimal(12, 4), $threshold::varchar::decimal(18, 8), $window_days
      `,
      {
        rule_id: ruleId,
        is_enabled: enabled ?? null,
        min_days: decimalText(minDays),
        threshold: decimalText(threshold),
        window_days: windowDays ?? null,
      },
    );
  }
}

/** An instant as DuckDB reads a TIMESTAMP. */
export function timestampText(instant: Date): string {
  return instant.toISOString().replace("T", " ").replace("Z", "");
}

/** A number of tally.toml as DECIMAL text, never in the exponent form that String gives small ones. */
function decimalText(value: number | undefined): string | null {
  if (value === undefined) return null;
  return Number.isInteger(value) ? String(value) : value.toFixed(8);
}
