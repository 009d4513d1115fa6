import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that speaks the API's contract, written for these tests alone and sharing no code with tally. */

export interface UsageRow {
  project: string;
  date: string;
  region: string;
  type: string;
  metric: string;
  reservation?: string;
  /** As it is written into the JSON, so that a test chooses its digits. */
  quantity: string;
  resource?: string;
  resourceName?: string;
}

export interface Account {
  organizations: { id: string; name: string }[];
  projects: { id: string; name?: string; organization: string }[];
  usage: UsageRow[];
  options: { start: string; end: string; projects?: string[]; types?: string[]; regions?: string[] };
  vmTypes: object[];
  vms: Record<string, object[]>;
  disks: Record<string, object[]>;
  snapshots: Record<string, object[]>;
  reservations: object[] | null;
}

export interface Quirks {
  /** Puts every text of usage, and the dates of its options, in literal quotes. */
  hasQuotes?: boolean;
  endDate?: "inclusive" | "exclusive";
  /** VM pages are cut to so many, whatever limit is asked for. */
  pageLimit?: number;
  /** `2026-10-01T00:00:00Z` in the place of `2026-10-01`. */
  hasTimes?: boolean;
  /** Writes every quantity as a string. */
  hasTextNumbers?: boolean;
  csvHeader?: readonly string[];
  /** Rows of each usage page; undefined for all at once. */
  usagePage?: number;
  lineBreak?: string;
  /** The one form of a list that is understood; both where not given. */
  lists?: "joined" | "repeated";
}

export type Fault =
  | { status: number; body?: string; type?: string; headers?: Record<string, string> }
  | "reset"
  | "truncate"
  | "hang"
  | "drip"
  | "endless"
  | "html200"
  | "halfJson";

export interface Seen {
  method: string;
  path: string;
  url: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
}

export interface ContractServer {
  endpoint: string;
  account: Account;
  quirks: Quirks;
  /** Every request, in order. */
  seen: Seen[];
  /** The most requests that were under way at once. */
  mostAtOnce: number;
  /** Says what goes wrong with a request; `attempt` counts those for the same URL, from 1. */
  fault: (request: Seen, attempt: number) => Fault | undefined;
  /** How long each answer is held back. */
  delayMs: number;
  /** The server's own clock, for signatures and its Date header. */
  clock: () => Date;
  close(): Promise<void>;
}

export const accessKeyId = "AKTESTCONTRACT0001";
export const secretKey = "c2VjcmV0LW9mLXRoZS1jb250cmFjdC1zZXJ2ZXItMDE";

