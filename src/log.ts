import { printable } from "./printable.ts";

/** How much is said on stderr; machine output on stdout is never affected. */
export type LogLevel = "quiet" | "normal" | "verbose";

/** The one logger: everything that is for people, one line at a time, to stderr. */
export interface Log {
  /** How much it says; normal where not given. */
  level?: LogLevel;
  /** A step that a user wants to know of. */
  info(message: string): void;
  /** A detail, shown with --verbose. */
  detail(message: string): void;
  /** Something that needs attention but did not stop the work; shown with --quiet too. */
  warn(message: string): void;
}

/**
 * Makes a logger that writes lines to `stream`. Control characters are stripped, since names that come from
 * the API are text and must not steer a terminal.
 */
export function createLog(stream: { write(text: string): unknown }, level: LogLevel): Log {
  const line = (text: string) => void stream.write(`${printable(text)}\n`);
  return {
    level,
    info: (message) => level !== "quiet" && line(message),
    detail: (message) => level === "verbose" && line(message),
    warn: (message) => line(`warning: ${message}`),
  };
}
