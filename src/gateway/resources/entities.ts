import { type Answer, json } from "../answer.ts";
import { listOf, shaped } from "../paging.ts";
import { requiredParameter } from "../query.ts";
import { type Call, requireBody, requireOwnOrganization } from "../route.ts";
import { entityChange } from "./account-schemas.ts";

export const listEntities = (call: Call): Answer => listOf(call, [entityBody(call)]);

/** What is left out, or empty, stays as it is. */
export function putEntity(call: Call): Answer {
  requireOwnOrganization(call, requiredParameter(call.query, "org_id"));
  const change = requireBody(call, entityChange);
  const { organization } = call;
  const { billing } = organization;
  organization.name = change.organization_name || organization.name;
  organization.companyName = change.company_name || organization.companyName;
  if (change.tax_id) billing.taxId = change.tax_id;
  if (change.tax_id_type) billing.taxIdType = change.tax_id_type;
  if (change.billing_addr) {
    const address = change.billing_addr;
    billing.address = {
      line1: address.address_line1,
      line2: address.address_line2,
      city: address.city,
      country: address.country,
      postalCode: address.postal_code,
      region: address.state_or_region,
    };
  }
  return json({ entity: shaped(call, entityBody(call)) });
}

function entityBody({ organization }: Call) {
  const { id, name, companyName, billing } = organization;
  const { address, taxId, taxIdType } = billing;
  return {
    billing: {
      balance: billing.balance,
      billing_method: billing.method,
      delinquent: billing.isDelinquent,
      has_valid_payment_method: true,
    },
    ...(address && {
      billing_addr: {
        address_line1: address.line1,
        address_line2: address.line2,
        city: address.city,
        country: address.country,
        postal_code: address.postalCode,
        state_or_region: address.region,
      },
    }),
    company_name: companyName,
    features: {},
    id,
    mfa_methods: [],
    name,
    organization_type: "standard",
    relation: "owner",
    state: "active",
    state_reason: "",
    ...(taxId && { tax_id: taxId }),
    ...(taxIdType && { tax_id_type: taxIdType }),
  };
}
