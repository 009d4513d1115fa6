import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Argument, Command, Option } from "commander";
import { packageRoot } from "../package.ts";

/** What may stand where a value is asked for. */
export type Value =
  | { kind: "file" }
  | { kind: "folder" }
  | { kind: "words"; words: string[] }
  | { kind: "any" };

export interface OptionWords {
  /** As it is typed, such as `--format`. */
  long: string;
  short: string | undefined;
  /** As the help shows it, such as `--format <format>`. */
  flags: string;
  description: string;
  /** The description with the choices and the default that the help adds. */
  fullDescription: string;
  /** What follows the option; undefined for a switch. */
  value: Value | undefined;
  isRepeatable: boolean;
}

export interface CommandWords {
  name: string;
  description: string;
  /** Its arguments as the help shows them, such as `[query]`. */
  usage: string;
  arguments: { name: string; description: string; value: Value }[];
  options: OptionWords[];
}

export interface ProgramWords {
  version: string;
  description: string;
  /** What may stand before or after every command; only `--version` stands alone. */
  options: OptionWords[];
  commands: CommandWords[];
}

/** What can be typed after `tally`, from the commands themselves; hidden ones are left out. */
export function wordsOf(program: Command): ProgramWords {
  const help = program.createHelp();
  const optionsOf = (command: Command) =>
    help
      .visibleOptions(command)
      .filter(({ long }) => long && (command === program || long !== "--help"))
      .map((option) => optionWords(option, help.optionDescription(option)));
  const commands = help
    .visibleCommands(program)
    .filter((command) => command.name() !== "help")
    .map((command) => ({
      name: command.name(),
      description: command.description(),
      usage: command.registeredArguments.map(argumentUsage).join(" "),
      arguments: command.registeredArguments.map((argument) => ({
        name: argument.name(),
        description: argument.description,
        value: asksFor(argument.name(), argument.argChoices),
      })),
      options: optionsOf(command),
    }));
  return {
    version: program.version() ?? "",
    description: program.description(),
    options: optionsOf(program),
    commands,
  };
}

function optionWords(option: Option, fullDescription: string): OptionWords {
  const [, placeholder] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
  return {
    long: option.long ?? "",
    short: option.short,
    flags: option.flags,
    description: option.description,
    fullDescription,
    value: placeholder === undefined ? undefined : asksFor(placeholder, option.argChoices),
    isRepeatable: Array.isArray(option.defaultValue),
  };
}

function argumentUsage(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** Our placeholders say what a value is: <dir> is a folder, <file> a file, <models> and [query] what ships. */
function asksFor(placeholder: string, choices: readonly string[] | undefined): Value {
  if (choices) return { kind: "words", words: [...choices] };
  if (placeholder === "dir") return { kind: "folder" };
  if (placeholder === "file") return { kind: "file" };
  if (placeholder === "models")
    return { kind: "words", words: ["staging", "intermediate", "marts"].flatMap(sqlNames).sort() };
  if (placeholder === "query") return { kind: "words", words: sqlNames("queries").map((name) => `@${name}`) };
  return { kind: "any" };
}

/** The names of the files of SQL that ship in a folder. */
const sqlNames = (folder: string): string[] =>
  readdirSync(join(packageRoot, "sql", folder))
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -".sql".length))
    .sort();
