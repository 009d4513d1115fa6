import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import { ConfigError } from "./errors/config-error.ts";

/**
 * Reads a TOML file; null where there is none. An error names file, line and column, and never quotes the
 * file: it may be one that holds a credential.
 *
 * @throws ConfigError where the file can't be read or is not TOML
 */
export function readToml(path: string): Record<string, unknown> | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ConfigError(
      `${path} can't be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`,
      {
        hint: "Make the file readable for the user that runs tally.",
      },
    );
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "not TOML";
    throw new ConfigError(
      `${path} is not valid TOML: line ${error.line}, column ${error.column}: ${reason}.`,
      {
        hint: "Mend that line; https://toml.io shows the format.",
      },
    );
  }
}
