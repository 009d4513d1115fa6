/*
description: The charges in the columns of FOCUS 1.2, in the order of the specification.
grain: [ChargePeriodStart, BillingAccountId, SubAccountId, RegionId, SkuPriceId, PricingUnit, ResourceId, ResourceName, CommitmentDiscountId, CommitmentDiscountStatus, ChargeCategory, PricingCategory, BillingCurrency]
columns:
  BilledCost: A charge serving as the basis for invoicing, inclusive of all reduced rates and discounts while excluding the amortization of upfront charges (one-time or recurring).
  BillingAccountId: The identifier assigned to a billing account by the provider.
  BillingAccountName: The display name assigned to a billing account.
  BillingCurrency: Represents the currency that a charge was billed in.
  BillingPeriodEnd: The exclusive end bound of a billing period.
  BillingPeriodStart: The inclusive start bound of a billing period.
  CapacityReservationId: The identifier assigned to a capacity reservation by the provider.
  CapacityReservationStatus: Indicates whether the charge represents either the consumption of a capacity reservation or when a capacity reservation is unused.
  ChargeCategory: Represents the highest-level classification of a charge based on the nature of how it is billed.
  ChargeClass: Correction for what corrects an invoice; always null, for a restated day replaces what was read before.
  ChargeDescription: Self-contained summary of the charge's purpose and price.
  ChargeFrequency: Indicates how often a charge will occur.
  ChargePeriodEnd: The exclusive end bound of a charge period.
  ChargePeriodStart: The inclusive start bound of a charge period.
  CommitmentDiscountCategory: Indicates whether the commitment discount identified in the CommitmentDiscountId column is based on usage quantity or cost (aka "spend").
  CommitmentDiscountId: The identifier assigned to a commitment discount by the provider.
  CommitmentDiscountName: Its name; always null, for a reservation has none.
  CommitmentDiscountQuantity: The amount of a commitment discount purchased or accounted for in commitment discount related rows that is denominated in Commitment Discount Units.
  CommitmentDiscountStatus: Indicates whether the charge corresponds with the consumption of a commitment discount or the unused portion of the committed amount.
  CommitmentDiscountType: A provider-assigned identifier for the type of commitment discount applied to the row.
  CommitmentDiscountUnit: The provider-specified measurement unit indicating how a provider measures the Commitment Discount Quantity of a commitment discount.
  ConsumedQuantity: The volume of a metered SKU associated with a resource or service used, based on the Consumed Unit.
  ConsumedUnit: Provider-specified measurement unit indicating how a provider measures usage of a metered SKU associated with a resource or service.
  ContractedCost: Cost calculated by multiplying contracted unit price and the corresponding Pricing Quantity.
  ContractedUnitPrice: The agreed-upon unit price for a single Pricing Unit of the associated SKU, inclusive of negotiated discounts, if present, while excluding negotiated commitment discounts or any other discounts.
  EffectiveCost: The amortized cost of the charge after applying all reduced rates, discounts, and the applicable portion of relevant, prepaid purchases (one-time or recurring) that covered this charge.
  InvoiceId: The invoice; always null, for the API has none.
  InvoiceIssuerName: Who bills it.
  ListCost: Cost calculated by multiplying List Unit Price and the corresponding Pricing Quantity.
  ListUnitPrice: The suggested provider-published unit price for a single Pricing Unit of the associated SKU, exclusive of any discounts.
  PricingCategory: Describes the pricing model used for a charge at the time of use or purchase.
  PricingCurrency: The currency of the prices; always that of the charge.
  PricingCurrencyContractedUnitPrice: ContractedUnitPrice in it.
  PricingCurrencyEffectiveCost: EffectiveCost in it.
  PricingCurrencyListUnitPrice: ListUnitPrice in it.
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
  ServiceSubcategory: Secondary classification of the Service Category for a service based on its core function.
  SkuId: Provider-specified unique identifier that represents a specific SKU (e.g., a quantifiable good or service offering).
  SkuMeter: Describes the functionality being metered or measured by a particular SKU in a charge.
  SkuPriceDetails: A set of properties of a SKU Price ID which are meaningful and common to all instances of that SKU Price ID.
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
  commitment_id as CapacityReservationId,
  status as CapacityReservationStatus,
  charge_category as ChargeCategory,
  null::varchar as ChargeClass,
  description as ChargeDescription,
  charge_frequency as ChargeFrequency,
  (usage_date + interval 1 day)::timestamp as ChargePeriodEnd,
  usage_date::timestamp as ChargePeriodStart,
  case when commitment_id is not null then 'Usage' end as CommitmentDiscountCategory,
  commitment_id as CommitmentDiscountId,
  null::varchar as CommitmentDiscountName,
  commitment_quantity as CommitmentDiscountQuantity,
  status as CommitmentDiscountStatus,
  case when commitment_id is not null then 'Reservation' end as CommitmentDiscountType,
  commitment_unit as CommitmentDiscountUnit,
  consumed_quantity as ConsumedQuantity,
  case when consumed_quantity is not null then unit end as ConsumedUnit,
  contracted_cost as ContractedCost,
  contracted_unit_price as ContractedUnitPrice,
  effective_cost as EffectiveCost,
  null::varchar as InvoiceId,
  'Crusoe' as InvoiceIssuerName,
  list_cost as ListCost,
  list_unit_price as ListUnitPrice,
  pricing_category as PricingCategory,
  currency as PricingCurrency,
  contracted_unit_price as PricingCurrencyContractedUnitPrice,
  effective_cost as PricingCurrencyEffectiveCost,
  list_unit_price as PricingCurrencyListUnitPrice,
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
  service_subcategory as ServiceSubcategory,
  sku_id as SkuId,
  sku_meter as SkuMeter,
  case
    when gpu_type is not null and gpus_per_unit is not null
      then json_object('GpuCount', gpus_per_unit, 'InstanceType', lower(resource_type), 'x_GpuType', gpu_type)
    when service_subcategory = 'Virtual Machines' then json_object('InstanceType', lower(resource_type))
  end::varchar as SkuPriceDetails,
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
