import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";

/** A file of JSON lines that is only ever added to. */
export interface Appendable {
  /** Adds an entry as a line of its own; a process that is killed afterwards leaves it there. */
  append(entry: object): Promise<void>;
  /** When it returns, what was added outlasts a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the file, and ends the line that a killed process may have left unfinished. */
export async function appendable(path: string): Promise<Appendable> {
  const handle = await open(path, "a+");
  try {
    const { size } = await handle.stat();
    if (size > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
      if (buffer[0] !== 0x0a) await handle.appendFile("\n");
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  let last: Promise<unknown> = Promise.resolve();
  return {
    append(entry) {
      const line = `${JSON.stringify(entry)}\n`;
      const next = last.then(() => handle.appendFile(line));
      last = next.catch(() => undefined);
      return next;
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

/** The entries of such a file, in order. A line that was torn by a kill is left out. */
export async function* entriesOf<T extends object>(path: string): AsyncGenerator<T> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const entry = parsed<T>(line);
    if (entry) yield entry;
  }
}

/** The last whole line of the file; null where it has none. */
export async function lastEntryOf<T extends object>(path: string): Promise<T | null> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (!handle) return null;
  try {
    const { size } = await handle.stat();
    for (let length = Math.min(size, 64 * 1024); ; length = Math.min(size, length * 4)) {
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      const lines = buffer.toString().trimEnd().split("\n");
      if (lines.length > 1 || length === size) return parsed<T>(lines.at(-1) ?? "");
    }
  } finally {
    await handle.close();
  }
}

function parsed<T extends object>(line: string): T | null {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? (entry as T) : null;
  } catch {
    return null;
  }
}
