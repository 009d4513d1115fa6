import type { Account } from "../accounts.ts";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { createClient } from "../ingest/client.ts";
import { streamNamed, streamRequest } from "../ingest/streams.ts";

/** What came of asking the API once for each of a few things. */
export interface Probe {
  /** Whether there was nothing to ask with. */
  isWithoutCredentials: boolean;
  answers: readonly ProbeAnswer[];
  /** By how much the server's clock is ahead of this machine's; null where no answer showed it. */
  clockSkewMs: number | null;
  organizations: readonly { id: string; name: string | null }[];
  elapsedMs: number;
}

export interface ProbeAnswer {
  /** What was asked for, by the name of its stream. */
  stream: string;
  /** Whether nothing can be read without it. */
  isNeeded: boolean;
  error: ApiError | null;
}

const timeoutMs = 15_000;
const largestBody = 64 * 2 ** 20;

/** Asks the API who the credential is, and for the lists that everything rests on; nothing is landed. */
export async function probeApi(effects: Effects, config: Config, account: Account): Promise<Probe> {
  const { credentials, endpoint, wanted } = account;
  if (credentials instanceof Error) {
    return { isWithoutCredentials: true, answers: [], clockSkewMs: null, organizations: [], elapsedMs: 0 };
  }
  const skews: number[] = [];
  const watching: typeof fetch = async (input, init) => {
    const sentMs = effects.wallClock().getTime();
    const response = await effects.fetch(input, init);
    const serverMs = Date.parse(response.headers.get("date") ?? "");
    // The header has whole seconds, and the answer was made somewhere between.
    const middleMs = (sentMs + effects.wallClock().getTime()) / 2;
    if (!Number.isNaN(serverMs)) skews.push(serverMs + 500 - middleMs);
    return response;
  };
  const api = {
    ...config.api,
    endpoint,
    timeoutMs: Math.min(config.api.timeoutMs, timeoutMs),
    maxAttempts: 2,
  };
  const client = createClient({ effects: { ...effects, fetch: watching }, api, credentials });
  const answers: ProbeAnswer[] = [];
  const ask = async (
    name: string,
    isNeeded: boolean,
    organizationId: string | null,
    projectId: string | null,
  ) => {
    const { path, query } = streamRequest(streamNamed(name), { account: null, organizationId, projectId });
    try {
      const body = await client.get({ path, query, format: "json", maxBytes: largestBody }, readJson);
      answers.push({ stream: name, isNeeded, error: null });
      return itemsOf(body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      answers.push({ stream: name, isNeeded, error });
      return [];
    }
  };
  const startedAt = performance.now();
  const organizations = await ask("organizations", true, null, null);
  const elapsedMs = performance.now() - startedAt;
  const chosen =
    wanted.length === 0
      ? organizations.slice(0, 1)
      : organizations.filter(({ id, name }) => wanted.some((each) => each === id || each === name));
  for (const { id } of chosen) {
    const projects = await ask("projects", true, id, null);
    await ask("usage_options", true, id, null);
    await ask("reservations", false, id, null);
    const [project] = projects;
    if (project) for (const name of ["vms", "disks", "snapshots"]) await ask(name, false, id, project.id);
  }
  const clockSkewMs =
    skews.length === 0 ? null : (skews.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0] ?? null);
  return { isWithoutCredentials: false, answers, clockSkewMs, organizations, elapsedMs };
}

async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return null;
  }
}

function itemsOf(body: unknown): { id: string; name: string | null }[] {
  const items = (body as { items?: unknown } | null)?.items;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: { id?: unknown; name?: unknown } | null) =>
    typeof item?.id === "string"
      ? [{ id: item.id, name: typeof item.name === "string" ? item.name : null }]
      : [],
  );
}
