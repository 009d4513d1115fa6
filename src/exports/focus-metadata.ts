import { createHash } from "node:crypto";
import type { Warehouse } from "../warehouse.ts";
import type { ColumnTypes } from "./focus.ts";
import { type FocusVersion, focusColumns } from "./focus-columns.ts";
import type { Days } from "./period.ts";
import { type BuildFacts, isoInstant } from "./published.ts";

/** Usage that no price applies to. It has no cost, not even 0, so that it is in no FOCUS row. */
export interface UnpricedUsage {
  ResourceType: string | null;
  BillableMetric: string | null;
  CommitmentDiscountId: string | null;
  FirstDate: string;
  LastDate: string;
  Quantity: string;
  GpuHours: string | null;
}

/** The days of a reservation that are billed, and whose use is not known: they have no amortised cost yet. */
export interface UnreadCommitment {
  CommitmentDiscountId: string;
  BillingCurrency: string;
  Days: number;
  BilledCost: string;
}

interface ColumnDefinition {
  ColumnName: string;
  DataType: string;
  NumericPrecision?: number;
  NumberScale?: number;
  StringEncoding?: string;
}

interface Total {
  BillingCurrency: string;
  ChargeCategory: string;
  CommitmentDiscountStatus: string | null;
  Rows: number;
  BilledCost: string;
  EffectiveCost: string;
  ContractedCost: string;
  ListCost: string;
}

/** What FOCUS wants to be told of a dataset; what is tally's own stands under x_Dataset. */
export interface FocusMetadata {
  DataGenerator: string;
  Schema: {
    SchemaId: string;
    FocusVersion: FocusVersion;
    CreationDate: string;
    DataGeneratorVersion: string;
    ColumnDefinition: ColumnDefinition[];
  };
  x_Dataset: {
    ProviderName: string;
    PublisherName: string;
    FirstDate: string;
    LastDate: string;
    BuiltAt: string;
    KnownAt: string | null;
    Rows: number;
    Totals: Total[];
    UnpricedUsage: UnpricedUsage[];
    CommitmentsWithoutKnownUse: UnreadCommitment[];
    ColumnsLeftOut: { ColumnName: string; Because: string }[];
  };
}

interface DatasetFacts {
  version: FocusVersion;
  months: readonly Days[];
  /** The rows, as a FROM clause. */
  rows: string;
  types: ColumnTypes;
  build: BuildFacts;
}

export async function focusMetadata(analytics: Warehouse, facts: DatasetFacts): Promise<FocusMetadata> {
  const { version, months, rows, types, build } = facts;
  const columns = await focusColumns(version);
  const kinds = new Map(columns.map((column) => [column.column_name, column.data_type]));
  const definitions = types.map(({ column_name, column_type }) =>
    definitionOf(column_name, kinds.get(column_name) ?? "STRING", column_type),
  );
  const first = months[0]?.first ?? "";
  const end = months.at(-1)?.end ?? "";
  const days = { first, end };
  const totals = await analytics.all<Total & Record<string, string>>(`
    select
      BillingCurrency,
      ChargeCategory,
      CommitmentDiscountStatus,
      count(*)::integer as "Rows",
      sum(BilledCost) as BilledCost,
      sum(EffectiveCost) as EffectiveCost,
      sum(ContractedCost) as ContractedCost,
      sum(ListCost) as ListCost
    from ${rows}
    group by all
    order by all
  `);
  const last = await analytics.first<{ date: string }>("select ($end::date - 1)::varchar as date", { end });
  const schema = JSON.stringify([version, definitions]);
  return {
    DataGenerator: "tally",
    Schema: {
      // The same columns and types have the same id.
      SchemaId: createHash("sha256").update(schema).digest("hex").slice(0, 32),
      FocusVersion: version,
      CreationDate: isoInstant(build.built_at),
      DataGeneratorVersion: build.tally_version,
      ColumnDefinition: definitions,
    },
    x_Dataset: {
      ProviderName: "Crusoe",
      PublisherName: "Crusoe",
      FirstDate: first,
      LastDate: last?.date ?? "",
      BuiltAt: isoInstant(build.built_at),
      KnownAt: build.as_of === null ? null : isoInstant(build.as_of),
      Rows: totals.reduce((sum, total) => sum + total.Rows, 0),
      Totals: totals,
      UnpricedUsage: await unpricedUsage(analytics, days),
      CommitmentsWithoutKnownUse: await unreadCommitments(analytics, days),
      ColumnsLeftOut: columns
        .filter(({ left_out_because }) => left_out_because !== "")
        .map(({ column_name, left_out_because }) => ({
          ColumnName: column_name,
          Because: left_out_because,
        })),
    },
  };
}

function definitionOf(name: string, kind: string, type: string): ColumnDefinition {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  return {
    ColumnName: name,
    DataType: kind,
    ...(precision && scale ? { NumericPrecision: Number(precision), NumberScale: Number(scale) } : {}),
    ...(kind === "STRING" ? { StringEncoding: "UTF-8" } : {}),
  };
}

async function unpricedUsage(analytics: Warehouse, { first, end }: Days): Promise<UnpricedUsage[]> {
  return analytics.all<UnpricedUsage & Record<string, string>>(
    `
    select
      resource_type as ResourceType,
      billable_metric as BillableMetric,
      reservation_id as CommitmentDiscountId,
      min(usage_date)::varchar as FirstDate,
      max(usage_date)::varchar as LastDate,
      sum(quantity) as Quantity,
      sum(gpu_hours) as GpuHours
    from fct_cost_daily
    where cost is null
      and quantity <> 0
      and usage_date >= $first::date
      and usage_date < $end::date
    group by all
    order by all
    `,
    { first, end },
  );
}

async function unreadCommitments(analytics: Warehouse, { first, end }: Days): Promise<UnreadCommitment[]> {
  return analytics.all<UnreadCommitment & Record<string, string>>(
    `
    select
      reservation_id as CommitmentDiscountId,
      currency as BillingCurrency,
      count(*)::integer as Days,
      sum(committed_cost) as BilledCost
    from fct_reservation_daily
    where committed_cost is not null
      and unused_cost is null
      and usage_date >= $first::date
      and usage_date < $end::date
    group by all
    order by all
    `,
    { first, end },
  );
}
