import pLimit from "p-limit";
import type { Account } from "../accounts.ts";
import { ConfigError } from "../errors/config-error.ts";
import type { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { createClient } from "./client.ts";
import { createPageLander, type PagesContext } from "./land-pages.ts";
import { type Run, readAccountLists, readOrganization } from "./organization.ts";
import { createPlaces, type Places, type Share } from "./places.ts";
import { createReader, noteFailure, type ReadContext, recordFailure } from "./read.ts";
import type { Pace } from "./retry.ts";
import { unitOf } from "./units.ts";

/** What all accounts of a run have in common. */
export interface AccountsContext
  extends Omit<Run, "reader" | "urlLength">,
    Omit<ReadContext, "organization" | "pages">,
    Pick<PagesContext, "landing" | "listFormsSeen" | "onStep"> {
  pace: Pace | undefined;
}

/** An organisation, as the API lists it. */
interface Listed {
  id: string;
  name: string | null;
}

/** An account whose organisations are known, so that they can be read. */
interface OpenAccount {
  account: Account;
  share: Share;
  organizations: readonly Listed[];
  /** What is asked for and not among what it sees, each as an account of its own. */
  unseen: readonly ClosedAccount[];
  /** How to read with it, for an organisation of that name. */
  runFor(organization: string | null): Run;
}

interface ClosedAccount {
  account: Account;
  failure: TallyError;
  /** Whether its being asked in vain is recorded already. */
  isRecorded: boolean;
}

/**
 * Reads all accounts side by side, and within each its organisations, under one limit of what may be asked at once.
 * An account that can't be read is noted as a failure of its own organisations, and holds up no other.
 *
 * @throws TallyError that says why the first can't be read, where none can
 * @throws UsageError where an organisation is asked for that none has
 */
export async function readAccounts(context: AccountsContext, accounts: readonly Account[]): Promise<void> {
  const { maxInFlight } = context.config.api;
  const places = createPlaces(maxInFlight);
  // No more at once than there are places, so that each can have one.
  const limit = pLimit(maxInFlight);
  const tried = await allOf(accounts.map((account) => limit(() => open(context, account, places))));
  const { opened, closed } = wanted(context, tried);
  const [first] = closed;
  if (first && opened.length === 0 && first.failure instanceof ConfigError) throw first.failure;
  for (const each of closed) await recordUnreachable(context, each);
  if (first && opened.length === 0) throw first.failure;
  for (const { account, failure } of closed) {
    noteFailure({ ...context, organization: account.label }, listOf(account), failure);
  }
  const isNamed = accounts.length > 1;
  await allOf(opened.map((each) => limit(() => each.share.during(() => readAll(each, isNamed)))));
}

async function open(
  context: AccountsContext,
  account: Account,
  places: Places,
): Promise<OpenAccount | ClosedAccount> {
  const { credentials, endpoint } = account;
  if (credentials instanceof ConfigError) return { account, failure: credentials, isRecorded: false };
  const share = places.share();
  const api = { ...context.config.api, endpoint };
  const client = createClient({ ...context, api, credentials, share });
  const pages = createPageLander({ ...context, client });
  const runFor = (organization: string | null): Run => ({
    ...context,
    urlLength: client.urlLength,
    reader: createReader({ ...context, organization, pages }),
  });
  return share.during(async () => {
    const failure = await runFor(account.label).reader.read(listOf(account));
    if (failure) return { account, failure, isRecorded: true };
    const { organizations, unseen } = await organizationsOf(context, account);
    const [first] = unseen;
    return first && organizations.length === 0
      ? { account, failure: first.failure, isRecorded: false }
      : { account, share, organizations, unseen, runFor };
  });
}

/** The list of the organisations that the account sees. */
const listOf = ({ label }: Account) =>
  unitOf("organizations", { account: label, organizationId: null, projectId: null });

/** Those of the account's organisations that are to be read: the ones that are named, else all that it sees. */
async function organizationsOf(
  { known, effects }: AccountsContext,
  account: Account,
): Promise<Pick<OpenAccount, "organizations" | "unseen">> {
  const { label, wanted } = account;
  const seen = await known.all<Listed>(
    `select id, name
     from raw.organizations
     where _valid_to is null and account is not distinct from $label
     order by id`,
    { label },
  );
  if (wanted.length === 0) {
    const who = label === null ? "The credential" : `The credential of ${JSON.stringify(label)}`;
    if (seen.length === 0) effects.log.warn(`${who} sees no organisation, so there is nothing to read.`);
    return { organizations: seen, unseen: [] };
  }
  // One may be named twice, by its name and by its id.
  const found = new Map<string, Listed>();
  const unseen: ClosedAccount[] = [];
  for (const name of wanted) {
    const one = theOne(seen, name, label);
    if (one instanceof ConfigError) {
      unseen.push({ account: { ...account, label: name, wanted: [name] }, failure: one, isRecorded: false });
    } else found.set(one.id, one);
  }
  return { organizations: [...found.values()], unseen };
}

/** The one of that id or name; an error where it is not among those that are seen, or there are several of that name. */
function theOne(seen: readonly Listed[], wanted: string, label: string | null): Listed | ConfigError {
  const byId = seen.filter(({ id }) => id === wanted);
  const found = byId.length > 0 ? byId : seen.filter(({ name }) => name === wanted);
  const [only] = found;
  if (only && found.length === 1) return only;
  const shown = seen
    .map(({ id, name }) => (name === null ? id : `${JSON.stringify(name)} (${id})`))
    .join(", ");
  const setting = label === null ? "organization under [api]" : "id or name under [[organization]]";
  return new ConfigError(
    found.length > 1
      ? `${found.length} organisations are called ${JSON.stringify(wanted)}.`
      : `The credential sees no organisation ${JSON.stringify(wanted)}.`,
    { hint: `Set ${setting} in tally.toml to the name or id of one of these: ${shown || "none"}.` },
  );
}

/**
 * Of the accounts those that are asked for, each with the organisations that are read with it: what two of them see
 * is read with the first.
 */
function wanted(
  { options }: AccountsContext,
  tried: readonly (OpenAccount | ClosedAccount)[],
): { opened: OpenAccount[]; closed: ClosedAccount[] } {
  const { organizations: asked } = options;
  const isAsked = (...names: (string | null)[]) =>
    asked === undefined || names.some((name) => name !== null && asked.includes(name));
  const isTaken = new Set<string>();
  const opened: OpenAccount[] = [];
  const closed: ClosedAccount[] = [];
  for (const each of tried) {
    if ("failure" in each) {
      if (isAsked(each.account.label, ...each.account.wanted)) closed.push(each);
      continue;
    }
    const organizations = each.organizations.filter(({ id, name }) => !isTaken.has(id) && isAsked(id, name));
    for (const { id } of organizations) isTaken.add(id);
    closed.push(...each.unseen.filter(({ account }) => isAsked(account.label)));
    if (organizations.length > 0 || asked === undefined) opened.push({ ...each, organizations });
  }
  const known = [
    ...opened.flatMap(({ organizations }) => organizations.flatMap(({ id, name }) => [id, name])),
    ...closed.flatMap(({ account }) => [account.label, ...account.wanted]),
  ];
  const unknown = asked?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = tried.flatMap((each) =>
      "failure" in each ? each.account.wanted : each.organizations.map(({ id, name }) => name ?? id),
    );
    throw new UsageError(
      `--organization names ${JSON.stringify(unknown)}, and no such organisation is read.`,
      {
        hint: `Give the name or id of one of these: ${names.join(", ") || "none"}.`,
      },
    );
  }
  return { opened, closed };
}

