import { randomUUID } from "node:crypto";
import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import pLimit from "p-limit";
import { refuseLinksOut } from "../confined.ts";
import { csvLine } from "../csv.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { type CsvRow, readCsvTable } from "../models/csv-table.ts";
import type { Workspace } from "../workspace.ts";

/** A row of suppressions.csv; what is null matches anything, and has no end. */
export interface Suppression {
  rule_id: string | null;
  resource_id: string | null;
  /** The last day on which it holds. */
  until: string | null;
  reason: string | null;
}

/** The workspace's suppressions.csv. */
export interface Suppressions {
  /** @throws ConfigError that names the line where it is not as it should be */
  read(): Promise<Suppression[]>;
  /**
   * Adds a row at the end, by one rename; what the file holds stays as it is, byte for byte.
   *
   * @throws ConfigError where the file has no such columns, or is not as it should be
   * @throws TallyError where it can't be written
   */
  add(suppression: Suppression): Promise<void>;
  /**
   * Takes out every row of this rule and this resource, by one rename; all else stays as it is, byte for byte.
   *
   * @returns how many there were
   * @throws ConfigError where the file is not as it should be
   * @throws TallyError where it can't be written
   */
  remove(of: Pick<Suppression, "rule_id" | "resource_id">): Promise<number>;
}

const columns = ["rule_id", "resource_id", "until", "reason"] as const;

export function createSuppressions(workspace: Workspace): Suppressions {
  // One row at a time: each is added to what the one before left.
  const oneAtATime = pLimit(1);
  return {
    async read() {
      const table = await readCsvTable(workspace.csv.suppressions, { all: columns, required: [] });
      return (table?.rows ?? []).map(({ cells }) => suppressionOf(cells));
    },
    add: (suppression) => oneAtATime(() => addRow(workspace, suppression)),
    remove: (of) => oneAtATime(() => removeRows(workspace, of)),
  };
}

async function addRow(workspace: Workspace, suppression: Suppression): Promise<void> {
  refuseLinksOut(workspace);
  const path = workspace.csv.suppressions;
  const before = await bytesOf(path);
  const required = columns.filter((column) => suppression[column] !== null);
  const table = await readCsvTable(path, { all: columns, required });
  const header = table?.columns.length ? table.columns : null;
  const after = Buffer.concat([
    before ?? Buffer.alloc(0),
    Buffer.from(rowAfter(before, header, suppression)),
  ]);
  await replace(path, before, after, (aside) => refuseOtherwiseRead(aside, suppression));
}

async function removeRows(
  workspace: Workspace,
  of: Pick<Suppression, "rule_id" | "resource_id">,
): Promise<number> {
  refuseLinksOut(workspace);
  const path = workspace.csv.suppressions;
  const before = await bytesOf(path);
  const table = await readCsvTable(path, { all: columns, required: [] });
  if (before === null || table === null) return 0;
  const isOf = ({ cells }: CsvRow) => cells.rule_id === of.rule_id && cells.resource_id === of.resource_id;
  const own = table.rows.filter(isOf);
  if (own.length === 0) return 0;
  const records = recordsOf(before.toString("utf8"));
  const [, ...rows] = records.filter(({ isRow }) => isRow);
  table.rows.forEach((row, at) => {
    const record = rows[at];
    if (record && isOf(row)) record.text = "";
  });
  const after = Buffer.from(records.map(({ text }) => text).join(""));
  await replace(path, before, after, async (aside) => {
    const left = await readCsvTable(aside, { all: columns, required: [] });
    const cellsOf = (those: readonly CsvRow[] = []) => JSON.stringify(those.map(({ cells }) => cells));
    if (cellsOf(left?.rows) === cellsOf(table.rows.filter((row) => !isOf(row)))) return;
    throw new ConfigError(`The row can't be taken out of ${path} by itself.`, {
      hint: `Take out line ${own[0]?.line} by hand.`,
    });
  });
  return own.length;
}

/** The text of a CSV in pieces: each row, with the lines of a cell that has several, and each line that is none. */
function recordsOf(text: string): { text: string; isRow: boolean }[] {
  const records: { text: string; isRow: boolean }[] = [];
  let open = "";
  for (const line of text.split(/(?<=\n)/)) {
    open += line;
    const isComment = /^\ufeff?\s*#/.test(open);
    // A cell in quotes goes on over lines until as many quotes are closed as were opened.
    if (!isComment && open.split('"').length % 2 === 0) continue;
    records.push({ text: open, isRow: !isComment && /[^\s,"\ufeff]/.test(open) });
    open = "";
  }
  if (open !== "") records.push({ text: open, isRow: true });
  return records;
}

/** Writes the file aside, lets `check` look at what it then says, and puts it in place of what it was made from. */
async function replace(
  path: string,
  before: Buffer | null,
  after: Buffer,
  check: (aside: string) => Promise<void>,
): Promise<void> {
  try {
    const target = before === null ? path : await realpath(path);
    const aside = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
    try {
      await writeAside(aside, after, before === null ? 0o644 : (await stat(target)).mode & 0o777);
      await check(aside);
      if (!isSame(await bytesOf(path), before)) {
        throw new TallyError(`${path} was changed by somebody else meanwhile.`, {
          hint: "Send it once more.",
        });
      }
      await rename(aside, target);
    } finally {
      await rm(aside, { force: true });
    }
  } catch (error) {
    if (error instanceof TallyError) throw error;
    throw new TallyError(
      `${path} can't be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      {
        hint: "Make the workspace writable for the user that runs tally serve, and see that its disk has room.",
        cause: error,
      },
    );
  }
}

/** What is to follow the bytes of the file: the row in the order of its header, with line breaks as it has them. */
function rowAfter(before: Buffer | null, header: readonly string[] | null, suppression: Suppression): string {
  const text = before?.toString("utf8") ?? "";
  const lineBreak = text.includes("\r\n") ? "\r\n" : "\n";
  const cells = { ...suppression } as Readonly<Record<string, string | null>>;
  const line = (texts: readonly string[]) =>
    csvLine(texts.map((each) => ({ text: each, isNumber: false }))).replace(/\r\n$/, lineBreak);
  return [
    text === "" || text.endsWith("\n") ? "" : lineBreak,
    header === null ? line(columns) : "",
    line((header ?? columns).map((column) => cells[column] ?? "")),
  ].join("");
}

async function writeAside(path: string, bytes: Buffer, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** An id that a spreadsheet would run is written so that it does not, and is then another. */
async function refuseOtherwiseRead(
  path: string,
  { rule_id, resource_id, until }: Suppression,
): Promise<void> {
  const table = await readCsvTable(path, { all: columns, required: [] });
  const last = table?.rows.at(-1)?.cells;
  if (last?.rule_id === rule_id && last.resource_id === resource_id && (last.until ?? null) === until) return;
  throw new ConfigError("The id of this resource can't stand in a CSV as it is.", {
    hint: "Add the row to suppressions.csv by hand, with care for whoever opens it in a spreadsheet.",
  });
}

async function bytesOf(path: string): Promise<Buffer | null> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

function suppressionOf(cells: Readonly<Record<string, string | null>>): Suppression {
  return {
    rule_id: cells.rule_id ?? null,
    resource_id: cells.resource_id ?? null,
    until: cells.until ?? null,
    reason: cells.reason ?? null,
  };
}
