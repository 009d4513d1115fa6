/**
 * What a column holds, and how its value is read:
 * `text` without the quotes that some answers put inside of a string, `size` the same, with a number in it,
 * `name` as it is, `json` as it came, `list` of texts, `count` the length of a list; `day`, `quantity`, `amount` (summed where a key comes twice)
 * and `rate` (not summed) strictly: a row whose value can't be read is put aside. The rest is read leniently:
 * what can't be read is null.
 */
export type ColumnKind =
  | "text"
  | "name"
  | "size"
  | "json"
  | "list"
  | "count"
  | "integer"
  | "boolean"
  | "timestamp"
  | "date"
  | "day"
  | "quantity"
  | "amount"
  | "rate";

/** What of a request its answer does not repeat: whose it is, and from when to when. */
export type ScopeColumn = "account" | "organization" | "project" | "from" | "to";

export interface Column {
  name: string;
  kind: ColumnKind;
  /** Where the value stands in a row of the answer, as a dotted path; the column's name where not given. */
  from?: string;
  /** Filled from the request's own scope and not from the answer. */
  scope?: ScopeColumn;
  /** Part of what tells one row from another. */
  isKey?: boolean;
  /** Whether a change opens a new version; true where not given. */
  isCompared?: boolean;
  /** Another column to take the value from where it is empty. */
  orElse?: string;
  /** CSV: other headers for the same column, best first; case and separators don't matter. */
  aliases?: readonly string[];
  /**
   * CSV: an answer without this column can't be used. JSON lists: a row without this value is put aside; true
   * for keys of the inventory where not given.
   */
  isRequired?: boolean;
  /** JSON: the API promises it; an answer without it is read once more before that is believed. */
  isPromised?: boolean;
}

/** One resource of the API: all that is needed to ask for it, land it and load it. */
export interface Stream {
  /** Also the name of its raw table and of its folder of landed files. */
  name: string;
  description: string;
  /** After the endpoint; `{organization_id}` and `{project_id}` are filled in. */
  path: string;
  /** Parameters of every request, filled in the same way, and with `{from}` and `{to}` where it has a span. */
  query: Readonly<Record<string, string>>;
  /** What one read covers. `any_project`: the answer is the same in each, so the first that answers will do. */
  scope: "account" | "organization" | "project" | "any_project";
  format: "json" | "csv";
  /** The key of the answer that holds the rows; null where the whole answer is one row. */
  rowsKey: string | null;
  /**
   * `usage` is read in windows of days and keeps restatements; `inventory` is kept as versions (type 2) that
   * close when their row is gone; `events` are versions too, but an answer that leaves one out says nothing.
   */
  history: "usage" | "inventory" | "events";
  /** How usage is asked for: by lists of projects, types and regions, or by its days alone. */
  filters: "lists" | "days";
  /** For events that are asked for by time: how far back, the first time and from the last read on. */
  span: { firstDays: number; overlapDays: number } | null;
  /** `weekly`: each project on a day of the week of its own, so that no night asks for all of them. */
  cadence: "every_run" | "weekly";
  /** Statuses that mean that the account does not have it, and no failure. */
  notOfferedOn: readonly number[];
  /** Whether such a status is a failure all the same where the account once had it. */
  staysOffered: boolean;
  /**
   * What of the answer is written to disk; `columns`: nothing but what the columns name, `series`: the series of
   * a monitoring's answer, a row each.
   */
  lands: "whole" | "columns" | "series";
  columns: readonly Column[];
}

/** The stream with what most of them share filled in: a list of JSON items, read every night, kept as versions. */
export const stream = (
  entry: Pick<Stream, "name" | "description" | "path" | "scope" | "columns"> & Partial<Stream>,
): Stream => ({
  query: {},
  format: "json",
  rowsKey: "items",
  history: "inventory",
  filters: "lists",
  span: null,
  cadence: "every_run",
  notOfferedOn: [],
  staysOffered: false,
  lands: "whole",
  ...entry,
});

/** What an account without the resource, or a key that may not see it, is answered with. */
export const notOffered = [403, 404, 501] as const;

/** The same where the API does not say which values its parameters take. */
export const notOfferedOrNotSo = [400, ...notOffered] as const;

export const text = (name: string, more: Partial<Column> = {}): Column => ({ name, kind: "text", ...more });
export const name = (more: Partial<Column> = {}): Column => ({ name: "name", kind: "name", ...more });
export const json = (columnName: string): Column => ({ name: columnName, kind: "json" });
export const integer = (columnName: string, more: Partial<Column> = {}): Column => ({
  name: columnName,
  kind: "integer",
  ...more,
});
export const timestamp = (columnName: string, more: Partial<Column> = {}): Column => ({
  name: columnName,
  kind: "timestamp",
  ...more,
});
/** Of what is the account's own: two accounts may both list it. */
export const account = text("account", { scope: "account" });
export const organizationId = text("organization_id", { scope: "organization" });
export const projectId = text("project_id", { scope: "project" });
export const id = text("id", { isKey: true });
export const createdAt = timestamp("created_at");
export const updatedAt = timestamp("updated_at", { isCompared: false });

/** The operations on one kind of resource. The API lists one until it was asked for, so none ever disappears. */
export const operations = (streamName: string, resources: string, path: string): Stream =>
  stream({
    name: streamName,
    description: `What was done to ${resources}, and with what result.`,
    path: `/projects/{project_id}/${path}/operations`,
    scope: "project",
    history: "events",
    cadence: "weekly",
    notOfferedOn: notOffered,
    columns: [
      organizationId,
      projectId,
      text("operation_id", { isKey: true }),
      text("state"),
      timestamp("started_at"),
      timestamp("completed_at"),
      json("metadata"),
      json("result"),
    ],
  });
