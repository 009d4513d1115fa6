import type { Query } from "./sign.ts";
import { type Stream, type StreamScope, streamNamed, streamRequest } from "./streams.ts";
import type { Window } from "./windows.ts";

/** What is read and loaded as a whole, in one transaction, or not at all. */
export interface Unit extends StreamScope {
  stream: Stream;
  path: string;
  /** Its requests; each may have further pages. */
  queries: readonly Query[];
  /** Usage: which days and projects it covers. */
  usage: UsageScope | null;
  /** Events that are asked for by time: which days. */
  span: Window | null;
}

export interface UsageScope {
  window: Window;
  projects: readonly string[];
  /** Projects that other units of the same days read; what an answer says of them is not for this one. */
  otherProjects: readonly string[];
  resourceTypes: readonly string[];
  regions: readonly string[];
}

/** The days that the unit covers; null for a list. */
export const windowOf = ({ usage, span }: Unit): Window | null => usage?.window ?? span;

/** The unit in a few words, for messages. */
export function unitLabel({ stream, projectId, usage }: Unit): string {
  if (usage) return `${stream.name} ${usage.window.from} to ${usage.window.to}`;
  return projectId === null ? stream.name : `${stream.name} of project ${projectId}`;
}

/** The unit that reads a stream for a scope, by the one request that its entry declares. */
export function unitOf(streamName: string, scope: StreamScope, span: Window | null = null): Unit {
  const stream = streamNamed(streamName);
  const { path, query } = streamRequest(stream, scope, span);
  const { account, organizationId, projectId } = scope;
  return { account, organizationId, projectId, stream, path, queries: [query], usage: null, span };
}
