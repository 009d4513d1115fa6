import { type Answer, json } from "../answer.ts";
import { type Call, requireBody } from "../route.ts";
import { identityChange } from "./account-schemas.ts";

export const getIdentity = (call: Call): Answer => json(identityBody(call));

/** What somebody says that their role is gives them no other rights. */
export function putIdentity(call: Call): Answer {
  const { name, role } = requireBody(call, identityChange);
  const { identity } = call.organization;
  identity.name = name;
  if (role) identity.statedRole = role;
  return json(identityBody(call));
}

function identityBody({ organization, accessKey }: Call) {
  const { id, name, email, role, statedRole } = organization.identity;
  return {
    credentials: [accessKey.accessKeyId],
    credentials_map: {},
    identity: {
      accepted_tos: true,
      email,
      id,
      name,
      org_role: role,
      role: statedRole ?? role,
      role_bindings: [],
      user_state: "active",
    },
  };
}
