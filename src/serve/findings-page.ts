import type { TallyError } from "../errors/tally-error.ts";
import { counted, formatMoney } from "../reports/format.ts";
import { type Html, type HtmlPart, html, name } from "../reports/html.ts";
import { type Column, table } from "../reports/table.ts";
import { appPage, failure, form } from "./layout.ts";
import type { Suppression } from "./suppressions.ts";

/** A row of fct_idle_findings; amounts are exact, as text. */
export interface Finding {
  rule_id: string;
  rule_title: string;
  resource_kind: string;
  resource_id: string;
  resource_name: string | null;
  project_name: string | null;
  idle_days: number;
  evidence: string;
  monthly_waste: string | null;
  currency: string | null;
  severity: string;
  status: string;
  suppressed_until: string | null;
  suppression_reason: string | null;
}

/** With the row of suppressions.csv that will hold for it once the tables are built anew. */
type ListedFinding = Finding & {
  pending: Suppression | null;
  /** Whether a row of suppressions.csv is of it alone, and can be taken back. */
  isOwnRow: boolean;
  /** Whether any row holds for it today. */
  isHeld: boolean;
};

export interface FindingsPage {
  findings: readonly ListedFinding[];
  /** Whether there are more. */
  isCut: boolean;
  /** Why suppressions.csv can't be read. */
  problem: TallyError | null;
  /** What was done with one just now. */
  done: "suppressed" | "taken back" | null;
  /** Null where nothing can be suppressed from here. */
  formToken: string | null;
}

/** What is open and what is suppressed, the most waste first. */
export function findingsPage({ findings, isCut, problem, done, formToken }: FindingsPage): string {
  const open = findings.filter(({ status }) => status === "open");
  const suppressed = findings.filter(({ status }) => status !== "open");
  return appPage({
    title: "Findings",
    path: "/findings",
    main: html`<p class="lead">What costs without serving anybody. What is meant to be so can be suppressed${formToken === null ? ", in the workspace whose runs make these tables" : ""}: a row of suppressions.csv says why, and until when.</p>
${done === "suppressed" && html`<p class="notice" role="status"><b>Suppressed.</b> suppressions.csv has a row for it, which counts from the next run on.</p>`}
${done === "taken back" && html`<p class="notice" role="status"><b>Taken back.</b> suppressions.csv has no row for it any more, which counts from the next run on.</p>`}
${problem && failure("suppressions.csv can't be read.", problem.message, problem.hint)}
${isCut && html`<p class="notice"><b>There are more.</b> These are the first ${counted(findings.length, "finding")}; <a href="/sql?saved=idle-waste">query</a> for the others.</p>`}
<section aria-labelledby="open"><h2 id="open">Open</h2>
${open.length > 0 ? table(columns(formToken === null ? null : stateOfOpen(formToken)), open, { caption: "Open findings", id: "open-rows", shown: 50 }) : html`<p class="count">Nothing is open.</p>`}</section>
${
  suppressed.length > 0 &&
  html`<section aria-labelledby="suppressed"><h2 id="suppressed">Suppressed</h2>
${table(columns(stateOfSuppressed(formToken)), suppressed, { caption: "Suppressed findings", id: "suppressed-rows" })}</section>`
}`,
  });
}

function columns(state: Column<ListedFinding> | null): Column<ListedFinding>[] {
  return [
    {
      head: "Resource",
      cell: (finding) =>
        html`${name(finding.resource_name ?? finding.resource_id)}<small>${finding.resource_kind.replaceAll("_", " ")}${finding.project_name !== null && html` of ${name(finding.project_name)}`}</small><small class="id">${finding.resource_id}</small>`,
      key: (finding) => finding.resource_name ?? finding.resource_id,
    },
    {
      head: "Finding",
      isText: true,
      cell: (finding) =>
        html`${finding.rule_title} ${severityMark(finding)}<small>${name(finding.evidence)}</small>`,
      key: (finding) => finding.rule_title,
    },
    {
      head: "Waste per month",
      isNumber: true,
      cell: (finding) => waste(finding),
      key: (finding) => finding.monthly_waste,
    },
    ...(state ? [state] : []),
  ];
}

const stateOfOpen = (formToken: string): Column<ListedFinding> => ({
  head: "Suppress",
  cell: (finding) => {
    const { rule_id, resource_id, resource_name, pending } = finding;
    return pending
      ? html`<span class="badge">from the next run</span><small>${name(pending.reason ?? "no reason given")}</small>${finding.isOwnRow && takeBackForm(finding, formToken)}`
      : html`<a href="/findings/suppress?${new URLSearchParams({ rule_id, resource_id }).toString()}" aria-label="${`Suppress ${rule_id} of ${resource_name ?? resource_id}`}">Suppress</a>`;
  },
  key: ({ pending }) => (pending ? "1" : "0"),
});

const stateOfSuppressed = (formToken: string | null): Column<ListedFinding> => ({
  head: "Why",
  isText: true,
  cell: (finding) => {
    const { suppressed_until: until, suppression_reason: reason } = finding;
    const isOwnRow = finding.isOwnRow && formToken !== null;
    const state = isOwnRow
      ? takeBackForm(finding, formToken)
      : !finding.isHeld && html`<span class="badge">open from the next run</span>`;
    return html`${name(reason ?? "No reason given")}<small>${until === null ? "without an end" : `until ${until}`}</small>${state}`;
  },
});

function takeBackForm({ rule_id, resource_id, resource_name }: Finding, formToken: string): Html {
  return form(
    { action: "/findings/take-back", formToken, className: "take-back" },
    html`<input type="hidden" name="rule_id" value="${rule_id}"><input type="hidden" name="resource_id" value="${resource_id}"><button aria-label="${`Take back that ${rule_id} of ${resource_name ?? resource_id} is suppressed`}">Take back</button>
`,
  );
}

function severityMark({ severity }: Finding): Html {
  return html`<span class="severity ${severity}">${severity}</span>`;
}

function waste({ monthly_waste: amount, currency }: Finding): HtmlPart {
  return amount === null ? html`<span class="none">unpriced</span>` : formatMoney(amount, currency ?? "");
}

export interface SuppressPage {
  finding: Finding;
  formToken: string;
  today: string;
  until: string;
  reason: string;
  /** What is wrong with what was sent. */
  problem?: string;
}

/** One finding, and the form that suppresses it. */
export function suppressPage({ finding, formToken, today, until, reason, problem }: SuppressPage): string {
  const { rule_id, resource_id, resource_name } = finding;
  return appPage({
    title: "Suppress a finding",
    path: "/findings",
    main: html`<p class="summary">${finding.rule_title}: ${name(resource_name ?? resource_id)} ${severityMark(finding)}</p>
<p class="lead">${name(finding.evidence)} It wastes ${waste(finding)}${finding.monthly_waste !== null && " a month"}.</p>
${problem !== undefined && failure("Nothing was written.", problem)}
${form(
  { action: "/findings/suppress", formToken, className: "suppress" },
  html`<input type="hidden" name="rule_id" value="${rule_id}"><input type="hidden" name="resource_id" value="${resource_id}">
<div class="fields"><label class="long">Reason <input name="reason" value="${reason}" maxlength="300" required autocomplete="off"></label>
<label>Until, the last day; empty for no end <input type="date" name="until" value="${until}" min="${today}"></label></div>
<div class="actions"><button class="run">Suppress</button><a href="/findings">Back to the findings</a></div>
`,
)}
<p class="count">It adds a row to suppressions.csv for the rule <code>${rule_id}</code> and the resource <code>${resource_id}</code>. To end it, take it back from the list of findings.</p>`,
  });
}
