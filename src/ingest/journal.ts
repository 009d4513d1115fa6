import { join } from "node:path";
import type { Load } from "./load.ts";
import { appendable } from "./ndjson.ts";
import { storing } from "./storing.ts";
import { type StreamScope, streamNamed, streamRequest } from "./streams.ts";
import type { Unit } from "./units.ts";
import type { Window } from "./windows.ts";

/** A load as the journal keeps it: all that is needed to do it again from the landed files. */
export interface JournalLoad {
  load_id: string;
  stream: string;
  account?: string;
  organization_id: string | null;
  project_id: string | null;
  span?: Window;
  usage?: {
    window: Window;
    projects: readonly string[];
    other_projects: readonly string[];
    resource_types: readonly string[];
    regions: readonly string[];
  };
  files: readonly string[];
  is_whole?: false;
  failure?: { status: "failed" | "not_offered"; message: string };
}

/**
 * The line of one transaction, written as its last step before it is committed. So only the last line may tell
 * of one that a killed process did not commit.
 */
export type JournalEntry =
  | {
      kind: "loads";
      run_id: string;
      now: string;
      /** The labels of the run's accounts; left out where the workspace has but one without a label. */
      accounts?: readonly string[];
      loads: readonly JournalLoad[];
    }
  | {
      kind: "nothing_offered";
      run_id: string;
      now: string;
      stream: string;
      organization_id: string | null;
      window: Window;
      projects: readonly string[];
    }
  /** These runs, all before `now`, were pruned, and their files are to be gone; it stands first. */
  | { kind: "pruned"; now: string; runs: readonly string[] };

export interface Journal {
  /** When it returns, the entry outlasts a power cut. */
  write(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** Where the journal of the landed files at `root` lies. */
export const journalPath = (root: string): string => join(root, "loads.ndjson");

/** @throws StorageError where it can't be written */
export async function openJournal(root: string): Promise<Journal> {
  const file = await storing(root, () => appendable(journalPath(root)));
  return {
    write: (entry) =>
      storing(root, async () => {
        await file.append(entry);
        await file.sync();
      }),
    close: () => file.close().catch(() => undefined),
  };
}

/** How the journal keeps a load. */
export function journalLoad({ unit, loadId, files, isWhole, failure }: Load): JournalLoad {
  const { usage, span } = unit;
  return {
    load_id: loadId,
    stream: unit.stream.name,
    ...(unit.account !== null && { account: unit.account }),
    organization_id: unit.organizationId,
    project_id: unit.projectId,
    ...(span && { span }),
    ...(usage && {
      usage: {
        window: usage.window,
        projects: usage.projects,
        other_projects: usage.otherProjects,
        resource_types: usage.resourceTypes,
        regions: usage.regions,
      },
    }),
    files: files.map(({ path }) => path),
    ...(!isWhole && { is_whole: false }),
    ...(failure && { failure }),
  };
}

/** The unit that a journaled load was read for. */
export function unitOfJournal(load: JournalLoad): Unit {
  const stream = streamNamed(load.stream);
  const scope: StreamScope = {
    account: load.account ?? null,
    organizationId: load.organization_id,
    projectId: load.project_id,
  };
  const { usage, span = null } = load;
  const { path, query } = streamRequest(stream, scope, span);
  return {
    ...scope,
    stream,
    path,
    queries: [query],
    span,
    usage: usage
      ? {
          window: usage.window,
          projects: usage.projects,
          otherProjects: usage.other_projects,
          resourceTypes: usage.resource_types,
          regions: usage.regions,
        }
      : null,
  };
}
