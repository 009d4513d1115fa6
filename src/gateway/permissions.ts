import { Refusal } from "./refusal.ts";
import type { AccessKey, Organization, Project } from "./state.ts";

/**
 * What an operation asks of who calls it: to look, to see to themselves, to change a project's resources, or to
 * change the organisation.
 */
export type Need = "read" | "own" | "write" | "manage";

const needsOf: Readonly<Record<string, readonly Need[]>> = {
  owner: ["read", "own", "write", "manage"],
  admin: ["read", "own", "write", "manage"],
  writer: ["read", "own", "write"],
  editor: ["read", "own", "write"],
  member: ["read", "own", "write"],
};

/** Who has another role may look, and see to themselves. */
const readerNeeds: readonly Need[] = ["read", "own"];

/** The role of who signed: the key's own, or that of the organisation's identity. */
export const roleOf = ({ identity }: Organization, { role }: AccessKey): string => role ?? identity.role;

const meets = (role: string, need: Need): boolean => {
  const word = role.toLowerCase();
  return (Object.hasOwn(needsOf, word) ? (needsOf[word] ?? readerNeeds) : readerNeeds).includes(need);
};

/**
 * Sees to it that who signed may do that.
 *
 * @throws Refusal 403
 */
export function requireRole(organization: Organization, key: AccessKey, need: Need): void {
  const role = roleOf(organization, key);
  if (!meets(role, need)) throw new Refusal(403, `the role ${role || "of nobody"} does not allow it`);
}

/**
 * Sees to it that the project may be changed.
 *
 * @throws Refusal 403 where the caller's relation to it is that of one who looks on
 */
export function requireWritable(project: Project): void {
  if (!meets(project.relation, "write")) {
    throw new Refusal(403, `the project is only to be read: the relation to it is ${project.relation}`);
  }
}
