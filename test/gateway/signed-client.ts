import { createHmac } from "node:crypto";
import { request } from "node:http";

export interface Key {
  accessKeyId: string;
  secretKey: string;
}

export const key: Key = { accessKeyId: "test-key", secretKey: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" };

/** Written from api/README.md alone, and not with anything of the gateway's. */
export function signatureOf(
  secretKey: string,
  { method, path, query, timestamp }: { method: string; path: string; query: string; timestamp: string },
): string {
  const secret = Buffer.from(secretKey.replaceAll("-", "+").replaceAll("_", "/"), "base64");
  return createHmac("sha256", secret)
    .update(`${path}\n${query}\n${method}\n${timestamp}\n`)
    .digest("base64")
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

const escaped = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

export type Parameters = Readonly<Record<string, string | readonly string[]>>;

/** Keys sorted; several values of a key one after the other. */
export const canonical = (parameters: Parameters): string =>
  Object.keys(parameters)
    .sort()
    .flatMap((name) => [parameters[name] ?? []].flat().map((value) => `${escaped(name)}=${escaped(value)}`))
    .join("&");

export const timestampOf = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends a request line as it is: nothing normalises it on the way. */
export function send(
  endpoint: string,
  target: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, path: target, method: options.method ?? "GET", headers: options.headers ?? {} },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on("data", (part: Buffer) => parts.push(part));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(parts).toString("utf8"),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

/** Headers of a request signed now. */
export function signedHeaders(
  method: string,
  path: string,
  query: string,
  { accessKeyId, secretKey }: Key = key,
  at: Date = new Date(),
): Record<string, string> {
  const timestamp = timestampOf(at);
  const signature = signatureOf(secretKey, { method, path, query, timestamp });
  return { "X-Crusoe-Timestamp": timestamp, Authorization: `Bearer 1.0:${accessKeyId}:${signature}` };
}

/** A signed GET of a path under the endpoint's base. */
export async function get(endpoint: string, path: string, parameters: Parameters = {}): Promise<Reply> {
  const full = new URL(endpoint).pathname + path;
  const query = canonical(parameters);
  return send(endpoint, query ? `${full}?${query}` : full, { headers: signedHeaders("GET", full, query) });
}

/** A signed request with a JSON body, as Crusoe's own clients send it. */
export async function ask(
  endpoint: string,
  method: string,
  path: string,
  body?: unknown,
  options: { key?: Key; parameters?: Parameters } = {},
): Promise<Reply> {
  const full = new URL(endpoint).pathname + path;
  const query = canonical(options.parameters ?? {});
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return send(endpoint, query ? `${full}?${query}` : full, {
    method,
    headers: {
      ...signedHeaders(method, full, query, options.key ?? key),
      ...(text !== undefined && {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(text)),
      }),
    },
    ...(text !== undefined && { body: text }),
  });
}

/** The same, as the JSON that a 200 carries. */
export async function askJson<T = Item>(
  endpoint: string,
  method: string,
  path: string,
  body?: unknown,
  options: { key?: Key; parameters?: Parameters } = {},
): Promise<T> {
  const { status, text } = await ask(endpoint, method, path, body, options);
  if (status !== 200) throw new Error(`${method} ${path} answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}

/** An object of the API, not yet looked into. */
export type Item = Record<string, unknown>;

/** A list as the API answers it. */
export interface List {
  items: Item[];
  next_page_token?: string;
  prev_page_token?: string;
}

/** The same, as the JSON that a 200 carries. */
export async function getJson<T = Item>(
  endpoint: string,
  path: string,
  parameters: Parameters = {},
): Promise<T> {
  const { status, text } = await get(endpoint, path, parameters);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}

export const getItems = async (
  endpoint: string,
  path: string,
  parameters: Parameters = {},
): Promise<Item[]> => (await getJson<List>(endpoint, path, parameters)).items;

/** The rows of a CSV, each by its header; for cells without line breaks or quotes. */
export function plainCsv(text: string): Record<string, string>[] {
  const [header = "", ...lines] = text.trimEnd().split("\r\n");
  const names = header.split(",");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, column) => [names[column] ?? "", cell])),
  );
}
