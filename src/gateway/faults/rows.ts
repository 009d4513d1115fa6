import { parse } from "csv-parse/sync";
import { type Answer, csv, csvRow, json } from "../answer.ts";

export type Row = Record<string, unknown>;

/** The rows that an answer carries, and how to write the same answer with others. */
export interface Listing {
  rows: readonly Row[];
  format: "json" | "csv";
  withRows: (rows: readonly (Row | null)[]) => Answer;
  /** JSON only: with the whole body changed. */
  withBody: (change: (body: Row, key: string) => unknown) => Answer | null;
}

/** The whole body of an answer as a text; the answer keeps it, as what makes a body can run but once. */
export function textOf(answer: Answer): string {
  const text = typeof answer.body === "string" ? answer.body : [...answer.body].join("");
  answer.body = text;
  return text;
}

/** Null where the answer is no list: an error, or one resource. */
export function listingOf(answer: Answer): Listing | null {
  if (answer.status !== 200) return null;
  return answer.headers["content-type"]?.startsWith("text/csv") ? csvListing(answer) : jsonListing(answer);
}

function jsonListing(answer: Answer): Listing | null {
  const body: unknown = JSON.parse(textOf(answer));
  if (!isRow(body)) return null;
  const key = ["items", "data"].find((name) => Array.isArray(body[name]));
  if (key === undefined) return null;
  const rows = (body[key] as unknown[]).filter(isRow);
  return {
    rows,
    format: "json",
    withRows: (changed) => json({ ...body, [key]: changed }),
    withBody: (change) => json(change(body, key)),
  };
}

function csvListing(answer: Answer): Listing {
  const [header = [], ...lines] = parse(textOf(answer), { bom: true }) as string[][];
  const rows = lines.map((cells) =>
    Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ""])),
  );
  return {
    rows,
    format: "csv",
    withRows: (changed) =>
      // A cell that is missing shortens its line, as it does in a file that was cut.
      csv(
        header,
        changed.map((row) =>
          csvRow(header.filter((name) => row && name in row).map((name) => String(row?.[name]))),
        ),
      ),
    withBody: () => null,
  };
}

const isRow = (value: unknown): value is Row =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The field that a fault of shape is about: the one asked for, else the one that matters most. */
export function fieldOf(row: Row, asked: string | undefined): string | null {
  if (asked !== undefined) return asked in row ? asked : null;
  const numeric = Object.keys(row).find((name) => typeof row[name] === "number");
  return ["quantity", "size"].find((name) => name in row) ?? numeric ?? ("id" in row ? "id" : null);
}
