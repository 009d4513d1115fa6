/*
description: The charges in the columns of FOCUS 1.0, in the order of the specification.
grain: [ChargePeriodStart, BillingAccountId, SubAccountId, RegionId, SkuPriceId, PricingUnit, ResourceId, ResourceName, CommitmentDiscountId, CommitmentDiscountStatus, ChargeCategory, PricingCategory, BillingCurrency]
columns:
  BilledCost: A charge serving as the basis for invoicing, inclusive of all reduced rates and discounts while excluding the amortization of upfront charges (one-time or recurring).
  BillingAccountId: The identifier assigned to a billing account by the provider.
  BillingAccountName: The display name assigned to a billing account.
  BillingCurrency: Represents the currency that a charge was billed in.
  BillingPeriodEnd: The exclusive end bound of a billing period.
  BillingPeriodStart: The inclusive start bound of a billing period.
  ChargeCategory: Represents the highest-level classification of a charge based on the nature of how it is billed.
  ChargeClass: Correction for what corrects an invoice; always null, for a restated day replaces what was read before.
  ChargeDescription: Self-contained summary of the charge's purpose and price.
  ChargeFrequency: Indicates how often a charge will occur.
  ChargePeriodEnd: The exclusive end bound of a charge period.
  ChargePeriodStart: The inclusive start bound of a charge period.
  CommitmentDiscountCategory: Indicates whether the commitment discount identified in the CommitmentDiscountId column is based on usage quantity or cost (aka "spend").
  CommitmentDiscountId: The identifier assigned to a commitment discount by the provider.
  CommitmentDiscountName: Its name; always null, for a reservation has none.
  CommitmentDiscountStatus: Indicates whether the charge corresponds with the consumption of a commitment discount or the unused portion of the committed amount.
  CommitmentDiscountType: A provider-assigned identifier for the type of commitment discount applied to the row.
  ConsumedQuantity: The volume of a metered SKU associated with a resource or service used, based on the Consumed Unit.
  ConsumedUnit: Provider-specified measurement unit indicating how a provider measures usage of a metered SKU associated with a resource or service.
  ContractedCost: Cost calculated by multiplying contracted unit price and the corresponding Pricing Quantity.
  ContractedUnitPrice: The agreed-upon unit price for a single Pricing Unit of the associated SKU, inclusive of negotiated discounts, if present, while excluding negotiated commitment discounts or any other discounts.
  EffectiveCost: The amortized cost of the charge after applying all reduced rates, discounts, and the applicable portion of relevant, prepaid purchases (one-time or recurring) that covered this charge.
  InvoiceIssuerName: Who bills it.
  ListCost: Cost calculated by multiplying List Unit Price and the corresponding Pricing Quantity.
  ListUnitPrice: The suggested provider-published unit price for a single Pricing Unit of the associated SKU, exclusive of any discounts.
  PricingCategory: Describes the pricing model used for a charge at the time of use or purchase.
  PricingQuantity: The volume of a given SKU associated with a resource or service used or purchased, based on the Pricing Unit.
  PricingUnit: Provider-specified measurement unit for determining unit prices, indicating how the provider rates measured usage and purchase quantities after applying pricing rules like block pricing.
  ProviderName: Who sells it.
  PublisherName: Who makes it.
  RegionId: Provider-assigned identifier for an isolated geographic area where a resource is provisioned or a service is provided.
  RegionName: The name of an isolated geographic area where a resource is provisioned or a service is provided.
  ResourceId: Identifier assigned to a resource by the provider.
  ResourceName: Display name assigned to a resource.
  ResourceType: The kind of resource the charge applies to.
  ServiceCategory: Highest-level classification of a service based on the core function of the service.
  ServiceName: An offering that can be purchased from a provider (e.g., cloud virtual machine, SaaS database, professional services from a systems integrator).
  SkuId: Provider-specified unique identifier that represents a specific SKU (e.g., a quantifiable good or service offering).
  SkuPriceId: A provider-specified unique identifier that represents a specific SKU Price associated with a resource or service used or purchased.
  SubAccountId: An ID assigned to a grouping of resources or services, often used to manage access and/or cost.
  SubAccountName: A name assigned to a grouping of resources or services, often used to manage access and/or cost.
  Tags: The set of tags assigned to tag sources that account for potential provider-defined or user-defined tag evaluations.
*/
select
  billed_cost as BilledCost,
  organization_id as BillingAccountId,
  organization_name as BillingAccountName,
  currency as BillingCurrency,
  (date_trunc('month', usage_date) + interval 1 month)::timestamp as BillingPeriodEnd,
  date_trunc('month', usage_date)::timestamp as BillingPeriodStart,
  charge_category as ChargeCategory,
  null::varchar as ChargeClass,
  description as ChargeDescription,
  charge_frequency as ChargeFrequency,
  (usage_date + interval 1 day)::timestamp as ChargePeriodEnd,
  usage_date::timestamp as ChargePeriodStart,
  case when commitment_id is not null then 'Usage' end as CommitmentDiscountCategory,
  commitment_id as CommitmentDiscountId,
  null::varchar as CommitmentDiscountName,
  status as CommitmentDiscountStatus,
  case when commitment_id is not null then 'Reservation' end as CommitmentDiscountType,
  consumed_quantity as ConsumedQuantity,
  case when consumed_quantity is not null then unit end as ConsumedUnit,
  contracted_cost as ContractedCost,
  contracted_unit_price as ContractedUnitPrice,
  effective_cost as EffectiveCost,
  'Crusoe' as InvoiceIssuerName,
  list_cost as ListCost,
  list_unit_price as ListUnitPrice,
  pricing_category as PricingCategory,
  quantity as PricingQuantity,
  unit as PricingUnit,
  'Crusoe' as ProviderName,
  'Crusoe' as PublisherName,
  region as RegionId,
  region as RegionName,
  resource_id as ResourceId,
  resource_name as ResourceName,
  resource_kind as ResourceType,
  service_category as ServiceCategory,
  service_name as ServiceName,
  sku_id as SkuId,
  sku_price_id as SkuPriceId,
  project_id as SubAccountId,
  project_name as SubAccountName,
  case
    when cost_centre is not null and owner is not null then json_object('cost_centre', cost_centre, 'owner', owner)
    when cost_centre is not null then json_object('cost_centre', cost_centre)
    when owner is not null then json_object('owner', owner)
  end::varchar as Tags
from focus_charges
order by
  usage_date,
  organization_id,
  project_id,
  region,
  sku_price_id,
  sku_meter,
  charge_category,
  status,
  pricing_category,
  commitment_id,
  resource_id,
  resource_name,
  currency,
  billed_cost,
  effective_cost
