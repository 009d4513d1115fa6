import type { z } from "zod";
import type { Answer } from "./answer.ts";
import { parsedBody } from "./body.ts";
import type { Derived } from "./derived.ts";
import type { Instant } from "./instant.ts";
import { isLiving } from "./inventory.ts";
import { type Need, requireWritable } from "./permissions.ts";
import type { Query } from "./query.ts";
import type { Quirks } from "./quirks.ts";
import { Refusal } from "./refusal.ts";
import type { AccessKey, Organization, Project } from "./state.ts";

/** What a handler knows of one request whose signature was found good. */
export interface Call {
  organization: Organization;
  derived: Derived;
  /** Brings what was derived up to what was written. */
  refresh: () => void;
  /** The gateway's clock, read once for the whole request. */
  at: Instant;
  /** The key that signed. */
  accessKey: AccessKey;
  query: Query;
  /** What stands in the path for the pattern's `{names}`. */
  params: Readonly<Record<string, string>>;
  quirks: Quirks;
  /** The JSON that came with the request, not yet looked into; undefined where none did. */
  body: unknown;
}

export type Handler = (call: Call) => Answer;

export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof methods)[number];

export interface Route {
  method: Method;
  /** Without the version prefix, such as `/projects/{project_id}/storage/disks`. */
  pattern: string;
  /** What it asks of who calls it. */
  need: Need;
  handle: Handler;
}

/** What stands in the path for that name of the pattern. */
export const pathParameter = ({ params }: Call, name: string): string => params[name] ?? "";

/**
 * Sees to it that the path names the organisation that the credential belongs to.
 *
 * @throws Refusal 403 where it names another: whether that one exists is not told
 */
export const requireOrganization = (call: Call): void =>
  requireOwnOrganization(call, pathParameter(call, "organization_id"));

/**
 * The same of an organisation that is named elsewhere.
 *
 * @throws Refusal 403
 */
export function requireOwnOrganization({ organization }: Call, named: string): void {
  if (named !== organization.id) throw new Refusal(403, "no access to that organization");
}

/**
 * The project that the path names.
 *
 * @throws Refusal 403 where the organisation has none such now
 */
export const requireProject = (call: Call): Project =>
  requireProjectOf(call, pathParameter(call, "project_id"));

/**
 * The project of that id.
 *
 * @throws Refusal 403 where the organisation has none such now
 */
export function requireProjectOf({ organization, at }: Call, id: string): Project {
  const project = organization.projects.find((one) => one.id === id);
  if (!project || !isLiving(project, at)) throw new Refusal(403, "no access to that project");
  return project;
}

/**
 * The same, where it may be changed.
 *
 * @throws Refusal 403
 */
export function requireWritableProject(call: Call): Project {
  const project = requireProject(call);
  requireWritable(project);
  return project;
}

/**
 * The body as the operation takes it.
 *
 * @throws Refusal 400 that names the field which is missing or wrong
 */
export const requireBody = <Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema> =>
  parsedBody(call.body, schema);

/** The one of the resources that the path names; a refusal with 404 where there is none. */
export function requireOne<T extends { id: string }>(call: Call, resources: readonly T[], name: string): T {
  const id = pathParameter(call, name);
  const found = resources.find((resource) => resource.id === id);
  if (!found) throw new Refusal(404, "no such resource in this project");
  return found;
}