export async function startContractServer(account: Account, quirks: Quirks = {}): Promise<ContractServer> {
  const attempts = new Map<string, number>();
  let underWay = 0;
  const server = createServer((request, response) => {
    underWay++;
    contract.mostAtOnce = Math.max(contract.mostAtOnce, underWay);
    response.on("close", () => underWay--);
    setTimeout(() => answer(request, response), contract.delayMs);
  });

  function answer(request: IncomingMessage, response: ServerResponse): unknown {
    const url = new URL(request.url ?? "", "http://contract");
    const seen: Seen = {
      method: request.method ?? "",
      path: url.pathname.replace("/v1alpha5", ""),
      url: `http://${request.headers.host}${request.url}`,
      query: url.searchParams,
      headers: request.headers,
    };
    contract.seen.push(seen);
    response.setHeader("Date", contract.clock().toUTCString());
    const attempt = (attempts.get(seen.url) ?? 0) + 1;
    attempts.set(seen.url, attempt);
    const fault = contract.fault(seen, attempt);
    if (fault) return fail(response, fault);
    if (!isSigned(request, contract.clock()))
      return json(response, 401, { code: "401", message: "bad_credential" });
    return route(contract, seen, response);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const contract: ContractServer = {
    endpoint: `http://127.0.0.1:${port}/v1alpha5`,
    account,
    quirks,
    seen: [],
    mostAtOnce: 0,
    fault: () => undefined,
    delayMs: 0,
    clock: () => new Date(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return contract;
}

function isSigned(request: IncomingMessage, now: Date): boolean {
  const timestamp = String(request.headers["x-crusoe-timestamp"]);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp)) return false;
  if (Math.abs(Date.parse(timestamp) - now.getTime()) > 5 * 60_000) return false;
  const [path, query = ""] = (request.url ?? "").split("?");
  const pairs = [...new URLSearchParams(query)];
  const sorted = pairs.map((pair, index) => ({ pair, index }));
  sorted.sort((a, b) => (a.pair[0] < b.pair[0] ? -1 : a.pair[0] > b.pair[0] ? 1 : a.index - b.index));
  const canonical = new URLSearchParams(sorted.map(({ pair }) => pair))
    .toString()
    .replaceAll("*", "%2A")
    .replaceAll("%7E", "~");
  const signature = createHmac("sha256", Buffer.from(secretKey, "base64url"))
    .update([path, canonical, request.method, timestamp, ""].join("\n"))
    .digest("base64url");
  return request.headers.authorization === `Bearer 1.0:${accessKeyId}:${signature}`;
}

function fail(response: ServerResponse, fault: Fault): unknown {
  if (typeof fault === "object") {
    response.writeHead(fault.status, { "content-type": fault.type ?? "application/json", ...fault.headers });
    response.end(fault.body ?? JSON.stringify({ code: String(fault.status), message: "made_to_fail" }));
    return;
  }
  switch (fault) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "truncate":
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"items":[{"id":"half');
      setTimeout(() => response.socket?.destroy(), 5);
      return;
    case "halfJson":
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"items":[{"id":"half"}');
      return;
    case "html200":
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html>a login page</html>");
      return;
    case "hang":
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"items":[');
      return;
    case "drip": {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
      return;
    }
    case "endless": {
      response.writeHead(200, { "content-type": "application/json" });
      const filler = Buffer.alloc(2 ** 20, 0x20);
      const pour = () => {
        while (!response.destroyed && response.write(filler));
        if (!response.destroyed) response.once("drain", pour);
      };
      pour();
    }
  }
}

function json(response: ServerResponse, status: number, body: unknown): ServerResponse {
  response.writeHead(status, { "content-type": "application/json" });
  return response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function route(
  { account, quirks }: ContractServer,
  { path, query }: Seen,
  response: ServerResponse,
): ServerResponse {
  if (path === "/organizations/entities") {
    const items = account.organizations.map((each) => ({
      ...each,
      relation: "owner",
      state: "active",
      state_reason: "",
      billing: { balance: "$10.00", billing_method: "stripe", delinquent: false },
      features: {},
    }));
    return json(response, 200, { items });
  }
  if (path === "/organizations/projects") {
    const items = account.projects
      .filter((each) => each.organization === query.get("org_id"))
      .map(({ organization, ...each }) => ({ ...each, organization_id: organization, relation: "owner" }));
    return json(response, 200, { items });
  }
  const [, area, id = "", ...rest] = path.split("/");
  const resource = rest.join("/");
  if (area === "organizations") {
    switch (resource) {
      case "usage/options":
        return json(response, 200, optionsOf(account, quirks));
      case "usage":
        return usage(account, quirks, query, response);
      case "usage/export":
        return usageExport(account, quirks, query, response);
      case "reservations":
        return account.reservations === null
          ? json(response, 404, { code: "404", message: "not_found" })
          : json(response, 200, { items: account.reservations });
    }
  }
  if (area === "projects") {
    switch (resource) {
      case "compute/vms/types":
        return json(response, 200, { items: account.vmTypes, extra: true });
      case "compute/vms/instances":
        return vms(account, quirks, id, query, response);
      case "storage/disks":
        return json(response, 200, { items: account.disks[id] ?? null });
      case "storage/snapshots":
        return json(response, 200, id in account.snapshots ? { items: account.snapshots[id] } : {});
    }
  }
  return json(response, 404, { code: "404", message: "no_route" });
}

const quoted = (quirks: Quirks, text: string) => (quirks.hasQuotes ? `"${text}"` : text);
const distinct = (texts: string[]) => [...new Set(texts)];

function optionsOf({ usage: rows, options }: Account, quirks: Quirks) {
  return {
    start_date: quoted(quirks, options.start),
    end_date: quoted(quirks, options.end),
    projects: (options.projects ?? distinct(rows.map((row) => row.project))).map((each) =>
      quoted(quirks, each),
    ),
    regions: options.regions ?? distinct(rows.map((row) => row.region)),
    resource_types: options.types ?? distinct(rows.map((row) => row.type)),
    product_lines: [],
  };
}

function listOf(query: URLSearchParams, name: string, form: Quirks["lists"]): string[] {
  const values = form === "joined" ? query.getAll(name).slice(0, 1) : query.getAll(name);
  return form === "repeated" ? values : values.flatMap((each) => each.split(","));
}

/** The rows that a usage request asks for; null where it lacks what the seed requires. */
function asked({ usage: rows }: Account, quirks: Quirks, query: URLSearchParams): UsageRow[] | null {
  const names = ["projects", "resource_types", "regions", "start_date", "end_date"];
  if (names.some((name) => !query.has(name))) return null;
  const [projects, types, regions] = ["projects", "resource_types", "regions"].map((name) =>
    listOf(query, name, quirks.lists),
  );
  const start = query.get("start_date") ?? "";
  const end = query.get("end_date") ?? "";
  if (![start, end].every((date) => /^\d{4}-\d\d-\d\d$/.test(date))) return null;
  return rows.filter(
    (row) =>
      projects?.includes(row.project) &&
      types?.includes(row.type) &&
      regions?.includes(row.region) &&
      row.date >= start &&
      (quirks.endDate === "exclusive" ? row.date < end : row.date <= end),
  );
}

const badRequest = { code: "400", message: "bad_request" };

function usage(
  account: Account,
  quirks: Quirks,
  query: URLSearchParams,
  response: ServerResponse,
): ServerResponse {
  const rows = asked(account, quirks, query);
  if (!rows) return json(response, 400, badRequest);
  const from = Number(query.get("next_token") ?? 0);
  const to = from + (quirks.usagePage ?? rows.length + 1);
  const items = rows.slice(from, to).map((row) => {
    const texts = {
      billable_metric: row.metric,
      date: row.date + (quirks.hasTimes ? "T00:00:00Z" : ""),
      project_id: row.project,
      region: row.region,
      reservation_id: row.reservation ?? "",
      resource_type: row.type,
    };
    const fields = Object.entries(texts).map(
      ([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text && quoted(quirks, text))}`,
    );
    const quantity = quirks.hasTextNumbers ? `"${row.quantity}"` : row.quantity;
    return `{${[...fields, `"quantity": ${quantity}`, `"unknown": {"a": [1, null]}`].join(",")}}`;
  });
  const next = to < rows.length ? `,"next_page_token":"${to}"` : "";
  return json(response, 200, `{"total": ${rows.length}, "items":[\n${items.join(",\n")}\n]${next}}`);
}

const csvCell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function usageExport(
  account: Account,
  quirks: Quirks,
  query: URLSearchParams,
  response: ServerResponse,
): ServerResponse {
  const rows = query.has("resources") ? asked(account, quirks, query) : null;
  if (!rows) return json(response, 400, badRequest);
  const header = quirks.csvHeader ?? [
    "date",
    "project_id",
    "resource_id",
    "resource_name",
    "resource_type",
    "region",
    "billable_metric",
    "quantity",
    "reservation_id",
  ];
  const lines = rows.map((row) =>
    [
      row.date,
      row.project,
      row.resource ?? `vm-of-${row.project}`,
      row.resourceName ?? "",
      row.type,
      row.region,
      row.metric,
      row.quantity,
      row.reservation ?? "",
      ...header.slice(9),
    ]
      .slice(0, header.length)
      .map((cell, index) => csvCell(index < 8 && index !== 3 && index !== 7 ? quoted(quirks, cell) : cell))
      .join(","),
  );
  response.writeHead(200, { "content-type": "text/csv; charset=utf-8" });
  const lineBreak = quirks.lineBreak ?? "\n";
  return response.end([header.map(csvCell).join(","), ...lines, ""].join(lineBreak));
}

function vms(
  account: Account,
  quirks: Quirks,
  project: string,
  query: URLSearchParams,
  response: ServerResponse,
): ServerResponse {
  const all = account.vms[project] ?? [];
  const from = Number(query.get("next_token")?.replace("t", "") ?? 0);
  const limit = Math.min(Number(query.get("limit") ?? 20), quirks.pageLimit ?? 1_000);
  const to = from + limit;
  return json(response, 200, {
    items: all.slice(from, to),
    ...(to < all.length ? { next_page_token: `t${to}` } : {}),
  });
}
