import { type Day, type Instant, parseDate, parseInstant } from "./instant.ts";
import { Refusal } from "./refusal.ts";

/**
 * A query string as it was sent. Keys and values are kept as bytes (one character for each), so that the
 * signature is checked over what was sent, whatever it is; they are read as UTF-8.
 */
export interface Query {
  pairs: readonly (readonly [key: string, value: string])[];
}

/**
 * Takes a query string apart as a form.
 *
 * @throws Refusal 400 where a percent sign is not followed by two hexadecimal digits
 */
export function parseQuery(text: string): Query {
  const pairs = text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const [key, value] = equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
      return [bytesOf(key), bytesOf(value)] as const;
    });
  return { pairs };
}

function bytesOf(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw new Refusal(400, "the query holds a malformed escape");
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The query as it is signed: keys sorted, everything escaped in the one way, values of one key in the order given. */
export const canonicalQuery = ({ pairs }: Query): string =>
  [...pairs]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${escapeBytes(key)}=${escapeBytes(value)}`)
    .join("&");

const escapeBytes = (bytes: string): string =>
  bytes.replace(/[^A-Za-z0-9\-_.~]/g, (byte) =>
    byte === " " ? "+" : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

const textOf = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

const valuesOf = ({ pairs }: Query, name: string): string[] =>
  pairs.filter(([key]) => key === name).map(([, value]) => textOf(value));

/** The first value of a parameter; undefined where there is none. */
export const parameter = (query: Query, name: string): string | undefined => valuesOf(query, name)[0];

/**
 * The value of a parameter that must be sent.
 *
 * @throws Refusal 400 where it was not, or says nothing
 */
export function requiredParameter(query: Query, name: string): string {
  const value = parameter(query, name);
  if (!value) throw new Refusal(400, `the parameter ${name} is required`);
  return value;
}

/** How a parameter that takes several values may come: joined with commas, with its key repeated, or both. */
export type ArrayForm = "either" | "csv" | "repeated";

/** The values of a parameter that takes several; undefined where it was not sent, empty where it is blank. */
export function listParameter(query: Query, name: string, form: ArrayForm = "either"): string[] | undefined {
  const values = valuesOf(query, name);
  if (values.length === 0) return undefined;
  const taken = form === "csv" ? values.slice(0, 1) : values;
  const parts = form === "repeated" ? taken : taken.flatMap((value) => value.split(","));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/**
 * The same of a parameter that must be sent.
 *
 * @throws Refusal 400 where it was not
 */
export function requiredList(query: Query, name: string, form: ArrayForm): string[] {
  const values = listParameter(query, name, form);
  if (values === undefined) throw new Refusal(400, `the parameter ${name} is required`);
  return values;
}

/**
 * The day of a parameter that must be sent, as a date with or without literal quotes around it.
 *
 * @throws Refusal 400 where it is missing or no date
 */
export function requiredDay(query: Query, name: string): Day {
  const text = requiredParameter(query, name);
  const day = parseDate(text.replace(/^"(.*)"$/, "$1"));
  if (day === null) throw new Refusal(400, `the parameter ${name} is not a date (YYYY-MM-DD)`);
  return day;
}

/**
 * A parameter that is true or false; undefined where it was not sent.
 *
 * @throws Refusal 400 where it is neither
 */
export function booleanParameter(query: Query, name: string): boolean | undefined {
  const text = parameter(query, name);
  if (text === undefined || text === "") return undefined;
  if (text !== "true" && text !== "false")
    throw new Refusal(400, `the parameter ${name} is neither true nor false`);
  return text === "true";
}

/**
 * The UTC time of a parameter; undefined where it was not sent.
 *
 * @throws Refusal 400 where it is none
 */
export function instantParameter(query: Query, name: string): Instant | undefined {
  const text = parameter(query, name);
  if (!text) return undefined;
  const at = parseInstant(text.replace(/\.\d+(?=Z$)/, ""));
  if (at === null) throw new Refusal(400, `the parameter ${name} is not a UTC time (2021-12-03T19:58:34Z)`);
  return at;
}
