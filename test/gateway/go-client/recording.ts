import { readFileSync } from "node:fs";

/** One request of the session, in the client's exact form but for what differs from run to run. */
export interface Recorded {
  /** What the program called it. */
  call: string;
  /** Method, target and version. Ids stand as `{{n/path/of/the/value}}`: what the n-th answer said there. */
  line: string;
  /** In the client's order and spelling; what is signed, and the host, stand empty. */
  headers: [string, string][];
  body: string;
  /** The key that it is signed with; null where it is not signed. */
  signedWith: { accessKeyId: string; secretKey: string } | null;
  status: number;
  /** The types of the fields that the client read from the answer, by their path. */
  answer: Record<string, string>;
}

const file = new URL("requests.ndjson", import.meta.url);

export const readRecording = (): Recorded[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);

export const recordingFile = file;

/** The types of a JSON value's fields by their path; the items of an array share theirs, and null has none. */
export function shapeOf(
  value: unknown,
  path = "",
  shape: Record<string, string> = {},
): Record<string, string> {
  if (Array.isArray(value)) {
    shape[path] = "array";
    for (const item of value) shapeOf(item, `${path}[]`, shape);
  } else if (typeof value === "object" && value !== null) {
    shape[path] = "object";
    for (const [name, field] of Object.entries(value)) shapeOf(field, `${path}.${name}`, shape);
  } else if (value !== null && value !== undefined) {
    shape[path] = typeof value;
  }
  return shape;
}

/** Every text of a JSON value, by where it stands. */
export function textsOf(value: unknown, path = ""): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => textsOf(field, `${path}/${name}`));
}

/** The same text with what earlier answers said in place of each `{{n/path}}`. */
export function filledIn(
  text: string,
  answers: readonly unknown[],
  spelled = (value: string) => value,
): string {
  return text.replace(/\{\{(\d+)((?:\/[^/}]+)+)\}\}/g, (_, number: string, path: string) => {
    const found = new Map(textsOf(answers[Number(number)])).get(path);
    if (found === undefined) throw new Error(`answer ${number} has nothing at ${path}`);
    return spelled(found);
  });
}
