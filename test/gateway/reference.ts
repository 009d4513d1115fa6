import { readFileSync } from "node:fs";

/** An operation as the API's reference documents it. */
export interface ReferenceOperation {
  /** Method and path, such as `GET /projects/{project_id}/storage/disks`. */
  operation: string;
  /** Whether it is one of the seed's reference, or of what the API has beside it. */
  section: "seed" | "beyond";
  answers: "json" | "csv" | "none";
  /** What an answer must have: `items[].id: string`; of an enumeration its values, with `|` between them. */
  required: string[];
}

export const reference: readonly ReferenceOperation[] = readFileSync(
  new URL("reference.ndjson", import.meta.url),
  "utf8",
)
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as ReferenceOperation);

/** Method and path with no names in the place of the parameters: the reference does not spell them alike. */
export const unnamed = (operation: string): string => operation.replace(/\{[^}]+\}/g, "{}");

/** What of the required fields the answer lacks, or has of another type. */
export function lacking({ required }: ReferenceOperation, answer: unknown): string[] {
  return required.filter((field) => {
    const colon = field.indexOf(": ");
    return !valuesAt(answer, field.slice(0, colon)).every((value) => isOf(value, field.slice(colon + 2)));
  });
}

/** All that stands at a path: of an array's items each, and `undefined` for each that has nothing there. */
function valuesAt(value: unknown, path: string): unknown[] {
  return path.split(".").reduce<unknown[]>(
    (found, step) => {
      const name = step.replace("[]", "");
      const fields = found.map((one) => (one as Record<string, unknown> | null | undefined)?.[name]);
      return step.endsWith("[]") ? fields.flat() : fields;
    },
    [value],
  );
}

function isOf(value: unknown, type: string): boolean {
  if (type === "any") return value !== undefined;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null;
  if (type === "string" || type === "number" || type === "boolean") return typeof value === type;
  return typeof value === "string" && type.split("|").includes(value);
}
