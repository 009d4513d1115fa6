import { TallyError } from "../errors/tally-error.ts";
import { printable } from "../printable.ts";
import { withSandbox } from "../query/sandbox.ts";
import { sendPage, sendTo } from "./answer.ts";
import { type Finding, type FindingsPage, findingsPage, suppressPage } from "./findings-page.ts";
import { Refusal } from "./refusal.ts";
import type { Exchange } from "./routes.ts";
import type { ServeContext } from "./serve.ts";
import type { Suppression } from "./suppressions.ts";

const mostFindings = 1000;
const mostReasonCharacters = 300;

const standing = `
  select
    rule_id,
    rule_title,
    resource_kind,
    resource_id,
    resource_name,
    project_name,
    idle_days,
    evidence,
    monthly_waste,
    currency,
    severity,
    status,
    suppressed_until,
    suppression_reason
  from fct_idle_findings
  where status in ('open', 'suppressed')
    and ($rule_id is null or rule_id = $rule_id)
    and ($resource_id is null or resource_id = $resource_id)
  order by
    status,
    monthly_waste desc nulls last,
    rule_id,
    resource_kind,
    resource_id
  limit ${mostFindings + 1}
`;

/** The findings that stand, with what can be done about each. */
export async function showFindings({
  context,
  access,
  suppressions,
  query,
  response,
}: Exchange): Promise<void> {
  const found = await readFindings(context, {});
  const isReadOnly = context.shared !== undefined;
  let rows: readonly Suppression[] = [];
  let problem: TallyError | null = null;
  try {
    if (!isReadOnly) rows = await suppressions.read();
  } catch (error) {
    if (!(error instanceof TallyError)) throw error;
    problem = error;
  }
  const today = dayOf(context.effects.now());
  const findings = found.slice(0, mostFindings).map((finding) => ({
    ...finding,
    pending: finding.status === "open" ? (rows.find((row) => holds(row, finding, today)) ?? null) : null,
    isOwnRow: rows.some((row) => row.rule_id === finding.rule_id && row.resource_id === finding.resource_id),
    isHeld: isReadOnly || rows.some((row) => holds(row, finding, today)),
  }));
  const isCut = found.length > mostFindings;
  sendPage(
    response,
    200,
    findingsPage({
      ...{ findings, isCut, problem, done: doneOf(query) },
      formToken: isReadOnly ? null : access.formToken,
    }),
  );
}

function doneOf(query: URLSearchParams): FindingsPage["done"] {
  if (query.has("suppressed")) return "suppressed";
  return query.has("taken-back") ? "taken back" : null;
}

/** The form to suppress one finding. */
export async function showSuppress({ context, access, query, response }: Exchange): Promise<void> {
  const finding = await findingOf(context, query);
  const today = dayOf(context.effects.now());
  sendPage(
    response,
    200,
    suppressPage({ finding, formToken: access.formToken, today, until: "", reason: "" }),
  );
}

/** Writes the row that suppresses a finding from the next run on. */
export async function suppress(exchange: Exchange): Promise<void> {
  const { context, access, suppressions, form, response } = exchange;
  const finding = await findingOf(context, form);
  const today = dayOf(context.effects.now());
  const until = (form.get("until") ?? "").trim();
  const reason = printable(form.get("reason") ?? "")
    .replace(/\s+/g, " ")
    .trim();
  const problem = problemOf(until, reason, today);
  const page = { finding, formToken: access.formToken, today, until, reason };
  if (problem !== null) return sendPage(response, 200, suppressPage({ ...page, problem }));
  const { rule_id, resource_id } = finding;
  try {
    await suppressions.add({ rule_id, resource_id, until: until || null, reason });
  } catch (error) {
    if (!(error instanceof TallyError)) throw error;
    const said = [error.message, error.hint].filter(Boolean).join(" ");
    return sendPage(response, 200, suppressPage({ ...page, problem: said }));
  }
  context.effects.log.info(`suppressed ${rule_id} of ${resource_id}: ${reason}`);
  sendTo(response, "/findings?suppressed");
}

/** Takes out the rows that suppress one finding alone. */
export async function takeBack({ context, suppressions, form, response }: Exchange): Promise<void> {
  const { rule_id, resource_id } = await findingOf(context, form);
  const rows = await suppressions.remove({ rule_id, resource_id });
  if (rows === 0) {
    throw new Refusal(
      409,
      "No row of suppressions.csv is of this finding alone: take out the wider one by hand.",
    );
  }
  context.effects.log.info(`took back that ${rule_id} of ${resource_id} is suppressed`);
  sendTo(response, "/findings?taken-back");
}

function problemOf(until: string, reason: string, today: string): string | null {
  if (reason === "") return "Say why, for whoever reads it next year.";
  if (reason.length > mostReasonCharacters) {
    return `The reason has ${reason.length} characters; it may have ${mostReasonCharacters}.`;
  }
  if (until === "") return null;
  const isDay =
    /^\d{4}-\d\d-\d\d$/.test(until) && new Date(`${until}T00:00:00Z`).toJSON()?.slice(0, 10) === until;
  if (!isDay) return `${until} is no day such as ${today}.`;
  return until < today ? `${until} is over; it would suppress nothing.` : null;
}

async function findingOf(context: ServeContext, named: URLSearchParams): Promise<Finding> {
  const rule_id = named.get("rule_id") ?? "";
  const resource_id = named.get("resource_id") ?? "";
  const [finding] = await readFindings(context, { rule_id, resource_id });
  if (!finding) throw new Refusal(404, "There is no such finding, or not any more.");
  return finding;
}

async function readFindings(
  context: ServeContext,
  { rule_id = null, resource_id = null }: { rule_id?: string | null; resource_id?: string | null },
): Promise<Finding[]> {
  return withSandbox(context, {}, (sandbox) => sandbox.all<Finding>(standing, { rule_id, resource_id }));
}

/** Whether a row of suppressions.csv holds for a finding, as the models take it. */
function holds(row: Suppression, finding: Finding, today: string): boolean {
  return (
    (row.rule_id === null || row.rule_id === finding.rule_id) &&
    (row.resource_id === null || row.resource_id === finding.resource_id) &&
    (row.until === null || row.until >= today)
  );
}

function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}