/** Records of each organisation of an account that it could not be reached, so that coverage says whose is missing. */
async function recordUnreachable(
  context: AccountsContext,
  { account, failure, isRecorded }: ClosedAccount,
): Promise<void> {
  const { label, wanted } = account;
  const rows = await context.known.all<Listed & { account: string | null }>(
    "select id, name, account from raw.organizations where _valid_to is null order by id",
  );
  const own = rows.filter((row) =>
    wanted.length > 0 ? wanted.some((name) => name === row.id || name === row.name) : row.account === label,
  );
  const isKnown = (name: string) => own.some((row) => name === row.id || name === row.name);
  const unknown = wanted.length > 0 ? wanted.filter((name) => !isKnown(name)) : own.length > 0 ? [] : [label];
  const labels = unknown.filter((name) => !isRecorded || name !== label);
  const units = [
    ...labels.map((name) =>
      unitOf("organizations", { account: name, organizationId: null, projectId: null }),
    ),
    ...own.map(({ id }) => unitOf("organizations", { account: null, organizationId: id, projectId: null })),
  ];
  for (const unit of units) await recordFailure(context, unit, "failed", failure);
}

async function readAll({ account, organizations, runFor }: OpenAccount, isNamed: boolean): Promise<void> {
  await allOf([
    readAccountLists(runFor(isNamed ? account.label : null), account.label),
    ...organizations.map(({ id, name }) => readOrganization(runFor(isNamed ? (name ?? id) : null), id)),
  ]);
}

/** Awaits all of it, also after an error. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
